import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseEnvironment } from '../../../functions/environment.ts';
import { CALLS_PEERS } from '../../../functions/region/calls-peers.ts';
import { jobHandler } from '../../../functions/region/job.ts';
import type { OpenRegion } from '../../../functions/region/open-region.ts';
import { openRegion } from '../../../functions/region/open-region.ts';
import { sync } from '../../../functions/sync/sync.ts';
import { systemClock, systemRandom } from '../../../shared/adapters/system/clock.ts';
import { operatorOf } from '../../../shared/replica/operator.ts';
import { route } from '../../../shared/replica/testing.ts';
import { FunctionsFederation } from './federation.ts';
import type { FunctionsMember } from './federation.ts';
import { contextOf } from './front.ts';
import { variablesOf } from './variables.ts';

let federation: FunctionsFederation;
let us: FunctionsMember;
let eu: FunctionsMember;
// The first time ever, the emulator is installed.
beforeAll(async () => {
  federation = await FunctionsFederation.start(['us-west', 'eu-west'], { peerDomains: 'localhost' });
  [us, eu] = [federation.member('us-west'), federation.member('eu-west')];
}, 200_000);
afterEach(() => { us.proxy.inject(); eu.proxy.inject(); });
afterAll(async () => { await federation.stop(); });

const MINUTE_MS = 60_000;

/** Does something as if it were so much later. */
async function atLater(ms: number, work: () => Promise<void>): Promise<void> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
  try {
    await work();
  } finally {
    vi.useRealTimers();
  }
}

/** Another instance of a member's function, with tables of another name where that is asked for. */
function anotherInstance(member: FunctionsMember, changed: Readonly<Record<string, string>> = {}, writeLog: (line: string) => void = () => undefined): OpenRegion {
  const { environment } = member.region;
  const variables = variablesOf(environment);
  return openRegion(parseEnvironment({ ...variables, ...changed }), CALLS_PEERS, { clock: systemClock, random: systemRandom, credentials: () => ({ accessKeyId: 'test', secretAccessKey: 'test', sessionToken: undefined }), writeLog });
}

describe('a commit', () => {
  test('gets over throttling, conflicts between transactions and a lost answer, and is made once', async () => {
    const key = route('through-faults');
    us.proxy.inject(
      { fault: 'throttled', action: 'TransactWriteItems', times: 2 }, { fault: 'conflict', action: 'TransactWriteItems', times: 2 }, { fault: 'answer-lost', action: 'TransactWriteItems', times: 1 },
    );

    expect(await us.cluster.write(key, { hosts: ['a'] })).toMatchObject({ outcome: 'committed' });
    us.proxy.inject();
    expect((await us.operator.history(key)).map(({ what }) => what)).toEqual(['written']);
  });

  test('is answered although the bus takes nothing, and the schedule makes up for it', async () => {
    const key = route('no-bus');
    us.proxy.inject({ fault: 'server-error', action: 'PutEvents' });

    expect(await us.cluster.write(key, { hosts: ['b'] })).toMatchObject({ outcome: 'committed' });
    expect(us.log).toContainEqual(expect.objectContaining({ event: 'event-not-put', kind: 'Committed' }));
    await eu.sync();
    expect(await eu.specOf(key)).toEqual({ hosts: ['b'] });
  });

  test('with credentials that ran out is refused by that name, and made when there are new ones', async () => {
    const key = route('expired');
    us.proxy.inject({ fault: 'expired' });
    await expect(us.cluster.write(key, { hosts: ['c'] })).rejects.toThrow(/credentials.*ExpiredTokenException/s);
    us.proxy.inject();

    expect(await us.cluster.write(key, { hosts: ['c'] })).toMatchObject({ outcome: 'committed' });
  });

  test('by two instances at once is two commits, one after the other', async () => {
    const other = anotherInstance(us);
    const before = (await us.region.replica.store.state()).clock?.head ?? 0;
    const manifest = JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name: 'at-once-2', namespace: 'default' }, spec: { hosts: ['e'] } });
    const [here] = await Promise.all([us.cluster.write(route('at-once-1'), { hosts: ['d'] }), operatorOf(other.replica).apply(manifest, 'request-at-once')]);

    expect(here).toMatchObject({ outcome: 'committed' });
    expect(await us.specOf(route('at-once-2'))).toEqual({ hosts: ['e'] });
    expect((await us.region.replica.store.state()).clock?.head).toBe(before + 2);
    other.close();
  });
});

describe('two handlers at the same work', () => {
  test('leave no hole: what both pulled is there once, and `seen` reaches the head', async () => {
    for (let at = 0; at < 5; at += 1) await us.cluster.write(route(`both-${at.toString()}`), { hosts: [at] });
    const other = anotherInstance(eu);
    await Promise.all([eu.sync(), jobHandler(other, (signal) => sync(other, signal))({}, contextOf('sync'))]);

    for (let at = 0; at < 5; at += 1) expect(await eu.specOf(route(`both-${at.toString()}`))).toEqual({ hosts: [at] });
    const { clock } = await us.region.replica.store.state();
    expect((await eu.region.replica.store.state()).seen.others.get(clock?.incarnation as never)).toBe(clock?.head);
    other.close();
  });
});

describe('the stream', () => {
  test('tells the first record that cannot be read, does what stands before it, and is done when that is gone', async () => {
    const key = route('before-poison');
    await us.cluster.write(key, { hosts: ['f'] });
    const records = (await federation.pump()).get('eu-west')?.Records ?? [];
    const poison = { dynamodb: { SequenceNumber: '666', NewImage: { p: { S: 'us-west' }, s: { S: 'delete#x#y' }, d: { B: 'AAAA' } } } };

    expect(await eu.doorbell({ Records: [...records, poison] })).toEqual({ batchItemFailures: [{ itemIdentifier: '666' }] });
    expect(await eu.specOf(key)).toEqual({ hosts: ['f'] });
    expect(await eu.doorbell({ Records: records })).toEqual({ batchItemFailures: [] });
    expect(eu.log).toContainEqual(expect.objectContaining({ event: 'record-not-read', sequenceNumber: '666' }));
  });
});

describe('the ledger', () => {
  test('may hold an item that cannot be read: it is told, and keeps no other from being joined', async () => {
    const key = route('deleted-beside-poison');
    await us.cluster.write(key, { hosts: ['p'] });
    await eu.sync();
    await us.cluster.follow();
    await us.cluster.delete(key);
    await us.garbageCollect();
    await federation.pump();
    const poison = { p: { S: 'us-west' }, s: { S: 'delete#novaedge.io/ProxyRoute/default/a#x.1' } };
    await federation.aws.put(eu.tables.ledger, { ...poison, d: { B: 'AAAA' } });

    await eu.garbageCollect();
    expect(await eu.specOf(key)).toBeUndefined();
    expect(eu.log).toContainEqual(expect.objectContaining({ event: 'ledger-item-not-read', member: 'us-west', item: poison.s.S }));
    await federation.aws.drop(eu.tables.ledger, poison);
  });
});

describe('a commit\'s event', () => {
  test.each([{}, { head: 'x', changes: 1 }, { head: 5, changes: 0 }])('that is none (%j) fails, so that it ends among the dead letters', async (detail) => {
    await expect(us.push(detail)).rejects.toThrow('detail.head and detail.changes');
  });

  test('doubled and late sends nothing that the peer has not', async () => {
    const key = route('pushed-twice');
    await us.cluster.write(key, { hosts: ['g'] });
    const { head } = (await us.region.replica.store.state()).clock ?? { head: 0 };
    const revision = async (): Promise<number | undefined> => (await eu.region.replica.store.rows([key])).get(key)?.local.revision;
    await us.push({ head, changes: 1 });
    const first = await revision();
    await us.push({ head, changes: 1 });
    await us.push({ head: head - 1, changes: 1 });

    expect(await eu.specOf(key)).toEqual({ hosts: ['g'] });
    expect(first).toBeDefined();
    expect(await revision()).toBe(first);
  });
});

describe('the member\'s certificate', () => {
  test('that a peer refuses is read again from the secret, without a deploy', async () => {
    const isHealthy = async (): Promise<boolean | undefined> => (await us.operator.status()).members.find(({ name }) => name === 'eu-west')?.healthy;
    await us.replaceCertificate('nobody we know');
    await atLater(6 * MINUTE_MS, () => us.health());
    for (let attempt = 0; attempt < 2; attempt += 1) await atLater(6 * MINUTE_MS, () => us.health());
    expect(await isHealthy()).toBe(false);

    // Ten seconds after it was read; a secret that nobody refuses is kept for five minutes.
    await us.replaceCertificate();
    await atLater(6 * MINUTE_MS + 11_000, () => us.health());
    expect(await isHealthy()).toBe(true);
  });

  test('is used for as long as the secret cannot be read', async () => {
    us.region.secret.refused();
    us.proxy.inject({ fault: 'server-error', action: 'GetSecretValue' });

    await us.health();
    expect((await us.operator.status()).members.find(({ name }) => name === 'eu-west')?.healthy).toBe(true);
  });
});

describe('an endpoint outside the domains that peers may have', () => {
  test('is refused with the spec, in a condition that names it', async () => {
    const conditions = await federation.join(us, { members: [{ name: 'eu-west', endpoint: 'evil.example.org:443' }] });

    expect(conditions.find(({ type }) => type === 'ConfigurationValid')).toMatchObject({
      reason: 'EndpointNotAllowed', message: expect.stringContaining('spec.members[0].endpoint of eu-west is "evil.example.org:443"; this region was deployed to call hosts in localhost') as string,
    });
    await eu.sync();
  });

  test('is not called where the spec was accepted before the domains were narrowed', async () => {
    const lines: string[] = [];
    const narrowed = anotherInstance(eu, { NOVAEDGE_PEER_DOMAINS: 'example.com' }, (line) => { lines.push(line); });
    const calls = us.log.length;
    await jobHandler(narrowed, (signal) => sync(narrowed, signal))({}, contextOf('sync'));

    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(expect.objectContaining({ event: 'peer-not-called', member: 'us-west' }));
    expect(us.log).toHaveLength(calls);
    narrowed.close();
  });
});

describe('a table restored from a backup', () => {
  test('is noticed before a first commit; the region recovers from its peers and goes on under a new incarnation', async () => {
    const [kept, lost] = [route('kept'), route('lost')];
    await us.cluster.write(kept, { hosts: ['i'] });
    await Promise.all([federation.pump(), eu.sync()]);
    const backup = await federation.aws.items(us.tables.regional);
    await us.cluster.write(lost, { hosts: ['j'] });
    await eu.sync();
    await federation.aws.tables({ regional: 'restored', ledger: 'unused' });
    for (const item of backup) await federation.aws.put('restored', item);
    const before = (await us.region.replica.store.state()).clock?.incarnation;

    const restored = anotherInstance(us, { NOVAEDGE_REGIONAL_TABLE: 'restored' });
    const moved = us.serveFrom(restored);
    await expect(us.cluster.write(route('too-early'), { hosts: ['k'] })).resolves.toMatchObject({ outcome: 'refused', reason: 'Recovering' });
    await jobHandler(restored, (signal) => sync(restored, signal))({}, contextOf('sync'));

    const { clock } = await restored.replica.store.state();
    expect(clock?.state).toBe('serving');
    expect(clock?.incarnation).not.toBe(before);
    expect(await us.specOf(lost)).toEqual({ hosts: ['j'] });
    expect(await us.cluster.write(route('afterwards'), { hosts: ['l'] })).toMatchObject({ outcome: 'committed' });
    moved();
    restored.close();
  });
});
