import type { Body, Origin, Row, Sibling } from './row.ts';
import { absentRow, writerKnew } from './row.ts';
import type { Stamp } from './stamp.ts';
import { compareStamps } from './stamp.ts';
import type { Dot, VersionVector } from './version-vector.ts';
import { compareDots, coversDot, dotKey, mergeVectors, withDot } from './version-vector.ts';

/** A write about to be made by somebody who had been shown `context`. */
export interface PendingWrite {
  readonly context: VersionVector;
  readonly origin: Origin;
  readonly dot: Dot;
  readonly stamp: Stamp;
  readonly body: (write: { dot: Dot; stamp: Stamp }) => Body;
}

/**
 * The row after a write (DESIGN §4 "Commit", §11 "one writer"): versions that the writer had been shown are dropped, as are all
 * that its own cluster sent before; the others stay beside the new one, because they are concurrent with it.
 *
 * @param row what stands here, or undefined where nothing does
 * @param seen the region's vector, read after the row; an absent row is everything seen
 */
export function write(row: Row | undefined, seen: VersionVector, pending: PendingWrite): { row: Row; sibling: Sibling } {
  const before = row ?? absentRow(seen);
  const writerContext = row === undefined ? mergeVectors(pending.context, seen) : pending.context;
  const covers = ownEarlierDots(before, pending.origin, writerContext);
  const sibling: Sibling = {
    dot: pending.dot,
    stamp: pending.stamp,
    writerContext,
    covers,
    origin: pending.origin,
    body: pending.body({ dot: pending.dot, stamp: pending.stamp }),
  };
  // Not a join with {writerContext + dot, sibling}: as a vector that would cover an operator's dot of this member just below.
  const kept = before.siblings.filter((other) => !writerKnew(sibling, other.dot));
  const context = withDot(mergeVectors(before.context, writerContext), pending.dot);
  return { row: { context, siblings: [...kept, sibling].sort((a, b) => compareDots(a.dot, b.dot)) }, sibling };
}

/** The dots of this cluster in a row, and what these covered in their turn, less what the writer was shown anyway. */
function ownEarlierDots(row: Row, origin: Origin, shown: VersionVector): readonly Dot[] {
  if (origin === 'operator') return [];
  const own = row.siblings.filter((sibling) => sibling.origin === origin);
  const dots = new Map(own.flatMap((sibling) => [sibling.dot, ...sibling.covers]).map((dot) => [dotKey(dot), dot]));
  return [...dots.values()].filter((dot) => !coversDot(shown, dot));
}

/** The greatest stamp of a row's versions, which a new write's must be above. */
export const stampsOf = (row: Row | undefined): readonly Stamp[] =>
  row === undefined ? [] : row.siblings.map((sibling) => sibling.stamp).sort(compareStamps);
