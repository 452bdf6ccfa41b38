import { describe, expect, test } from 'vitest';
import { asHash, asIncarnation } from '../model/ids.ts';
import type { LogSegment } from '../model/log.ts';
import type { FetchRowsResponse, Page, Peer } from '../ports/peer.ts';
import { MAX_ADVANCE_SEGMENTS } from '../ports/store.ts';
import { beat } from './heartbeat.ts';
import { peerRecord } from './known-members.ts';
import { answerPull } from './pages.ts';
import { pushTo } from './push.ts';
import { reconcileWith } from './anti-entropy.ts';
import { pullFrom } from './sync.ts';
import { Federation, never, route } from './testing.ts';
import type { TestMember } from './testing.ts';

const a = route('a');
const emptyPage = (since: Page['since'], more: boolean): Page => ({ kind: 'page', from: 'eu' as Page['from'], since, upTo: since, segments: [], answers: [], more });

/** `us` follows a bad `eu` and a good `ap`, which has written something. */
async function trio(): Promise<{ federation: Federation; us: TestMember; eu: TestMember; ap: TestMember }> {
  const federation = await Federation.start({ members: ['us', 'eu', 'ap'] });
  const [us, eu, ap] = [federation.member('us'), federation.member('eu'), federation.member('ap')];
  await ap.cluster.write(a, { port: 1 });
  return { federation, us, eu, ap };
}

/** What a peer that answers anything at all may come up with. */
const fooling: readonly [string, (eu: TestMember) => Partial<Peer>][] = [
  ['is dead', () => ({ pull: () => Promise.reject(new Error('connection refused')) })],
  ['says endlessly that there is more', () => ({ pull: async ({ since }) => emptyPage(since, true) })],
  ['sends a page with more segments than can be taken', (eu) => ({
    pull: async ({ since }) => {
      const log = await eu.incarnation();
      const segments = Array.from({ length: MAX_ADVANCE_SEGMENTS + 10 }, (_, at): LogSegment => ({ log, first: at + 1, last: at + 1, entries: [], committedAtMs: 0, requestId: undefined, closes: false }));
      return { ...emptyPage(since, false), segments };
    },
  })],
  ['sends garbage instead of a page', () => ({ pull: async () => ({ nonsense: true }) as unknown as Page })],
  ['sends segments of another time', (eu) => ({ pull: async ({ since }) => ({ ...emptyPage(since, false), segments: [{ log: await eu.incarnation(), first: 7, last: 3, entries: [], committedAtMs: -1, requestId: undefined, closes: false }, { log: await eu.incarnation(), first: 50, last: 60, entries: [], committedAtMs: 0, requestId: undefined, closes: false }] }) })],
  ['answers `compacted`, and a comparison with nonsense', () => ({ pull: async () => ({ kind: 'compacted', seen: new Map(), floors: new Map() }), compareDigests: async () => ({ kind: 'buckets', entries: [] }) })],
  ['answers `compacted`, and names deletes without end', () => ({
    pull: async () => ({ kind: 'compacted', seen: new Map(), floors: new Map() }),
    fetchRows: async () => ({ answers: [], rest: [a] }),
  })],
  ['answers `compacted`, and a comparison with buckets it never shows', (eu) => ({
    pull: async () => ({ kind: 'compacted', seen: new Map(), floors: new Map() }),
    compareDigests: async (request, signal) => {
      const answer = await eu.handlers.compareDigests(eu.name, request, signal);
      if (answer.kind === 'buckets') return { ...answer, entries: [] };
      return answer.kind === 'nodes' ? { ...answer, nodes: answer.nodes.map(() => new Map([[0, Buffer.alloc(128, 7)]])) } : { kind: 'different', seen: new Map(), vector: new Map(), top: Buffer.alloc(128, 7) };
    },
  })],
  ['answers `compacted`, and has always more rows to fetch than were asked for', (eu) => ({
    pull: async () => ({ kind: 'compacted', seen: new Map(), floors: new Map() }),
    compareDigests: async (request, signal) => {
      const answer = await eu.handlers.compareDigests(eu.name, request, signal);
      if (answer.kind === 'nodes') return { ...answer, nodes: answer.nodes.map(() => new Map([[0, Buffer.alloc(128, 7)]])) };
      return answer.kind === 'buckets' ? { ...answer, entries: answer.entries.map((_, at) => [{ keyHash: at.toString(16).padStart(16, '0'), check: 'ff' }]) } : { ...answer, kind: 'different', seen: new Map(), vector: new Map(), top: Buffer.alloc(128, 7) };
    },
    fetchRows: async (): Promise<FetchRowsResponse> => ({ answers: [{ key: route('x'), answer: { kind: 'absent', seen: new Map() } }], rest: Array.from({ length: 97 }, (_, at) => route(`r${at.toString()}`)) }),
  })],
];

describe('a peer that [I12]', () => {
  test.each(fooling)('%s ends in a failure or for now, and the others are pulled from', async (_what, methodsOf) => {
    const { federation, us, eu, ap } = await trio();
    federation.fake('us', 'eu', methodsOf(eu));

    const [bad, good] = await Promise.all([us.pullFrom('eu'), us.pullFrom('ap')]);

    expect(['failed', 'more']).toContain(bad.outcome);
    expect(good.outcome).toBe('level');
    expect(await us.versions(a)).toEqual([{ port: 1 }]);
    expect(await us.seen()).toEqual(await ap.seen());
  });

  test('fails is remembered with its error, until it answers again', async () => {
    const { federation, us, eu } = await trio();
    federation.cut('us', 'eu');

    await us.pullFrom('eu');
    const during = (await peerRecord(us.replica, eu.name)).error;
    federation.heal();
    await us.pullFrom('eu');

    expect(during).toBe('eu cannot be reached');
    expect((await peerRecord(us.replica, eu.name)).error).toBeUndefined();
  });

  test('says endlessly that there is more is left after a bounded number of pages', async () => {
    const { federation, us } = await trio();
    let pages = 0;
    federation.fake('us', 'eu', { pull: async ({ since }) => { pages += 1; return emptyPage(since, true); } });

    const outcome = await us.pullFrom('eu');

    expect(outcome.outcome).toBe('more');
    expect(pages).toBe(us.replica.limits.pullRounds);
  });

  test('never answers does not keep the others waiting', async () => {
    const { federation, us, eu } = await trio();
    const control = new AbortController();
    federation.fake('us', 'eu', { pull: (_request, signal) => new Promise((_, reject) => { signal.addEventListener('abort', () => { reject(new Error('timeout')); }); }) });
    const slow = pullFrom(us.replica, federation.peer(us.name, eu.name), control.signal);

    const good = await us.pullFrom('ap');
    control.abort(new Error('time is over'));

    expect(good.outcome).toBe('level');
    expect(await slow).toMatchObject({ outcome: 'failed', reason: 'time is over' });
  });

  test('never answers, and heeds no signal, is given up after its time', async () => {
    const { federation, us, eu, ap } = await trio();
    const silent = (): Promise<never> => new Promise(() => undefined);
    federation.fake('us', 'eu', { pull: silent, push: silent, heartbeat: silent, compareDigests: silent });
    await us.cluster.write(a, { port: 2 });
    const peer = federation.peer(us.name, eu.name);
    const calls = [us.pullFrom('eu'), reconcileWith(us.replica, peer, never), beat(us.replica, peer, never), pushTo(us.replica, peer, 0, never).catch((error: unknown) => error)];
    const good = await us.pullFrom('ap');

    federation.nowMs += 5000;
    const health = await calls[2];
    federation.nowMs += 25_000;

    expect(good.outcome).toBe('level');
    expect(health).toBe('failed');
    expect(await Promise.all(calls)).toMatchObject([
      { outcome: 'failed', reason: 'eu (pull) did not answer within 30000 ms' }, { outcome: 'failed', reason: 'eu (compareDigests) did not answer within 30000 ms' }, 'failed', { message: 'eu (push) did not answer within 30000 ms' },
    ]);
    expect((await peerRecord(us.replica, ap.name)).error).toBeUndefined();
  });

  test('is given as much time as the spec says', async () => {
    const { federation, us } = await trio();
    await us.putFederation({ sync: { timeout: '2s' } });
    federation.fake('us', 'eu', { pull: () => new Promise(() => undefined) });
    const call = us.pullFrom('eu');
    await us.pullFrom('ap');

    federation.nowMs += 2000;

    expect(await call).toMatchObject({ outcome: 'failed', reason: 'eu (pull) did not answer within 2000 ms' });
  });

  test('floods is left when the caller\'s time is over, whatever it still has to say', async () => {
    const { federation, us, eu } = await trio();
    const control = new AbortController();
    let pages = 0;
    federation.fake('us', 'eu', { pull: async ({ since }) => { pages += 1; if (pages === 3) control.abort(new Error('time is over')); return emptyPage(since, true); } });

    const outcome = await pullFrom(us.replica, federation.peer(us.name, eu.name), control.signal);

    expect(outcome).toMatchObject({ outcome: 'failed', reason: 'time is over' });
    expect(pages).toBe(3);
  });

  test('answers heartbeats with garbage is unhealthy, and the others are not', async () => {
    const { federation, us, eu, ap } = await trio();
    federation.fake('us', 'eu', { heartbeat: async () => ({}) as never });

    for (let round = 0; round < 3; round += 1) for (const other of [eu, ap]) await beat(us.replica, federation.peer(us.name, other.name), never);

    expect((await peerRecord(us.replica, eu.name)).healthy).toBe(false);
    expect((await peerRecord(us.replica, ap.name)).healthy).toBe(true);
    expect(us.events.filter(({ kind }) => kind === 'MemberUnhealthy')).toMatchObject([{ member: 'eu' }]);
  });

  test('asks for a huge page gets a bounded one', async () => {
    const { us, eu } = await trio();
    const keys = Array.from({ length: 60 }, (_, at) => route(`r${at.toString()}`));
    for (const key of keys) us.cluster.put(key, { port: 1 });
    await us.cluster.send(keys);

    const page = await us.handlers.pull(eu.name, { since: new Map(), limit: Number.MAX_SAFE_INTEGER }, never);

    expect(page.kind === 'page' && page.answers.length).toBe(60);
  });

  test('asks for what was never there is told that it is absent', async () => {
    const { us, eu } = await trio();

    const { answers, rest } = await us.handlers.fetchRows(eu.name, { keys: [route('never')], keyHashes: ['ffffffffffffffff'], unindexed: undefined }, never);
    const { contents } = await us.handlers.fetchContents(eu.name, { wanted: [{ key: route('never'), hash: asHash('0'.repeat(64)) }] }, never);

    expect(answers).toEqual([{ key: route('never'), answer: { kind: 'absent', seen: await us.seen() } }]);
    expect(rest).toEqual([]);
    expect(contents.size).toBe(0);
  });

  test('claims to follow a log that does not exist gets a page', async () => {
    const { us } = await trio();

    const page = await answerPull(us.replica, new Map([[asIncarnation('iinvented2'), 10]]), 10, 'peer');

    expect(page.kind).toBe('page');
  });
});
