import type { LocalLog, ResourceKey } from '../model/ids.ts';
import { join, sameRow } from '../model/join.ts';
import { reachedBy, segmentAfter, touchedKeys } from '../model/log.ts';
import type { LogSegment } from '../model/log.ts';
import type { Answer, HeldRow, Row } from '../model/row.ts';
import { absentRow, hasLiveSibling, isConflict, rowOf } from '../model/row.ts';
import { isBelievable, laterStamp, zeroStamp } from '../model/stamp.ts';
import type { Stamp } from '../model/stamp.ts';
import type { Incarnation } from '../model/ids.ts';
import { counterOf, coversDot } from '../model/version-vector.ts';
import type { Dot, VersionVector } from '../model/version-vector.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { KeyedAnswer, Page } from '../ports/peer.ts';
import type { RegionState } from '../ports/store.ts';
import type { ClusterFacts } from './bridge-record.ts';
import { readClusterFacts, shownOf } from './bridge-record.ts';
import { held } from './local-part.ts';
import { seenOf } from './position.ts';
import { moving } from './quiet.ts';
import type { Replica } from './replica.ts';
import type { Distrust } from './trust.ts';
import { contradiction, distrustAnswers, distrustPage, trustFacts } from './trust.ts';

export type ApplyOutcome =
  | { readonly kind: 'applied'; readonly changed: readonly ResourceKey[] }
  /** The page begins beyond what is here, or lacks an answer that its log asks for. */
  | { readonly kind: 'gap' }
  /** Another handler moved the same log; pull again. */
  | { readonly kind: 'moved' }
  | Distrust;

/** How an arriving answer changes a row: as a log announces to whoever follows this region, or aside of any (a repair, a delete from the ledger). */
type Way = { readonly kind: 'off-log' } | Announced;
/** With what the page's log says of the resource, and what was just read for several of its answers: first the rows, then the state. */
interface Announced { readonly kind: 'log'; readonly entries: readonly Dot[]; readonly rows: ReadonlyMap<ResourceKey, HeldRow>; readonly state: () => Promise<RegionState> }
/** Nobody waits for what it knows: it takes nothing, whoever sends it. */
const HAS_LEFT: Distrust = { kind: 'defer', reason: 'this member has left the federation' };
const OFF_LOG: Way = { kind: 'off-log' };

/**
 * Takes a page of a peer (DESIGN §4, "Join"): joins each answer into its row, and only then moves the log segments and `seen`, on
 * condition that these still are where the page began. Repeated, late and reordered pages change nothing.
 */
export async function applyPage(replica: Replica, page: Page): Promise<ApplyOutcome> {
  const state = await replica.store.state();
  if (state.clock?.state === 'left') return HAS_LEFT;
  const seen = seenOf(state);
  const distrust = distrustPage(await trustFacts(replica, state), page);
  if (distrust !== undefined) return distrust;
  const segments = page.segments.filter((segment) => !isOwn(state, segment)).map((segment) => segmentAfter(segment, counterOf(seen, segment.log))).filter((segment) => segment !== undefined);
  if (!joinsUp(segments, seen) || !isComplete(segments, page.answers)) return { kind: 'gap' };

  const joined = await joinAnswers(replica, page);
  if (joined.kind !== 'applied') return joined;
  const { changed } = joined;
  if (segments.length > 0) {
    const to = reachedBy(segments, new Map()) as VersionVector<Incarnation>;
    const from = new Map([...to.keys()].map((log) => [log, counterOf(state.seen.others, log)] as const));
    const outcome = await moving(replica, () => replica.store.advance({ segments, from, to, maxStamp: greatestBelievable(page.answers, replica.clock.nowMs()) }));
    if (outcome === 'moved') return { kind: 'moved' };
  }
  if (changed.length > 0) await replica.events.publish({ kind: 'RowsChanged' });
  return { kind: 'applied', changed };
}

/** Takes rows that no log announces: repairs, and deletes from the ledger. Each is entered into the region's own log. */
export async function applyOffLog(replica: Replica, answers: readonly KeyedAnswer[]): Promise<Extract<ApplyOutcome, { kind: 'applied' }> | Distrust> {
  const state = await replica.store.state();
  if (state.clock?.state === 'left') return HAS_LEFT;
  const distrust = distrustAnswers(await trustFacts(replica, state), answers);
  if (distrust !== undefined) return distrust;
  const facts = await readClusterFacts(replica);
  const joined = await joinOffLog(replica, answers, facts);
  if (joined.kind === 'applied' && joined.changed.length > 0) await replica.events.publish({ kind: 'RowsChanged' });
  return joined;
}

const isOwn = (state: RegionState, segment: LogSegment): boolean => state.clock?.state === 'serving' && segment.log === state.clock.incarnation;

function joinsUp(segments: readonly LogSegment[], seen: VersionVector): boolean {
  const reached = new Map(seen);
  for (const { log, first, last } of segments) {
    if (first > counterOf(reached, log) + 1) return false;
    reached.set(log, Math.max(last, counterOf(reached, log)));
  }
  return true;
}

/** Every entry needs an answer that covers it, or moving `seen` past it would lose it. */
function isComplete(segments: readonly LogSegment[], answers: readonly KeyedAnswer[]): boolean {
  const rows = new Map(answers.map(({ key, answer }) => [key, rowOf(answer)]));
  return touchedKeys(segments).every((key) => rows.has(key)) && segments.every(({ log, entries }) =>
    entries.every(({ counter, key }) => coversDot(rows.get(key)?.context ?? new Map(), { incarnation: log as Incarnation, counter })));
}

/** Rows of a page joined at a time: by then a store over a network is busy, and 16 rows are a short transaction for one in a file. */
const JOINS_AT_ONCE = 16;

/**
 * Joins a page's answers, several at a time: they are of different rows, and each is conditional on its own. A late page may bring a
 * newer row than its log tells of; that is entered into the region's own log, or nobody who follows it would hear.
 */
async function joinAnswers(replica: Replica, { answers, segments }: Page): Promise<Extract<ApplyOutcome, { kind: 'applied' }> | Distrust> {
  const facts = await readClusterFacts(replica);
  const entries = dotsByKey(segments);
  const changed: ResourceKey[] = [];
  const unannounced: KeyedAnswer[] = [];
  for (let at = 0; at < answers.length; at += JOINS_AT_ONCE) {
    const some = answers.slice(at, at + JOINS_AT_ONCE);
    const rows = await replica.store.rows(some.map(({ key }) => key));
    const state = once(() => replica.store.state());
    const settled = await Promise.allSettled(some.map(({ key, answer }) => joinAnswer(replica, key, answer, facts, { kind: 'log', entries: entries.get(key) ?? [], rows, state })));
    for (const [position, keyed] of some.entries()) {
      const result = settled[position];
      if (result?.status === 'rejected') throw result.reason;
      if (typeof result?.value === 'object') return result.value;
      if (result?.value === 'changed') changed.push(keyed.key);
      if (result?.value === 'unannounced') unannounced.push(keyed);
    }
  }
  const aside = await joinOffLog(replica, unannounced, facts);
  return aside.kind === 'applied' ? { kind: 'applied', changed: [...changed, ...aside.changed] } : aside;
}

/** One by one: each takes a place in the region's own log. */
async function joinOffLog(replica: Replica, answers: readonly KeyedAnswer[], facts: ClusterFacts): Promise<Extract<ApplyOutcome, { kind: 'applied' }> | Distrust> {
  const changed: ResourceKey[] = [];
  for (const { key, answer } of answers) {
    const outcome = await joinAnswer(replica, key, answer, facts, OFF_LOG);
    if (typeof outcome === 'object') return outcome;
    if (outcome === 'changed') changed.push(key);
  }
  return { kind: 'applied', changed };
}

function dotsByKey(segments: readonly LogSegment[]): ReadonlyMap<ResourceKey, readonly Dot[]> {
  const dots = new Map<ResourceKey, Dot[]>();
  for (const { log, entries } of segments) for (const { counter, key } of entries) dots.set(key, [...(dots.get(key) ?? []), { incarnation: log as Incarnation, counter }]);
  return dots;
}

function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let reading: Promise<Value> | undefined;
  return () => (reading ??= read());
}

/**
 * Joins one answer into the row here. To receive, the row is read first, then `seen`: an absent row is everything seen *after* it
 * was found missing. Nothing is written, but `unannounced` said, where no log that follows will tell of the change.
 */
async function joinAnswer(replica: Replica, key: ResourceKey, answer: Answer, facts: ClusterFacts, way: Way): Promise<'changed' | 'unchanged' | 'unannounced' | Distrust> {
  for (let attempt = 0; attempt < replica.limits.writeAttempts; attempt += 1) {
    const read = attempt === 0 && way.kind === 'log' ? way : undefined;
    const row = (read?.rows ?? await replica.store.rows([key])).get(key);
    const arriving = rowOf(answer);
    const refusal = contradiction(key, row, arriving);
    if (refusal !== undefined) return refusal;
    const readState = once(read?.state ?? (() => replica.store.state()));
    const here = row ?? absentRow(seenOf(await readState()));
    const joined = withLastDeletes(join(here, arriving), row);
    if (row === undefined ? joined.siblings.length === 0 : sameRow(row, joined)) return 'unchanged';
    const state = await readState();
    if (way.kind === 'log' && !isAnnounced([...way.entries, ...arriving.siblings.map(({ dot }) => dot)], here, seenOf(state))) return 'unannounced';

    const nowMs = replica.clock.nowMs();
    const shown = await shownOf(replica, key, row, facts);
    const { local } = state;
    const offLog = way.kind === 'off-log' && local !== undefined ? { log: local.log, counter: local.head + 1 } : undefined;
    const next = joined.siblings.length === 0 ? 'drop' : held(replica, joined, row, { nowMs, shown, offLog, fromOthers: isNewHere(row, joined, state, facts) || undefined });
    const put = { key, next, if: row?.local.revision ?? 'absent' } as const;
    const outcome = offLog === undefined
      ? await replica.store.putRow(put)
      : await moving(replica, () => replica.store.putOffLog({ puts: [put], segment: localSegment(offLog, key, nowMs), ifHead: offLog.counter - 1 }));
    if (outcome === 'ok') {
      await announce(replica, key, row, next);
      return 'changed';
    }
  }
  throw new ReplicaError('busy', `row ${key} kept changing under ${replica.limits.writeAttempts.toString()} attempts to join a version into it; it will be tried again`);
}

/**
 * Whether `seen` has still to pass one of these versions, which the row lacked. Whoever moves it past that in the meantime has joined
 * it first, so that the row is another one then.
 */
const isAnnounced = (dots: readonly Dot[], here: Row, seen: VersionVector): boolean => dots.some((dot) => !coversDot(seen, dot) && !coversDot(here.context, dot));

/**
 * Whether the cluster, which had nothing of the name, gets the object from others. A region that lost state does not know what its cluster
 * has: then nobody says so.
 */
function isNewHere(before: Row | undefined, joined: Row, { clock, tableId }: RegionState, { record }: ClusterFacts): boolean {
  if (clock?.state !== 'serving' || clock.tableId !== tableId) return false;
  return (before === undefined || !hasLiveSibling(before)) && joined.siblings.every(({ body, origin }) => body.kind === 'deleted' || origin !== record?.clusterId);
}

/**
 * Where others have collected what stands here, the deletes stay until they are collected here, in their time (decision 15): a handler
 * that found no row before they came must not find none again, or it writes as one who has not seen them.
 */
function withLastDeletes(joined: Row, before: HeldRow | undefined): Row {
  if (before === undefined || joined.siblings.length > 0) return joined;
  return { context: joined.context, siblings: before.siblings.filter(({ body }) => body.kind === 'deleted') };
}

/** One entry of the region's own log. */
export const localSegment = (at: { readonly log: LocalLog; readonly counter: number }, key: ResourceKey, nowMs: number): LogSegment => ({
  log: at.log, first: at.counter, last: at.counter, entries: [{ counter: at.counter, key }], committedAtMs: nowMs, requestId: undefined, closes: false,
});

async function announce(replica: Replica, key: ResourceKey, before: HeldRow | undefined, after: HeldRow | 'drop'): Promise<void> {
  const isInConflict = after !== 'drop' && isConflict(after);
  const wasInConflict = before !== undefined && isConflict(before);
  if (isInConflict && !wasInConflict) await replica.events.publish({ kind: 'ConflictDetected', key });
  if (!isInConflict && wasInConflict) await replica.events.publish({ kind: 'ConflictResolved', key });
}

/** The greatest stamp that may move this region's clock. */
function greatestBelievable(answers: readonly KeyedAnswer[], nowMs: number): Stamp {
  let greatest = zeroStamp;
  for (const { answer } of answers) {
    if (answer.kind !== 'row') continue;
    for (const { stamp } of answer.row.siblings) if (isBelievable(stamp, nowMs)) greatest = laterStamp(stamp, greatest);
  }
  return greatest;
}
