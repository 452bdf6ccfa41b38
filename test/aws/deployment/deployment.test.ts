import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ledgerTableName, regionStackName } from '../../../infra/names.ts';
import type { Item } from '../../../shared/adapters/dynamodb/api-types.ts';
import { INDEX_KEY } from '../../../shared/adapters/dynamodb/table-layout.ts';
import type { ResourceKey } from '../../../shared/model/ids.ts';
import { eventually } from '../../e2e/local-federation.ts';
import { asFunction, leaveOnly } from './controls.ts';
import { DeployedFederation } from './deployed-federation.ts';
import { logOf } from './deployed-functions.ts';
import { SERVICES } from './emulated-region.ts';
import { FEDERATION, MEMBERS } from './synthesis.ts';
import type { MemberName } from './synthesis.ts';

/** A deployment of three regions, on a small and busy machine. */
const DEPLOY_TIMEOUT_MS = 600_000;
/** EventBridge's clock ticks once a minute. */
const PATIENCE_MS = 150_000;
/** As long as the issue asks a region to be away. */
const OUTAGE_MS = 60_000;
const say = (line: string): void => { process.stdout.write(`deployment: ${line}\n`); };
const NAMES = MEMBERS.map(({ name }) => name);

let federation: DeployedFederation;
beforeAll(async () => {
  federation = await DeployedFederation.deploy({ members: NAMES, withFaults: false, say });
  for (const difference of federation.differences) say(`differs: ${difference}`);
  await eventually('every region has its spec', async () => Promise.all(NAMES.map((name) => federation.members[name].operator.status())), (all) => all.every(({ observedGeneration }) => observedGeneration > 0), PATIENCE_MS, 500);
}, DEPLOY_TIMEOUT_MS);
afterAll(() => federation.stop(), DEPLOY_TIMEOUT_MS);
beforeEach(() => leaveOnly(federation, 'push', 'doorbell', 'schedule'));

const routeOf = (name: string, host: string) => ({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name, namespace: 'default' }, spec: { hostnames: [host] } });
const pathOf = (name: string): string => `default/proxyroute-${name}.yaml`;
const others = (member: MemberName): readonly MemberName[] => NAMES.filter((name) => name !== member);

async function arrives(at: readonly MemberName[], name: string, host: string): Promise<void> {
  const fromMs = performance.now();
  await eventually(`${name} with ${host} at ${at.join(' and ')}`, () => Promise.all(at.map((member) => federation.manifest(member, pathOf(name)))), (all) => all.every((object) => (object as { spec?: { hostnames?: readonly string[] } } | undefined)?.spec?.hostnames?.[0] === host), PATIENCE_MS, 50);
  say(`${name} was at ${at.join(' and ')} after ${(performance.now() - fromMs).toFixed(0)} ms`);
}

describe('a deployed federation', () => {
  test('differs from what was synthesized in the ledger\'s replicas alone', () => {
    expect(federation.differences).toHaveLength(MEMBERS.length + MEMBERS.length - 1);
    for (const difference of federation.differences) expect(difference).toMatch(/: the ledger's (table without replicas in|stack there instead of in) /);
  });

  test.each(['push', 'doorbell', 'schedule'] as const)('applies at both peers what a bridge committed at one, with %s as the only way', async (way) => {
    await leaveOnly(federation, way);

    federation.save('us-west', pathOf(`by-${way}`), routeOf(`by-${way}`, `${way}.example.com`));

    await arrives(others('us-west'), `by-${way}`, `${way}.example.com`);
    // The first one after a deploy waits for EventBridge's first minute; how long one takes without it is printed beside.
    federation.save('us-west', pathOf(`by-${way}-again`), routeOf(`by-${way}-again`, `${way}-again.example.com`));
    await arrives(others('us-west'), `by-${way}-again`, `${way}-again.example.com`);
  });

  test('has a bridge\'s pull wait in the small function, and its commits made in the other', async () => {
    const { emulator } = federation.members['eu-west'];
    const methodsOf = async (name: 'bridge-pull' | 'cluster-api') => new Set((await logOf(emulator, name)).flatMap(({ method }) => (String(method).startsWith('BridgeService/') ? [String(method)] : [])));

    expect(await methodsOf('bridge-pull')).toEqual(new Set(['BridgeService/Pull']));
    expect(await methodsOf('cluster-api')).toContain('BridgeService/ReportApplied');
    expect(await methodsOf('cluster-api')).not.toContain('BridgeService/Pull');
  });

  test('brings an edit back to where the object came from', async () => {
    federation.save('us-west', pathOf('both-ways'), routeOf('both-ways', 'there.example.com'));
    await arrives(others('us-west'), 'both-ways', 'there.example.com');

    federation.save('ap-east', pathOf('both-ways'), routeOf('both-ways', 'back.example.com'));

    await arrives(['us-west', 'eu-west'], 'both-ways', 'back.example.com');
  });

  test('takes a delete through the ledger while every endpoint is down, late, merged and in any order', async () => {
    federation.save('us-west', pathOf('deleted'), routeOf('deleted', 'gone.example.com'));
    await arrives(others('us-west'), 'deleted', 'gone.example.com');
    federation.pump.settings = { delayMs: 1000, merges: true, reorders: true };
    for (const name of NAMES) federation.members[name].peers.cut();
    try {
      await federation.remove('us-west', pathOf('deleted'));

      await eventually('the delete is at both peers', () => Promise.all(others('us-west').map((name) => federation.manifest(name, pathOf('deleted')))), (all) => all.every((object) => object === undefined), PATIENCE_MS, 100);
    } finally {
      for (const name of NAMES) federation.members[name].peers.heal();
      federation.pump.settings = { delayMs: 100, merges: false, reorders: false };
    }
  });

  // With its index: one that is kept vouches for what was there, and nothing looks behind it (docs/gaps.md).
  test('repairs by anti-entropy a row that somebody put back to what it was before, with its index', async () => {
    const { emulator: { client }, outputs, operator } = federation.members['eu-west'];
    const table = outputs['Table'];
    const rowsNow = async (): Promise<readonly Item[]> => {
      const { Items } = await client.call<{ Items: Item[] }>(SERVICES.dynamodb, 'Scan', { TableName: table });
      return Items.filter(({ p, s }) => p?.S?.startsWith('r#') === true && s?.S?.endsWith('/damaged') === true);
    };
    federation.save('us-west', pathOf('damaged'), routeOf('damaged', 'before.example.com'));
    await arrives(others('us-west'), 'damaged', 'before.example.com');
    const [before] = await rowsNow();
    federation.save('us-west', pathOf('damaged'), routeOf('damaged', 'after.example.com'));
    await arrives(others('us-west'), 'damaged', 'after.example.com');
    const key = before?.['s']?.S as ResourceKey;
    const hash = (await operator.get(key))?.hash;

    await client.call(SERVICES.dynamodb, 'PutItem', { TableName: table, Item: before });
    await client.call(SERVICES.dynamodb, 'DeleteItem', { TableName: table, Key: { p: { S: INDEX_KEY.partition }, s: { S: INDEX_KEY.sort } } });
    expect((await operator.get(key))?.hash).not.toBe(hash);

    await eventually('the row is as it was', async () => {
      const outcomes = await operator.reconcile(undefined, AbortSignal.timeout(PATIENCE_MS));
      return { outcomes, hash: (await operator.get(key))?.hash };
    }, (now) => now.hash === hash, PATIENCE_MS, 1000);
  });

  test('lets no function write another member\'s row of the ledger', async () => {
    const client = await asFunction(federation.members['us-west'].emulator, 'push');
    const item = (member: string, sort: string) => ({ TableName: ledgerTableName(FEDERATION), Key: { p: { S: member }, s: { S: sort } } });
    const put = { TableName: ledgerTableName(FEDERATION), Item: { p: { S: 'eu-west' }, s: { S: 'clock' } } };
    const refused = expect.objectContaining({ type: 'AccessDeniedException' }) as Error;

    await expect(client.call(SERVICES.dynamodb, 'PutItem', put)).rejects.toEqual(refused);
    await expect(client.call(SERVICES.dynamodb, 'DeleteItem', item('eu-west', 'clock'))).rejects.toEqual(refused);
    await expect(client.call(SERVICES.dynamodb, 'TransactWriteItems', { TransactItems: [{ Put: put }] })).rejects.toEqual(refused);
    // The same of its own is allowed, so that it is the key which is refused.
    await expect(client.call(SERVICES.dynamodb, 'DeleteItem', item('us-west', 'nothing'))).resolves.toBeDefined();
    client.close();
  });

  test('turns away a caller whose certificate no authority of the truststore issued', async () => {
    const { own } = federation.members['us-west'];

    await expect(fetch(`https://${own.endpoint}/healthz`)).rejects.toThrow();
  });

  test('puts aside what nobody can read in the ledger, with where it stands, and goes on', async () => {
    // Held up, so that one region alone meets it.
    await leaveOnly(federation, 'push', 'schedule');
    const { emulator: { client }, outputs } = federation.members['eu-west'];
    const table = ledgerTableName(FEDERATION);
    const poison = { p: { S: 'ap-east' }, s: { S: 'delete#nobody-can-read-this' } };
    await client.call(SERVICES.dynamodb, 'PutItem', { TableName: table, Item: { ...poison, d: { B: Buffer.from('nonsense').toString('base64') } } });

    const message = await eventually('it is a dead letter', async () => {
      const { Messages = [] } = await client.call<{ Messages?: { Body: string }[] }>(SERVICES.queues, 'ReceiveMessage', { QueueUrl: outputs['DeadLettersdoorbell'] });
      return Messages[0]?.Body;
    }, (body) => body !== undefined, PATIENCE_MS, 500);
    await client.call(SERVICES.dynamodb, 'DeleteItem', { TableName: table, Key: poison });

    expect(JSON.parse(message ?? '')).toMatchObject({ requestContext: { condition: 'RetryAttemptsExhausted' }, DDBStreamBatchInfo: { batchSize: 1, streamArn: expect.stringContaining(table) as string } });
    await leaveOnly(federation, 'doorbell');
    federation.save('us-west', pathOf('after-poison'), routeOf('after-poison', 'after.example.com'));
    await arrives(['eu-west'], 'after-poison', 'after.example.com');
  });

  test('is not changed by a deploy of what is deployed', async () => {
    const before = await federation.members['eu-west'].emulator.outputs(regionStackName(FEDERATION, 'eu-west'));

    expect(await federation.deployAgain('eu-west')).toContain('(no changes)');
    expect(await federation.members['eu-west'].emulator.outputs(regionStackName(FEDERATION, 'eu-west'))).toEqual(before);
  });

  test('tells a region that is away for a minute as unreachable, and is level again when it is back', async () => {
    const { emulator } = federation.members['eu-west'];
    emulator.pause();
    const pausedAtMs = performance.now();
    try {
      federation.save('us-west', pathOf('meanwhile'), routeOf('meanwhile', 'meanwhile.example.com'));
      await arrives(['ap-east'], 'meanwhile', 'meanwhile.example.com');
      await eventually('us-west tells that eu-west is away', () => federation.members['us-west'].operator.status(), ({ members }) => members.some(({ name, healthy }) => name === 'eu-west' && !healthy), PATIENCE_MS, 500);
      await sleep(Math.max(0, OUTAGE_MS - (performance.now() - pausedAtMs)));
    } finally {
      emulator.resume();
    }

    await arrives(['eu-west'], 'meanwhile', 'meanwhile.example.com');
    await eventually('us-west tells that eu-west is healthy', () => federation.members['us-west'].operator.status(), ({ members }) => members.every(({ healthy }) => healthy), PATIENCE_MS, 500);
    const roots = () => Promise.all(NAMES.map(async (name) => (await federation.members[name].operator.status()).merkleRoot));
    await eventually('all have one Merkle root', roots, (all) => new Set(all).size === 1, PATIENCE_MS, 500);
  });

  test('loses no acknowledged write of a region that is restarted', async () => {
    const { operator, emulator } = federation.members['ap-east'];
    const writes = Array.from({ length: 10 }, (_, at) => `kept-${at.toString()}`);
    const keys: ResourceKey[] = [];
    for (const name of writes) keys.push((await operator.apply(JSON.stringify(routeOf(name, `${name}.example.com`)), crypto.randomUUID())).key);

    await emulator.restart();

    const held = await eventually('the region answers', () => Promise.all(keys.map((key) => operator.get(key))).catch(() => []), (all) => all.length === keys.length, PATIENCE_MS, 500);
    expect(held.map((resource) => resource?.key)).toEqual(keys);
    for (const name of writes) await arrives(NAMES, name, `${name}.example.com`);
    await operator.apply(JSON.stringify(routeOf('afterwards', 'afterwards.example.com')), crypto.randomUUID());
    await arrives(NAMES, 'afterwards', 'afterwards.example.com');
  });
});
