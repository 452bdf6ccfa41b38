import type { LogName, ResourceKey } from './ids.ts';
import type { VersionVector } from './version-vector.ts';
import { counterOf } from './version-vector.ts';

/** The resource one dot touched. */
export interface LogEntry { readonly counter: number; readonly key: ResourceKey }

/** A counter range of one log, with any number of entries: what one commit, or one closing of an incarnation, appended. */
export interface LogSegment {
  readonly log: LogName;
  readonly first: number;
  readonly last: number;
  readonly entries: readonly LogEntry[];
  readonly committedAtMs: number;
  readonly requestId: string | undefined;
  /** The range ends the incarnation: nothing of it was or will be beyond `last`. */
  readonly closes: boolean;
}

/** Whether segments join up without a gap from `since` on. */
export function areContiguous(segments: readonly LogSegment[], since: number): boolean {
  let reached = since;
  for (const segment of segments) {
    if (segment.first > reached + 1) return false;
    reached = Math.max(reached, segment.last);
  }
  return true;
}

/** Whether a segment names the resource of every counter in its range, in order. */
export const isDense = ({ first, last, entries }: LogSegment): boolean =>
  entries.length === last - first + 1 && entries.every(({ counter }, at) => counter === first + at);

/** How far a follower at `since` is once it has these segments, which must join up. */
export function reachedBy(segments: readonly LogSegment[], since: VersionVector): VersionVector {
  const reached = new Map(since);
  for (const { log, last } of segments) if (counterOf(reached, log) < last) reached.set(log, last);
  return reached;
}

/** The part of a segment beyond `since`, entries included; undefined when nothing is left. */
export function segmentAfter(segment: LogSegment, since: number): LogSegment | undefined {
  if (segment.last <= since) return undefined;
  if (segment.first > since) return segment;
  return { ...segment, first: since + 1, entries: segment.entries.filter((entry) => entry.counter > since) };
}

/** The resources the segments touch, each once, in order of first touch. */
export const touchedKeys = (segments: readonly LogSegment[]): readonly ResourceKey[] =>
  [...new Set(segments.flatMap((segment) => segment.entries.map((entry) => entry.key)))];
