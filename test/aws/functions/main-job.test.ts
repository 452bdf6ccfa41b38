import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Item } from '../../../shared/adapters/dynamodb/api-types.ts';
import { GAUGES } from '../../../functions/region/metrics.ts';
import { route } from '../../../shared/replica/testing.ts';
import { FunctionsFederation } from './federation.ts';
import type { FunctionsMember } from './federation.ts';

let federation: FunctionsFederation;
let us: FunctionsMember;
let eu: FunctionsMember;
let ap: FunctionsMember;
// The first time ever, the emulator is installed.
beforeAll(async () => {
  federation = await FunctionsFederation.start(['us-west', 'eu-west', 'ap-east']);
  [us, eu, ap] = [federation.member('us-west'), federation.member('eu-west'), federation.member('ap-east')];
}, 200_000);
afterAll(async () => { await federation.stop(); });

describe('a change committed by a bridge', () => {
  const key = route('by-push');

  test('is on the bus before it is answered, and the event pushes it to the peers', async () => {
    await federation.aws.events(us.watched);
    expect(await us.cluster.write(key, { hosts: ['a'] })).toMatchObject({ outcome: 'committed' });

    const [event, ...more] = (await federation.aws.events(us.watched)).filter((told) => told['detail-type'] === 'Committed');
    expect(more).toEqual([]);
    expect(event).toMatchObject({ source: 'novaedge.federation', detail: { version: 1, federation: 'prod', member: 'us-west', changes: 1, head: expect.any(Number), atMs: expect.any(Number), correlationId: expect.any(String) } });

    await us.push(event?.detail ?? {});
    expect(await eu.specOf(key)).toEqual({ hosts: ['a'] });
    expect(await ap.specOf(key)).toEqual({ hosts: ['a'] });
    expect(await eu.cluster.follow()).toMatchObject([{ key, show: { kind: 'live' } }]);
    await ap.cluster.follow();
  });

  test('keeps one correlation id from the bridge to the peer', async () => {
    await us.cluster.write(key, { hosts: ['a2'] });
    const event = (await federation.aws.events(us.watched)).find((told) => told['detail-type'] === 'Committed');
    const id = event?.detail['correlationId'];

    expect(us.log.filter((line) => line['correlationId'] === id).map(({ method }) => method)).toContain('BridgeService/Commit');
    await us.push(event?.detail ?? {});
    expect(eu.log.filter((line) => line['correlationId'] === id).map(({ method }) => method)).toContain('PeerService/Push');
  });

  test('comes by the doorbell where the push was cut, with records doubled and out of order', async () => {
    const [one, two] = [route('by-doorbell-1'), route('by-doorbell-2')];
    await us.cluster.write(one, { hosts: ['b'] });
    const first = (await federation.pump()).get('eu-west')?.Records ?? [];
    await us.cluster.write(two, { hosts: ['c'] });
    const second = (await federation.pump()).get('eu-west')?.Records ?? [];

    expect(await eu.doorbell({ Records: [...second, ...first, ...second] })).toEqual({ batchItemFailures: [] });
    expect(await eu.specOf(one)).toEqual({ hosts: ['b'] });
    expect(await eu.specOf(two)).toEqual({ hosts: ['c'] });
  });

  test('comes by the schedule where both were cut', async () => {
    const late = route('by-schedule');
    await us.cluster.write(late, { hosts: ['d'] });

    await ap.sync();
    expect(await ap.specOf(late)).toEqual({ hosts: ['d'] });
  });

  test('rings for nothing where its head is here already', async () => {
    const known = route('rung-twice');
    await us.cluster.write(known, { hosts: ['e'] });
    const records = (await federation.pump()).get('eu-west') ?? { Records: [] };
    await eu.doorbell(records);
    const pulls = us.log.filter(({ method }) => method === 'PeerService/Pull').length;

    await eu.doorbell(records);
    expect(us.log.filter(({ method }) => method === 'PeerService/Pull')).toHaveLength(pulls);
  });
});

describe('a delete', () => {
  test('travels by the ledger while its writer\'s endpoint is down, and does not come back', async () => {
    const key = route('deleted');
    await us.cluster.write(key, { hosts: ['f'] });
    await Promise.all([eu.sync(), ap.sync()]);
    await Promise.all([eu.cluster.follow(), ap.cluster.follow()]);
    await us.cluster.follow();
    await us.cluster.delete(key);
    await us.garbageCollect();
    const records = (await federation.pump()).get('eu-west') ?? { Records: [] };

    // Nobody calls us-west here: its records are all that eu-west gets, its clock left out.
    const deletes = { Records: records.Records.filter(({ dynamodb }) => dynamodb?.NewImage?.['s']?.S?.startsWith('delete#') === true) };
    expect(deletes.Records).toHaveLength(1);
    expect(await eu.doorbell({ Records: [...deletes.Records, ...deletes.Records] })).toEqual({ batchItemFailures: [] });
    expect(await eu.specOf(key)).toBeUndefined();
    await eu.sync();
    expect(await eu.specOf(key)).toBeUndefined();
  });
});

describe('anti-entropy', () => {
  // A row that is gone is another matter: it says that all its versions are superseded, as that of a collected delete does.
  test('repairs a row that was put back to an older state by hand', async () => {
    const key = route('damaged');
    const itemOf = async (): Promise<Item | undefined> => (await federation.aws.items(eu.tables.regional)).find(({ s }) => s?.S === key);
    await us.cluster.write(key, { hosts: ['old'] });
    await eu.sync();
    const old = await itemOf();
    await us.cluster.write(key, { hosts: ['new'] });
    await eu.sync();
    await federation.aws.put(eu.tables.regional, old ?? {});
    // The index would not be told either; it is made anew from the rows.
    for (const { p, s } of await federation.aws.items(eu.tables.regional)) if (p?.S === 'm' || p?.S?.startsWith('b#') === true) await federation.aws.drop(eu.tables.regional, { p, s: s ?? {} });
    expect(await eu.specOf(key)).toEqual({ hosts: ['old'] });

    await eu.antiEntropy();
    expect(await eu.specOf(key)).toEqual({ hosts: ['new'] });
    const repaired = eu.log.find((line) => line['event'] === 'anti-entropy-repaired');
    expect(repaired).toMatchObject({ member: 'us-west', pulled: 1 });
    expect(eu.log).toContainEqual(expect.objectContaining({ Member: 'eu-west', ComparisonFailures: 0, RowsRepaired: expect.any(Number) }));
  });
});

describe('the federation', () => {
  test('tells a member that does not answer as unreachable, and as reachable again', async () => {
    const status = async (): Promise<boolean | undefined> => (await us.operator.status()).members.find(({ name }) => name === 'eu-west')?.healthy;
    const metrics = (): unknown => us.log.findLast((line) => GAUGES.membersUnhealthy in line);
    await us.health();
    expect(await status()).toBe(true);
    expect(metrics()).toMatchObject({ MembersUnhealthy: 0, Partitioned: 0, SyncLagSeconds: 0, ConflictsPending: 0, DeletesHeld: 0, HeartbeatFailures: 0, Federation: 'prod', Member: 'us-west' });

    eu.proxy.inject({ fault: 'hang' });
    for (let attempt = 0; attempt < 3; attempt += 1) await us.health();
    expect(await status()).toBe(false);
    expect(metrics()).toMatchObject({ MembersUnhealthy: 1, Partitioned: 0, HeartbeatFailures: 1 });
    expect((await federation.aws.events(us.watched)).map((told) => [told['detail-type'], told.detail['about']])).toContainEqual(['MemberUnhealthy', 'eu-west']);

    eu.proxy.inject();
    await us.health();
    expect(await status()).toBe(true);
  });

  test('is level in the end: equal roots everywhere', async () => {
    await Promise.all([us.sync(), eu.sync(), ap.sync()]);
    await Promise.all([us.antiEntropy(), eu.antiEntropy(), ap.antiEntropy()]);
    const roots = await Promise.all([us, eu, ap].map(async ({ operator }) => (await operator.status()).merkleRoot));

    expect(new Set(roots).size).toBe(1);
    expect(roots[0]).toMatch(/^[0-9a-f]+$/);
  });

  test('hears by the doorbell who has left, whose endpoint is gone', async () => {
    await ap.operator.leave({ confirm: 'ap-east', force: true, cleanUp: false });
    ap.proxy.inject({ fault: 'hang' });
    const records = (await federation.pump()).get('us-west')?.Records ?? [];
    expect(await us.doorbell({ Records: [...records, ...records] })).toEqual({ batchItemFailures: [] });

    expect((await us.operator.status()).members.map(({ name }) => name)).toEqual(['us-west', 'eu-west']);
  });
});
