import type { LocalLog, ResourceKey } from '../model/ids.ts';
import { join, sameRow } from '../model/join.ts';
import { reachedBy, segmentAfter, touchedKeys } from '../model/log.ts';
import type { LogSegment } from '../model/log.ts';
import type { Answer, HeldRow, Row } from '../model/row.ts';
import { absentRow, isConflict, rowOf } from '../model/row.ts';
import { isBelievable, laterStamp, zeroStamp } from '../model/stamp.ts';
import type { Stamp } from '../model/stamp.ts';
import type { Incarnation } from '../model/ids.ts';
import { counterOf, coversDot } from '../model/version-vector.ts';
import type { VersionVector } from '../model/version-vector.ts';
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

/** How an arriving answer changes a row: as its log says, or aside of any log (a repair, a delete from the ledger). */
type Way = 'log' | 'off-log';

/**
 * Takes a page of a peer (DESIGN §4, "Join"): joins each answer into its row, and only then moves the log segments and `seen`, on
 * condition that these still are where the page began. Repeated, late and reordered pages change nothing.
 */
export async function applyPage(replica: Replica, page: Page): Promise<ApplyOutcome> {
  const state = await replica.store.state();
  const seen = seenOf(state);
  const distrust = distrustPage(await trustFacts(replica, state), page);
  if (distrust !== undefined) return distrust;
  const segments = page.segments.filter((segment) => !isOwn(state, segment)).map((segment) => segmentAfter(segment, counterOf(seen, segment.log))).filter((segment) => segment !== undefined);
  if (!joinsUp(segments, seen) || !isComplete(segments, page.answers)) return { kind: 'gap' };

  const joined = await joinAnswers(replica, page.answers);
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
  const distrust = distrustAnswers(await trustFacts(replica, await replica.store.state()), answers);
  if (distrust !== undefined) return distrust;
  const facts = await readClusterFacts(replica);
  const changed: ResourceKey[] = [];
  for (const { key, answer } of answers) {
    const outcome = await joinAnswer(replica, key, answer, facts, 'off-log');
    if (outcome === 'changed') changed.push(key);
    else if (outcome !== 'unchanged') return outcome;
  }
  if (changed.length > 0) await replica.events.publish({ kind: 'RowsChanged' });
  return { kind: 'applied', changed };
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

/** Joins a page's answers, several at a time: they are of different rows, and each is conditional on its own. */
async function joinAnswers(replica: Replica, answers: readonly KeyedAnswer[]): Promise<Extract<ApplyOutcome, { kind: 'applied' }> | Distrust> {
  const facts = await readClusterFacts(replica);
  const changed: ResourceKey[] = [];
  for (let at = 0; at < answers.length; at += JOINS_AT_ONCE) {
    const some = answers.slice(at, at + JOINS_AT_ONCE);
    const rows = await replica.store.rows(some.map(({ key }) => key));
    const settled = await Promise.allSettled(some.map(({ key, answer }) => joinAnswer(replica, key, answer, facts, 'log', rows)));
    for (const [position, { key }] of some.entries()) {
      const result = settled[position];
      if (result?.status === 'rejected') throw result.reason;
      if (result?.value === 'changed') changed.push(key);
      else if (result !== undefined && result.value !== 'unchanged') return result.value;
    }
  }
  return { kind: 'applied', changed };
}

/**
 * Joins one answer into the row here. To receive, the row is read first, then `seen`: an absent row is everything seen *after* it
 * was found missing.
 *
 * @param read the row as it was just read, with others
 */
async function joinAnswer(replica: Replica, key: ResourceKey, answer: Answer, facts: ClusterFacts, way: Way, read?: ReadonlyMap<ResourceKey, HeldRow>): Promise<'changed' | 'unchanged' | Distrust> {
  for (let attempt = 0; attempt < replica.limits.writeAttempts; attempt += 1) {
    const row = (attempt === 0 && read !== undefined ? read : await replica.store.rows([key])).get(key);
    const arriving = rowOf(answer);
    const refusal = contradiction(key, row, arriving);
    if (refusal !== undefined) return refusal;
    const state = row === undefined || way === 'off-log' ? await replica.store.state() : undefined;
    const joined = withLastDeletes(join(row ?? absentRow(state === undefined ? new Map() : seenOf(state)), arriving), row);
    if (row === undefined ? joined.siblings.length === 0 : sameRow(row, joined)) return 'unchanged';

    const nowMs = replica.clock.nowMs();
    const shown = await shownOf(replica, key, row, facts);
    const local = state?.local;
    const offLog = way === 'off-log' && local !== undefined ? { log: local.log, counter: local.head + 1 } : undefined;
    const next = joined.siblings.length === 0 ? 'drop' : held(replica, joined, row, { nowMs, shown, offLog });
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
