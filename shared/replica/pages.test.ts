import { describe, expect, test } from 'vitest';
import { hashText } from '../model/content.ts';
import { asLocalLog } from '../model/ids.ts';
import { emptyLeaves } from '../model/merkle.ts';
import type { Page } from '../ports/peer.ts';
import { MAX_PAGE_BYTES } from '../ports/peer.ts';
import type { Store } from '../ports/store.ts';
import { applyPage } from './apply.ts';
import { readClusterFacts } from './bridge-record.ts';
import { commit } from './commit.ts';
import { refreshIndex } from './merkle-index.ts';
import { answerBytes, answerPull } from './pages.ts';
import { positionOf } from './position.ts';
import { Federation, contentWith, noise, route } from './testing.ts';
import type { TestMember } from './testing.ts';

const nothing = new Map<never, number>();
const routes = (count: number): readonly ReturnType<typeof route>[] => Array.from({ length: count }, (_, at) => route(`r${at.toString().padStart(2, '0')}`));

/** A page, or the test is wrong. */
async function pageOf(member: TestMember, since = nothing as Page['since'], limit = 100): Promise<Page> {
  const answer = await answerPull(member.replica, since, limit, 'peer');
  if (answer.kind !== 'page') throw new Error('compacted');
  return answer;
}

async function pair(): Promise<{ federation: Federation; us: TestMember; eu: TestMember }> {
  const federation = await Federation.start();
  return { federation, us: federation.member('us'), eu: federation.member('eu') };
}

describe('a page', () => {
  test('holds as many log entries as were asked for, and says there is more', async () => {
    const { us } = await pair();
    for (const key of routes(5)) await us.cluster.write(key, { port: 1 });

    const page = await pageOf(us, nothing, 2);

    expect(page.segments.flatMap(({ entries }) => entries)).toHaveLength(2);
    expect(page.answers).toHaveLength(2);
    expect(page.more).toBe(true);
    expect(page.upTo.get(await us.incarnation())).toBe(2);
  });

  test('cuts a segment that is longer than the limit, and goes on in its middle', async () => {
    const { us } = await pair();
    const keys = routes(5);
    for (const key of keys) us.cluster.put(key, { port: 1 });
    await us.cluster.send(keys);

    const first = await pageOf(us, nothing, 3);
    const second = await pageOf(us, first.upTo, 3);

    expect(first.answers.map(({ key }) => key)).toEqual(keys.slice(0, 3));
    expect(second.answers.map(({ key }) => key)).toEqual(keys.slice(3));
    expect(second.more).toBe(false);
  });

  test('is cut by bytes, and never empty', async () => {
    const { us } = await pair();
    const keys = routes(30);
    for (const key of keys) us.cluster.put(key, { blob: noise(60_000) });
    await us.cluster.send(keys);

    const page = await pageOf(us, nothing, 1000);

    expect(page.answers.reduce((sum, { answer }) => sum + answerBytes(answer), 0)).toBeLessThanOrEqual(MAX_PAGE_BYTES);
    expect(page.answers.length).toBeGreaterThan(10);
    expect(page.more).toBe(true);
  });

  test('names a resource once, however often it was written', async () => {
    const { us } = await pair();
    for (const port of [1, 2, 3]) await us.cluster.write(route('a'), { port });

    const page = await pageOf(us);

    expect(page.answers).toHaveLength(1);
    expect(page.segments).toHaveLength(3);
  });

  test('never carries the local part of a row', async () => {
    const { us } = await pair();
    await us.cluster.write(route('a'), { port: 1 });

    const page = await pageOf(us);

    expect(Object.keys(page.answers[0]?.answer.kind === 'row' ? page.answers[0].answer.row : {})).toEqual(['context', 'siblings']);
  });

  test('to somebody who is level is empty', async () => {
    const { us, eu } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    await eu.pullFrom('us');

    const page = await pageOf(us, await eu.seen());

    expect(page).toMatchObject({ segments: [], answers: [], more: false });
  });

  test('answers that a resource is absent, with all that was seen', async () => {
    const { us } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    const row = await us.row(route('a'));
    await us.store.putRow({ key: route('a'), next: 'drop', if: row?.local.revision ?? 0 });

    const page = await pageOf(us);

    expect(page.answers).toEqual([{ key: route('a'), answer: { kind: 'absent', seen: await us.seen() } }]);
  });

  test('reads a row again that has not caught up with its log entry', async () => {
    const { us } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    const behind = await us.store.picture([route('a')]);
    await us.cluster.write(route('a'), { port: 2 });
    let reads = 0;
    const picture: Store['picture'] = async (keys) => ((reads += 1) === 1 ? behind : us.store.picture(keys));
    const lagging = { ...us.replica, store: new Proxy<Store>(us.store, { get: (target, name) => (name === 'picture' ? picture : (Reflect.get(target, name) as () => void).bind(target)) }) };

    const page = await answerPull(lagging, new Map([[await us.incarnation(), 1]]), 10, 'peer');

    expect(reads).toBe(2);
    expect(page).toMatchObject({ answers: [{ answer: { row: await us.row(route('a')).then((row) => ({ context: row?.context })) } }] });
  });
});

describe('a follower is told `compacted`', () => {
  test('below the floor', async () => {
    const { us } = await pair();
    for (const port of [1, 2, 3]) await us.cluster.write(route('a'), { port });
    await us.store.moveFloor(await us.incarnation(), 2);

    expect((await answerPull(us.replica, nothing, 10, 'peer')).kind).toBe('compacted');
    expect((await answerPull(us.replica, new Map([[await us.incarnation(), 2]]), 10, 'peer')).kind).toBe('page');
  });

  test('where the segments do not join up, even if no floor says so', async () => {
    const { us } = await pair();
    for (const port of [1, 2, 3]) await us.cluster.write(route('a'), { port });
    const log = await us.incarnation();
    await us.store.moveFloor(log, 1);
    await us.store.dropSegmentsBelowFloor(log, 10);
    us.onStore = () => undefined;

    expect((await answerPull(us.replica, nothing, 10, 'peer')).kind).toBe('compacted');
  });

  test('with another name of the own log, or none', async () => {
    const { us } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    const members = await us.seen();

    expect((await answerPull(us.replica, members, 10, 'local')).kind).toBe('compacted');
    expect((await answerPull(us.replica, new Map([...members, [asLocalLog('lanothername'), 1]]), 10, 'local')).kind).toBe('compacted');
    expect((await answerPull(us.replica, positionOf(await us.store.state()), 10, 'local')).kind).toBe('page');
  });
});

describe('applying a page', () => {
  test('brings the row, the log and `seen`', async () => {
    const { us, eu } = await pair();
    await us.cluster.write(route('a'), { port: 1 });

    const outcome = await applyPage(eu.replica, await pageOf(us));

    expect(outcome).toEqual({ kind: 'applied', changed: [route('a')] });
    expect(await eu.versions(route('a'))).toEqual([{ port: 1 }]);
    expect((await eu.seen()).get(await us.incarnation())).toBe(1);
    expect(await eu.store.segments(await us.incarnation(), 0, 10)).toHaveLength(1);
  });

  test('again changes nothing [I5]', async () => {
    const { us, eu } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    const page = await pageOf(us);
    await applyPage(eu.replica, page);
    const before = await eu.row(route('a'));

    const outcome = await applyPage(eu.replica, page);

    expect(outcome).toEqual({ kind: 'applied', changed: [] });
    expect(await eu.row(route('a'))).toEqual(before);
  });

  test('late, after a newer one, changes nothing [I5]', async () => {
    const { us, eu } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    const late = await pageOf(us);
    await us.cluster.write(route('a'), { port: 2 });
    await applyPage(eu.replica, await pageOf(us));

    const outcome = await applyPage(eu.replica, late);

    expect(outcome).toEqual({ kind: 'applied', changed: [] });
    expect(await eu.versions(route('a'))).toEqual([{ port: 2 }]);
  });

  test('that is late does not bring back what was deleted and collected since [I4]', async () => {
    const { us, eu } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    const late = await pageOf(us);
    await us.cluster.delete(route('a'));
    await eu.pullFrom('us');
    const row = await eu.row(route('a'));
    await eu.store.putRow({ key: route('a'), next: 'drop', if: row?.local.revision ?? 0 });

    await applyPage(eu.replica, late);

    expect(await eu.row(route('a'))).toBeUndefined();
  });

  test('that is late and brings more than its log tells is heard of by the cluster and the index [I5] [I7]', async () => {
    const { us, eu } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    await applyPage(eu.replica, await pageOf(us));
    await eu.cluster.follow();
    await refreshIndex(eu.replica);
    await us.store.putRow({ key: route('a'), next: 'drop', if: (await us.row(route('a')))?.local.revision ?? 0 });

    // Asked for long ago, answered now: of its log all is here, of its rows one is newer.
    await applyPage(eu.replica, await pageOf(us));
    await eu.cluster.follow();

    expect(await eu.row(route('a'))).toBeUndefined();
    expect(eu.cluster.specOf(route('a'))).toBeUndefined();
    expect((await refreshIndex(eu.replica)).digests.leaves).toEqual(emptyLeaves());
  });

  test('that begins beyond what is here is a gap, and changes nothing [I2]', async () => {
    const { us, eu } = await pair();
    for (const name of ['a', 'b', 'c']) await us.cluster.write(route(name), { port: 1 });
    const page = await pageOf(us, new Map([[await us.incarnation(), 2]]));

    const outcome = await applyPage(eu.replica, page);

    expect(outcome).toEqual({ kind: 'gap' });
    expect(await eu.seen()).toEqual(new Map());
    expect(await eu.row(route('c'))).toBeUndefined();
  });

  test('that lacks a segment in its middle is a gap [I2]', async () => {
    const { us, eu } = await pair();
    for (const name of ['a', 'b', 'c']) await us.cluster.write(route(name), { port: 1 });
    const page = await pageOf(us);

    const outcome = await applyPage(eu.replica, { ...page, segments: page.segments.filter(({ first }) => first !== 2) });

    expect(outcome).toEqual({ kind: 'gap' });
  });

  test('that lacks an answer its log asks for is a gap [I2]', async () => {
    const { us, eu } = await pair();
    for (const name of ['a', 'b']) await us.cluster.write(route(name), { port: 1 });
    const page = await pageOf(us);

    const outcome = await applyPage(eu.replica, { ...page, answers: page.answers.slice(1) });

    expect(outcome).toEqual({ kind: 'gap' });
    expect(await eu.seen()).toEqual(new Map());
  });

  test('whose answer does not cover its log entry is a gap [I2]', async () => {
    const { us, eu } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    const old = await pageOf(us);
    await us.cluster.write(route('a'), { port: 2 });
    const page = await pageOf(us);

    const outcome = await applyPage(eu.replica, { ...page, answers: old.answers });

    expect(outcome).toEqual({ kind: 'gap' });
  });

  test('takes an absent answer for a delete that was collected', async () => {
    const { us, eu } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    await eu.pullFrom('us');
    await us.cluster.delete(route('a'));
    const row = await us.row(route('a'));
    await us.store.putRow({ key: route('a'), next: 'drop', if: row?.local.revision ?? 0 });

    await applyPage(eu.replica, await pageOf(us, await eu.seen()));

    expect(await eu.row(route('a'))).toBeUndefined();
    expect(await eu.seen()).toEqual(await us.seen());
  });

  test('leaves to another handler a log that it has moved meanwhile [I2]', async () => {
    const { us, eu } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    const page = await pageOf(us);
    let isFirst = true;
    eu.onStore = async (method, stage) => {
      if (method !== 'advance' || stage !== 'before' || !isFirst) return;
      isFirst = false;
      await applyPage(eu.replica, page);
    };

    expect(await applyPage(eu.replica, page)).toEqual({ kind: 'moved' });
    expect(await eu.seen()).toEqual(await us.seen());
  });

  test('that died before the log moved is finished by the next one [I2]', async () => {
    const { us, eu } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    const page = await pageOf(us);
    eu.onStore = (method, stage) => { if (method === 'advance' && stage === 'before') throw new Error('crash'); };
    await expect(applyPage(eu.replica, page)).rejects.toThrow('crash');
    const seenAfterCrash = await eu.seen();
    eu.restart();

    await applyPage(eu.replica, page);

    expect(seenAfterCrash).toEqual(new Map());
    expect(await eu.seen()).toEqual(await us.seen());
  });

  test('tells of a conflict when it arises, and when it ends', async () => {
    const { us, eu } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    await eu.cluster.write(route('a'), { port: 2 });
    await eu.pullFrom('us');
    await eu.operator.resolve(route('a'), 'local', 'r1');
    await us.pullFrom('eu');

    const told = eu.events.filter(({ kind }) => kind.startsWith('Conflict'));

    expect(told).toEqual([{ kind: 'ConflictDetected', key: route('a') }, { kind: 'ConflictResolved', key: route('a') }]);
  });
});

describe('contents over 64 KB', () => {
  const large = { blob: noise(100_000) };

  test('are fetched before their row is taken', async () => {
    const { us, eu } = await pair();
    await us.cluster.write(route('a'), large);
    const writes: string[] = [];
    eu.onStore = (method, stage) => { if (stage === 'before' && (method === 'putContent' || method === 'putRow')) writes.push(method); };

    await eu.pullFrom('us');

    expect(writes).toEqual(['putContent', 'putRow']);
    expect(await eu.versions(route('a'))).toEqual([large]);
  });

  test('are fetched once', async () => {
    const { federation, us, eu } = await pair();
    await us.cluster.write(route('a'), large);
    await eu.pullFrom('us');
    federation.fake('eu', 'us', { fetchContents: () => Promise.reject(new Error('asked again')) });
    await us.cluster.write(route('b'), { port: 1 });

    expect((await eu.pullFrom('us')).outcome).toBe('level');
  });

  test('that do not match their hash are not taken [I12]', async () => {
    const { federation, us, eu } = await pair();
    await us.cluster.write(route('a'), large);
    federation.fake('eu', 'us', { fetchContents: async ({ wanted }) => ({ contents: new Map(wanted.map(({ hash }) => [hash, '{"forged":true}'])) }) });

    const outcome = await eu.pullFrom('us');

    expect(outcome).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('does not match its hash') });
    expect(await eu.row(route('a'))).toBeUndefined();
  });

  test('of a commit are stored before their row', async () => {
    const { us } = await pair();
    const writes: string[] = [];
    us.onStore = (method, stage) => { if (stage === 'before' && (method === 'putContent' || method === 'commit')) writes.push(method); };

    await us.cluster.write(route('a'), large);

    expect(writes).toEqual(['putContent', 'commit']);
  });

  test('are shown to the cluster of another member', async () => {
    const { us, eu } = await pair();
    await us.cluster.write(route('a'), large);
    await eu.pullFrom('us');

    await eu.cluster.follow();

    expect(eu.cluster.specOf(route('a'))).toEqual(large);
  });
});

describe('a row without its content', () => {
  test('is an exception, and neither shown as empty nor in the way of others', async () => {
    const { us } = await pair();
    const key = route('a');
    const text = contentWith(key, { port: 1 });
    await commit(us.replica, [key], { requestId: '1' }, async () => ({
      write: { context: new Map(), origin: 'operator', firstContact: false, observed: undefined, shown: () => undefined, body: (write) => ({ kind: 'live', hash: hashText(text), content: undefined, bytes: 9, fields: { base: write, set: new Map(), removed: new Map() } }) },
      answer: () => 'written',
    }));

    await us.cluster.follow();

    expect([...(await readClusterFacts(us.replica)).exceptions.values()]).toMatchObject([{ key, reason: 'ContentMissing', message: expect.stringContaining('anti-entropy fetches it from a peer') as string }]);
    expect(us.cluster.specOf(key)).toBeUndefined();
  });
});
