import { isLocalLog } from '../model/ids.ts';
import type { LogName, ResourceKey } from '../model/ids.ts';
import type { LogSegment } from '../model/log.ts';
import { areContiguous, reachedBy, segmentAfter } from '../model/log.ts';
import { provenanceBytes } from '../model/provenance.ts';
import type { Answer, HeldRow, Row } from '../model/row.ts';
import { counterOf, coversDot } from '../model/version-vector.ts';
import type { VersionVector } from '../model/version-vector.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { Compacted, KeyedAnswer, Page, PullRequest } from '../ports/peer.ts';
import { MAX_PAGE_BYTES } from '../ports/peer.ts';
import { MAX_ADVANCE_SEGMENTS, MAX_COMMIT_ROWS } from '../ports/store.ts';
import { positionOf, seenOf } from './position.ts';
import { lookForQuiet, quietForMs } from './quiet.ts';
import type { Replica } from './replica.ts';

/** Who asks: a peer follows the members' logs, a local follower the region's own besides. */
export type Scope = 'peer' | 'local';
/** Reads of a row that has not caught up with the log entry it answers, before the page is given up. */
const REREADS = 5;
/** What a row without content costs on the wire: names, contexts, stamps. */
const ROW_OVERHEAD_BYTES = 200;

/**
 * What changed since a vector (DESIGN §3): for each log whose head is past `since`, its next segments and the current rows of the
 * resources they touch, or that these are absent.
 *
 * @param limit log entries in the page at most; at least one segment's worth is always given
 * @returns `compacted` when a log no longer reaches back to `since`, does not join up, or the region's own has another name (a restore)
 */
export async function answerPull(replica: Replica, since: VersionVector, limit: number, scope: Scope): Promise<Page | Compacted> {
  const note = lookForQuiet(replica);
  const state = await replica.store.state();
  const heads = scope === 'local' ? positionOf(state) : seenOf(state);
  const compacted: Compacted = { kind: 'compacted', seen: heads, floors: state.seen.floors };
  if (scope === 'local' && state.local !== undefined && !since.has(state.local.log)) return compacted;

  const taken: LogSegment[] = [];
  let entries = 0;
  let more = false;
  for (const [log, head] of heads) {
    const from = counterOf(since, log);
    if (from >= head) continue;
    if (from < counterOf(state.seen.floors, log)) return compacted;
    const room = Math.min(MAX_ADVANCE_SEGMENTS - taken.length, limit - entries);
    if (room <= 0) { more = true; continue; }
    const found = await replica.store.segments(log, from, room);
    const segments = takeEntries(found.map((segment) => segmentAfter(segment, from)).filter((segment) => segment !== undefined), limit - entries);
    if (segments.length === 0 || !areContiguous(segments, from)) return compacted;
    taken.push(...segments);
    entries += segments.reduce((sum, segment) => sum + segment.entries.length, 0);
    if ((segments.at(-1)?.last ?? 0) < head) more = true;
  }
  if (taken.length === 0) note(state);
  return fillPage(replica, since, taken, more, scope);
}

/** As `answerPull` for a peer, which may let it be answered by a look that is not older than `maxAgeMs`, when that found nothing. */
export async function answerPeer(replica: Replica, { since, limit, maxAgeMs = 0 }: PullRequest): Promise<Page | Compacted> {
  return quietForMs(replica, since, 'peer', maxAgeMs) > 0 ? fillPage(replica, since, [], false, 'peer') : answerPull(replica, since, limit, 'peer');
}

/** Whole segments until `limit` entries are reached; the first may be cut, so that a page is never empty. */
function takeEntries(segments: readonly LogSegment[], limit: number): readonly LogSegment[] {
  const taken: LogSegment[] = [];
  let entries = 0;
  for (const segment of segments) {
    if (entries >= limit) break;
    const cutAt = segment.entries[limit - entries];
    const part = cutAt === undefined ? segment : cutAfter(segment, cutAt.counter - 1);
    if (part !== undefined) taken.push(part);
    if (part !== segment) break;
    entries += segment.entries.length;
  }
  return taken;
}

/** The part of a segment up to and including `last`. */
function cutAfter(segment: LogSegment, last: number): LogSegment | undefined {
  if (last < segment.first) return undefined;
  if (last >= segment.last) return segment;
  return { ...segment, last, entries: segment.entries.filter((entry) => entry.counter <= last), closes: false };
}

async function fillPage(replica: Replica, since: VersionVector, segments: readonly LogSegment[], more: boolean, scope: Scope): Promise<Page> {
  const answers = new Map<ResourceKey, Answer>();
  let bytes = 0;
  const kept: LogSegment[] = [];
  const full = new Set<LogName>();
  let cut = false;
  for (const segment of segments) {
    if (full.has(segment.log)) continue;
    await readAnswers(replica, segment, answers, scope);
    const fits = segment.entries.findIndex((entry) => {
      bytes += answerBytes(answers.get(entry.key));
      return bytes > MAX_PAGE_BYTES;
    });
    const isFirst = kept.length === 0;
    const cutAt = fits === -1 ? undefined : segment.entries[isFirst ? Math.max(fits, 1) : fits];
    const part = cutAt === undefined ? segment : cutAfter(segment, cutAt.counter - 1);
    if (part !== undefined) kept.push(part);
    if (part !== segment) { full.add(segment.log); cut = true; }
  }
  const touched = new Set(kept.flatMap((segment) => segment.entries.map((entry) => entry.key)));
  return {
    kind: 'page',
    from: replica.identity.member,
    since,
    upTo: reachedBy(kept, since),
    segments: kept,
    answers: [...touched].map((key) => ({ key, answer: answerIn(answers, key) })),
    more: more || cut,
  };
}

function answerIn(answers: ReadonlyMap<ResourceKey, Answer>, key: ResourceKey): Answer {
  const answer = answers.get(key);
  if (answer === undefined) throw new RangeError(`no answer was read for ${key}`);
  return answer;
}

/**
 * Reads the rows a segment touches, again where one has not caught up with its entry. One that never does is damaged: a peer is told
 * nothing of it, while the region's own followers go on with what there is, the Merkle index among them, by which it is repaired.
 */
async function readAnswers(replica: Replica, segment: LogSegment, answers: Map<ResourceKey, Answer>, scope: Scope): Promise<void> {
  let wanted = segment.entries.filter((entry) => !isAnswered(segment, entry.counter, answers.get(entry.key)));
  for (let read = 0; wanted.length > 0; read += 1) {
    if (read >= REREADS && scope === 'local') return;
    if (read >= REREADS) throw new ReplicaError('unavailable', `row ${wanted[0]?.key ?? ''} stays behind log ${segment.log} at ${(wanted[0]?.counter ?? 0).toString()}; try again`);
    for (const { key, answer } of await answersFor(replica, wanted.map((entry) => entry.key))) answers.set(key, answer);
    wanted = wanted.filter((entry) => !isAnswered(segment, entry.counter, answers.get(entry.key)));
  }
}

function isAnswered(segment: LogSegment, counter: number, answer: Answer | undefined): boolean {
  if (answer === undefined) return false;
  if (isLocalLog(segment.log)) return true;
  return coversDot(answer.kind === 'row' ? answer.row.context : answer.seen, { incarnation: segment.log, counter });
}

/** The rows of resources, or that they are absent, each with `seen` in one consistent picture (DESIGN §4). */
export async function answersFor(replica: Replica, keys: readonly ResourceKey[]): Promise<readonly KeyedAnswer[]> {
  const answers: KeyedAnswer[] = [];
  const unique = [...new Set(keys)];
  for (let at = 0; at < unique.length; at += MAX_COMMIT_ROWS) {
    const picture = await replica.store.picture(unique.slice(at, at + MAX_COMMIT_ROWS));
    const seen = seenOf(picture);
    for (const key of unique.slice(at, at + MAX_COMMIT_ROWS)) answers.push({ key, answer: answerOf(picture.rows.get(key), seen) });
  }
  return answers;
}

/** What travels of a row: never its local part. */
export const answerOf = (row: HeldRow | undefined, seen: VersionVector): Answer =>
  row === undefined ? { kind: 'absent', seen } : { kind: 'row', row: travellingPart(row) };

export const travellingPart = ({ context, siblings }: HeldRow): Row => ({ context, siblings });

/** About how long an answer is on the wire. */
export function answerBytes(answer: Answer | undefined): number {
  if (answer?.kind !== 'row') return ROW_OVERHEAD_BYTES;
  return answer.row.siblings.reduce((sum, { body }) => sum + ROW_OVERHEAD_BYTES + (body.kind === 'live' ? (body.content === undefined ? 0 : body.bytes) + provenanceBytes(body.fields) : 0), ROW_OVERHEAD_BYTES);
}
