import { describe, expect, test } from 'vitest';
import { asIncarnation, asLocalLog } from '../model/ids.ts';
import type { LogName } from '../model/ids.ts';
import type { LogSegment } from '../model/log.ts';
import type { Row } from '../model/row.ts';
import type { Heartbeat, KeyedAnswer, Page } from '../ports/peer.ts';
import { applyPage } from './apply.ts';
import { beat, ownHeartbeat } from './heartbeat.ts';
import { knownClocks, knownLogs, peerRecord } from './known-members.ts';
import { answerPull } from './pages.ts';
import { Federation, never, route } from './testing.ts';
import type { TestMember } from './testing.ts';
import { MAX_LEAD } from './trust.ts';

const a = route('a');
const unknown = asIncarnation('iunknown22');

interface Trio { readonly federation: Federation; readonly us: TestMember; readonly eu: TestMember; readonly ap: TestMember }
async function trio(): Promise<Trio> {
  const federation = await Federation.start({ members: ['us', 'eu', 'ap'] });
  return { federation, us: federation.member('us'), eu: federation.member('eu'), ap: federation.member('ap') };
}

/** What `from` would answer to somebody who has nothing. */
async function pageOf(from: TestMember): Promise<Page> {
  const page = await answerPull(from.replica, new Map(), 100, 'peer');
  if (page.kind !== 'page') throw new Error('compacted');
  return page;
}

/** The page with another row of `a` in it. */
const withRow = (page: Page, change: (row: Row) => Row): Page =>
  ({ ...page, answers: page.answers.map(({ key, answer }): KeyedAnswer => ({ key, answer: answer.kind === 'row' ? { kind: 'row', row: change(answer.row) } : answer })) });

/** The page with the context of its rows, and all it claims, at `counter` of `log`. */
const claiming = (page: Page, log: LogName, counter: number): Page => withRow({ ...page, upTo: new Map([...page.upTo, [log, counter]]) }, (row) => ({ ...row, context: new Map([...row.context, [log, counter]]) }));

const emptySegment = (log: LogName, first: number, last: number): LogSegment => ({ log, first, last, entries: [], committedAtMs: 0, requestId: undefined, closes: false });
const misbehaved = (member: TestMember): readonly unknown[] => member.events.filter(({ kind }) => kind === 'PeerMisbehaved');

describe('a page is refused', () => {
  test('that carries a dot of mine which I never issued, and its sender is reported [I1]', async () => {
    const { federation, us, eu } = await trio();
    await us.cluster.write(a, { port: 1 });
    const forged = claiming(await pageOf(us), await eu.incarnation(), 1);
    federation.fake('eu', 'us', { pull: async () => forged });

    const outcome = await eu.pullFrom('us');

    expect(outcome).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('is mine and was never issued') });
    expect(misbehaved(eu)).toMatchObject([{ member: 'us' }]);
    expect(await eu.row(a)).toBeUndefined();
    expect((await peerRecord(eu.replica, us.name)).error).toContain('never issued');
  });

  test('that has the same dot with another content, and its sender is reported [I1]', async () => {
    const { federation, us, eu } = await trio();
    await us.cluster.write(a, { port: 1 });
    const page = await pageOf(us);
    await eu.pullFrom('us');
    federation.fake('eu', 'us', { pull: async () => withRow(page, (row) => ({ ...row, siblings: row.siblings.map((sibling) => ({ ...sibling, body: { kind: 'deleted' as const } })) })) });

    const outcome = await eu.pullFrom('us');

    expect(outcome).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('another content') });
    expect(misbehaved(eu)).toHaveLength(1);
    expect(await eu.versions(a)).toEqual([{ port: 1 }]);
  });

  test('that has a dot outside of its row\'s context', async () => {
    const { us, eu } = await trio();
    await us.cluster.write(a, { port: 1 });

    const outcome = await applyPage(eu.replica, withRow(await pageOf(us), (row) => ({ ...row, context: new Map() })));

    expect(outcome).toMatchObject({ kind: 'refuse', reason: expect.stringContaining('not in its row\'s context') });
  });

  test('that carries another region\'s own log', async () => {
    const { us, eu } = await trio();
    await us.cluster.write(a, { port: 1 });
    const page = await pageOf(us);

    const outcome = await applyPage(eu.replica, { ...page, segments: [...page.segments, emptySegment(asLocalLog('lforeign22'), 1, 5)] });

    expect(outcome).toMatchObject({ kind: 'refuse', reason: expect.stringContaining('does not travel') });
  });

  test('in a push as in a pull', async () => {
    const { us, eu } = await trio();
    await us.cluster.write(a, { port: 1 });

    const result = await eu.handlers.push(us.name, { kind: 'page', page: claiming(await pageOf(us), await eu.incarnation(), 1) }, never);

    expect(result.kind).toBe('deferred');
    expect(misbehaved(eu)).toMatchObject([{ member: 'us' }]);
  });

  test('in a repair as in a pull, and its sender is reported', async () => {
    const { us, eu } = await trio();
    await us.cluster.write(a, { port: 1 });
    const { answers } = claiming(await pageOf(us), await eu.incarnation(), 1);

    const result = await eu.handlers.push(us.name, { kind: 'repair', from: us.name, answers }, never);

    expect(result.kind).toBe('deferred');
    expect(misbehaved(eu)).toMatchObject([{ member: 'us' }]);
  });

  test('in a comparison as in a pull, and its sender is reported', async () => {
    const { federation, us, eu } = await trio();
    await us.cluster.write(a, { port: 1 });
    const { answers } = claiming(await pageOf(us), await eu.incarnation(), 1);
    federation.fake('eu', 'us', { fetchRows: async () => ({ answers, rest: [] }), pull: async (request) => ({ kind: 'page', from: us.name, since: request.since, upTo: request.since, segments: [], answers: [], more: false }) });

    const [outcome] = await eu.operator.reconcile(us.name, never);

    expect(outcome?.outcome).toBe('failed');
    expect(misbehaved(eu)).toMatchObject([{ member: 'us' }]);
  });
});

describe('a peer cannot move `seen` past what another member is yet to write [I3]', () => {
  const entriesFor = (counters: readonly number[]): LogSegment['entries'] => counters.map((counter) => ({ counter, key: a }));
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

  test.each([
    ['no entries', [], false],
    ['no entries, as if its log had been closed', [], true],
    ['fewer entries than its range is long', upTo(40), false],
    ['one entry many times', upTo(50).map(() => 50), false],
    ['entries beyond its range', [...upTo(49), 51], false],
  ])('by a range with %s', async (_what, counters, closes) => {
    const { us, eu, ap } = await trio();
    await us.cluster.write(a, { port: 1 });
    const log = await ap.incarnation();
    const page = claiming(await pageOf(us), log, 50);

    const outcome = await applyPage(eu.replica, { ...page, segments: [...page.segments, { ...emptySegment(log, 1, 50), entries: entriesFor(counters), closes }] });
    await ap.cluster.write(route('b'), { port: 2 });
    await eu.pullFrom('ap');

    expect(outcome).toMatchObject({ kind: 'refuse', reason: expect.stringContaining(`${counters.length.toString()} entries`) });
    expect(await eu.versions(route('b'))).toEqual([{ port: 2 }]);
  });

  test('by what it claims to have seen in a resynchronization', async () => {
    const { federation, us, eu, ap } = await trio();
    await ap.cluster.write(a, { port: 1 });
    await federation.exchange();
    const log = await ap.incarnation();
    federation.fake('eu', 'us', {
      pull: async () => ({ kind: 'compacted', seen: new Map(), floors: new Map() }),
      compareDigests: async (request) => {
        const answer = await us.handlers.compareDigests(eu.name, request, never);
        return answer.kind === 'different' ? { ...answer, seen: new Map([...answer.seen, [log, 500]]) } : answer;
      },
    });

    const outcome = await eu.pullFrom('us');
    await ap.cluster.write(route('b'), { port: 2 });
    await eu.pullFrom('ap');

    expect(outcome.outcome).toBe('resynchronized');
    expect((await eu.seen()).get(log)).toBe(2);
    expect(await eu.versions(route('b'))).toEqual([{ port: 2 }]);
  });
});

describe('a page is put off', () => {
  test('with an unknown incarnation, and taken once that is known', async () => {
    const federation = new Federation();
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    for (const member of [us, eu]) await member.start();
    await us.cluster.write(a, { port: 1 });

    const before = await eu.pullFrom('us');
    federation.ledgers.settle();
    const after = await eu.pullFrom('us');

    expect(before).toMatchObject({ outcome: 'deferred', reason: expect.stringContaining('not known yet') });
    expect(after).toMatchObject({ outcome: 'level', changes: 1 });
    expect(misbehaved(eu)).toEqual([]);
  });

  test.each([[MAX_LEAD, 'applied'], [MAX_LEAD + 1, 'defer']])('with a counter %i beyond its owner\'s head: %s', async (lead, kind) => {
    const { us, eu, ap } = await trio();
    await us.cluster.write(a, { port: 1 });

    const outcome = await applyPage(eu.replica, claiming(await pageOf(us), await ap.incarnation(), lead));

    expect(outcome.kind).toBe(kind);
  });

  test('with an absent answer that claims to have seen the unknown', async () => {
    const { us, eu } = await trio();
    await us.cluster.write(a, { port: 1 });
    const page = await pageOf(us);

    const outcome = await applyPage(eu.replica, { ...page, answers: [{ key: a, answer: { kind: 'absent', seen: new Map<LogName, number>([...page.upTo, [unknown, 1]]) } }] });

    expect(outcome.kind).toBe('defer');
  });

  test('with an empty segment far beyond what its owner wrote [I2]', async () => {
    const { us, eu, ap } = await trio();
    await us.cluster.write(a, { port: 1 });
    const page = await pageOf(us);
    const log = await ap.incarnation();

    const outcome = await applyPage(eu.replica, { ...page, segments: [...page.segments, emptySegment(log, 1, 1_000_000)] });

    expect(outcome.kind).toBe('defer');
    expect((await eu.seen()).has(log)).toBe(false);
  });

  test('with an empty segment of an unknown incarnation [I2]', async () => {
    const { us, eu } = await trio();
    const page = await pageOf(us);

    const outcome = await applyPage(eu.replica, { ...page, segments: [emptySegment(unknown, 1, 7)] });

    expect(outcome.kind).toBe('defer');
    expect((await eu.seen()).has(unknown)).toBe(false);
  });

  test('with a `seen` in a resynchronization that its owner is far from [I2]', async () => {
    const { federation, us, eu, ap } = await trio();
    const log = await ap.incarnation();
    federation.fake('eu', 'us', {
      pull: async () => ({ kind: 'compacted', seen: new Map(), floors: new Map() }),
      compareDigests: async (request) => {
        const answer = await us.handlers.compareDigests(eu.name, request, never);
        return answer.kind === 'different' ? { ...answer, seen: new Map([[log, 1_000_000]]) } : answer;
      },
    });

    const outcome = await eu.pullFrom('us');

    expect(outcome.outcome).toBe('failed');
    expect((await eu.seen()).has(log)).toBe(false);
  });
});

describe('what third members wrote', () => {
  test('may come by any member, so that it gets around a partial partition', async () => {
    const { federation, us, eu, ap } = await trio();
    federation.cut('us', 'ap');
    await us.cluster.write(a, { port: 1 });
    await eu.pullFrom('us');

    await ap.pullFrom('eu');

    expect(await ap.versions(a)).toEqual([{ port: 1 }]);
  });
});

describe('a heartbeat', () => {
  const answering = async (federation: Federation, member: TestMember, change: (heartbeat: Heartbeat) => Heartbeat): Promise<'answered' | 'failed'> => {
    const { us } = { us: federation.member('us') };
    federation.fake('us', member.name, { heartbeat: async () => change(await ownHeartbeat(member.replica)) });
    return beat(us.replica, federation.peer(us.name, member.name), never);
  };

  test('with another member\'s clock is refused [I10]', async () => {
    const { federation, us, eu, ap } = await trio();
    const { clock } = await ownHeartbeat(ap.replica);

    const answer = await answering(federation, eu, (heartbeat) => ({ ...heartbeat, clock }));

    expect(answer).toBe('failed');
    expect((await peerRecord(us.replica, eu.name)).clock?.member).toBe('eu');
  });

  test('of another federation is refused, naming both', async () => {
    const { federation, us, eu } = await trio();

    const answer = await answering(federation, eu, (heartbeat) => ({ ...heartbeat, federationId: 'staging' }));

    expect(answer).toBe('failed');
    expect((await peerRecord(us.replica, eu.name)).error).toMatch(/"staging".*"prod"/);
  });

  test('from somebody else than the caller is refused', async () => {
    const { us, eu, ap } = await trio();

    await expect(us.handlers.heartbeat(eu.name, await ownHeartbeat(ap.replica), never)).rejects.toMatchObject({ code: 'refused' });
  });

  test('that claims the incarnation of another member is refused [I10]', async () => {
    const { federation, us, eu, ap } = await trio();
    const log = await ap.incarnation();

    const answer = await answering(federation, eu, (heartbeat) => ({ ...heartbeat, clock: { ...heartbeat.clock, closed: new Map([[log, 1_000_000]]) } }));

    expect(answer).toBe('failed');
    expect(knownLogs(await knownClocks(us.replica)).get(log)).toMatchObject({ owner: 'ap', head: 0 });
  });

  test('that claims an incarnation of mine is refused [I1]', async () => {
    const { federation, us, eu } = await trio();
    const log = await us.incarnation();

    const answer = await answering(federation, eu, (heartbeat) => ({ ...heartbeat, clock: { ...heartbeat.clock, incarnation: log, closed: new Map([[heartbeat.clock.incarnation, 0]]) } }));

    expect(answer).toBe('failed');
    expect(knownLogs(await knownClocks(us.replica)).get(log)?.owner).toBe('us');
  });

  test('that claims to have seen what nobody wrote does not hold up collection for ever [I12]', async () => {
    const { federation, us, eu } = await trio();
    await answering(federation, eu, (heartbeat) => ({ ...heartbeat, seen: new Map<LogName, number>([...heartbeat.seen, [unknown, 5]]) }));
    await us.cluster.write(a, { port: 1 });
    await federation.exchange();

    await answering(federation, eu, (heartbeat) => heartbeat);

    const { reports } = await peerRecord(us.replica, eu.name);
    expect(reports.settled?.get(await us.incarnation())).toBe(1);
    expect(reports.waiting).toBeUndefined();
  });
});
