import { describe, expect, test } from 'vitest';
import type { CompareRequest } from '../ports/peer.ts';
import { reconcileWith } from './anti-entropy.ts';
import type { ReconcileOutcome } from './anti-entropy.ts';
import { summaryOf } from './compare.ts';
import { refreshIndex } from './merkle-index.ts';
import { Federation, never, route } from './testing.ts';
import type { TestMember } from './testing.ts';

interface Pair { readonly federation: Federation; readonly us: TestMember; readonly eu: TestMember; readonly reconcile: () => Promise<ReconcileOutcome>; readonly asked: CompareRequest[] }

async function pair(antiEntropy = {}): Promise<Pair> {
  const federation = await Federation.start({ spec: { antiEntropy } });
  const [us, eu] = [federation.member('us'), federation.member('eu')];
  const asked: CompareRequest[] = [];
  const { compareDigests } = federation.peer(us.name, eu.name);
  federation.fake('us', 'eu', { compareDigests: (request, signal) => { asked.push(request); return compareDigests(request, signal); } });
  return { federation, us, eu, asked, reconcile: () => reconcileWith(us.replica, federation.peer(us.name, eu.name), never) };
}

/** A row is damaged: it is lost without a trace in any log. */
async function lose(member: TestMember, name: string): Promise<void> {
  const row = await member.row(route(name));
  const { local } = await member.store.state();
  if (row === undefined || local === undefined) throw new Error('nothing to lose');
  await member.store.putOffLog({
    puts: [{ key: route(name), next: 'drop', if: row.local.revision }], ifHead: local.head,
    segment: { log: local.log, first: local.head + 1, last: local.head + 1, entries: [{ counter: local.head + 1, key: route(name) }], committedAtMs: 0, requestId: undefined, closes: false },
  });
}

/** Gives a member a row beside its log, as a repair would: with a context that the others' rows lack. */
async function damagedPair(antiEntropy = {}, names: readonly string[] = ['a']): Promise<Pair> {
  const setting = await pair(antiEntropy);
  for (const name of names) await setting.us.cluster.write(route(name), { port: 1 });
  await setting.federation.exchange();
  return setting;
}

describe('anti-entropy', () => {
  test('between equals is one small message', async () => {
    const { asked, reconcile } = await damagedPair();

    const outcome = await reconcile();

    expect(outcome.outcome).toBe('same');
    expect(asked).toHaveLength(1);
    expect(Buffer.byteLength(asked[0]?.kind === 'summary' ? asked[0].summary : 'x'.repeat(65))).toBeLessThanOrEqual(64);
  });

  test('catches up by the logs before it compares anything', async () => {
    const { eu, asked, reconcile } = await pair();
    await eu.cluster.write(route('a'), { port: 1 });

    const outcome = await reconcile();

    expect(outcome).toMatchObject({ outcome: 'same', repaired: 0 });
    expect(new Set(asked.map(({ kind }) => kind))).toEqual(new Set(['summary']));
  });

  test('compares anyway when the peer is always ahead, after a bounded number of attempts', async () => {
    const { federation, us, eu, reconcile } = await pair();
    let writes = 0;
    const { compareDigests } = eu.handlers;
    federation.fake('us', 'eu', {
      compareDigests: async (request, signal) => {
        if (request.kind === 'summary') await eu.cluster.write(route(`busy${(writes += 1).toString()}`), { port: 1 });
        return compareDigests(us.name, request, signal);
      },
    });

    const outcome = await reconcile();

    expect(outcome.outcome).toBe('repaired');
    expect(writes).toBe(3);
  });

  test('tells why it failed', async () => {
    const { federation, reconcile } = await pair();
    federation.cut('us', 'eu');
    federation.fake('us', 'eu', undefined);

    expect(await reconcile()).toMatchObject({ outcome: 'failed', reason: 'eu cannot be reached' });
  });

  test('finds one resource among many by its subtree', async () => {
    const setting = await damagedPair({}, Array.from({ length: 40 }, (_, at) => `r${at.toString()}`));
    const { us, eu, asked, reconcile } = setting;
    await conflictingRow(eu, us, 'r7');
    asked.length = 0;

    const outcome = await reconcile();

    const buckets = asked.flatMap((request) => (request.kind === 'buckets' ? request.buckets : []));
    expect(outcome.repaired).toBeGreaterThan(0);
    expect(buckets).toHaveLength(1);
  });
});

/** `eu` writes, and `us` takes its log as seen without the row: a fault that only a comparison finds. */
async function conflictingRow(eu: TestMember, us: TestMember, name: string): Promise<void> {
  await eu.cluster.follow();
  await eu.cluster.write(route(name), { port: 99 });
  const log = await eu.incarnation();
  const before = (await us.seen()).get(log) ?? 0;
  await us.store.advance({ segments: await eu.store.segments(log, before, 10), from: new Map([[log, before]]), to: new Map([[log, await eu.head()]]), maxStamp: { ms: 0, counter: 0, member: us.name } });
}

describe('a difference is repaired', () => {
  test('by pulling, where the peer has more', async () => {
    const { us, eu, reconcile } = await damagedPair({ repairMode: 'pull' });
    await conflictingRow(eu, us, 'a');

    const outcome = await reconcile();

    expect(outcome).toMatchObject({ outcome: 'repaired', repaired: 1 });
    expect(await us.versions(route('a'))).toEqual([{ port: 99 }]);
    expect(await root(us)).toBe(await root(eu));
  });

  test('by pushing, where this region has more', async () => {
    const { us, eu, reconcile } = await damagedPair({ repairMode: 'push' });
    await conflictingRow(us, eu, 'a');

    const outcome = await reconcile();

    expect(outcome.outcome).toBe('repaired');
    expect(await eu.versions(route('a'))).toEqual([{ port: 99 }]);
  });

  test('not by pulling where the mode is push', async () => {
    const { us, eu, reconcile } = await damagedPair({ repairMode: 'push' });
    await conflictingRow(eu, us, 'a');

    await reconcile();

    expect(await us.versions(route('a'))).toEqual([{ port: 1 }]);
  });

  test('not by pushing where the mode is pull', async () => {
    const { us, eu, reconcile } = await damagedPair({ repairMode: 'pull' });
    await conflictingRow(us, eu, 'a');

    await reconcile();

    expect(await eu.versions(route('a'))).toEqual([{ port: 1 }]);
  });

  test('both ways, unless told otherwise', async () => {
    const { us, eu, reconcile } = await damagedPair({}, ['a', 'b']);
    await conflictingRow(us, eu, 'a');
    await conflictingRow(eu, us, 'b');

    await reconcile();

    expect(await eu.versions(route('a'))).toEqual([{ port: 99 }]);
    expect(await us.versions(route('b'))).toEqual([{ port: 99 }]);
  });

  test('in portions of batchSize', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const { us, eu, reconcile } = await damagedPair({ batchSize: 2, repairMode: 'pull' }, names);
    for (const name of names) await conflictingRow(eu, us, name);

    const repaired = [(await reconcile()).repaired, (await reconcile()).repaired, (await reconcile()).repaired, (await reconcile()).repaired];

    expect(repaired).toEqual([2, 2, 1, 0]);
  });

  test('also where the index had been brought up to date before, and the bridge follows meanwhile', async () => {
    const { us, eu, reconcile } = await damagedPair();
    await refreshIndex(us.replica);
    await conflictingRow(eu, us, 'a');
    await us.cluster.follow();

    const outcome = await reconcile();

    expect(outcome).toMatchObject({ outcome: 'repaired' });
    expect(await us.versions(route('a'))).toEqual([{ port: 99 }]);
  });

  test('and until then peers are not told less than the log says [I2]', async () => {
    const { us, eu } = await damagedPair();
    const before = await us.seen();
    await conflictingRow(eu, us, 'a');

    await expect(us.handlers.pull(eu.name, { since: before, limit: 10 }, never)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('so that the cluster is shown it', async () => {
    const { us, eu, reconcile } = await damagedPair();
    await us.cluster.follow();
    await conflictingRow(eu, us, 'a');
    await reconcile();

    await us.cluster.follow();

    expect(us.cluster.specOf(route('a'))).toEqual({ port: 99 });
  });

  test('by an absent answer, where a live row stands that was deleted and collected elsewhere [I4]', async () => {
    const { us, eu, reconcile } = await damagedPair();
    await lose(eu, 'a');

    await reconcile();

    expect(await us.row(route('a'))).toBeUndefined();
  });
});

describe('the index', () => {
  test('has equal roots for equal rows, whoever has collected what [I5]', async () => {
    const { federation, us, eu } = await damagedPair({}, ['a', 'b', 'c']);
    await us.cluster.delete(route('b'));
    await federation.exchange();
    await lose(eu, 'b');

    expect(await root(us)).toBe(await root(eu));
  });

  test('is followed from the log, without reading all rows', async () => {
    const { us } = await damagedPair({}, ['a', 'b', 'c']);
    await refreshIndex(us.replica);
    let lists = 0;
    us.onStore = (method) => { if (method === 'list') lists += 1; };
    await us.cluster.write(route('d'), { port: 1 });

    const index = await refreshIndex(us.replica);

    expect(lists).toBe(0);
    expect(index.vector).toEqual(await us.seen());
  });

  test('is built anew where the log does not reach back', async () => {
    const { us } = await damagedPair({}, ['a', 'b', 'c']);
    await refreshIndex(us.replica);
    for (const port of [2, 3, 4]) await us.cluster.write(route('a'), { port });
    await us.store.moveFloor(await us.incarnation(), await us.head());
    const before = await us.store.index();

    await refreshIndex(us.replica);

    expect((await us.store.index())?.revision).toBe((before?.revision ?? 0) + 1);
  });

  test('has another summary for another vector, even with an equal root', async () => {
    const { us, federation, eu } = await damagedPair();
    const before = summaryOf(await refreshIndex(us.replica));
    await eu.cluster.write(route('x'), { port: 1 });
    await eu.cluster.delete(route('x'));
    await federation.exchange();

    expect(summaryOf(await refreshIndex(us.replica))).not.toBe(before);
  });
});

const root = async (member: TestMember): Promise<string> => (await refreshIndex(member.replica)).digests.root;
