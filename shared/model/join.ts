import type { Row, Sibling } from './row.ts';
import { compareDots, coversDot, mergeVectors, sameDot, sameVector } from './version-vector.ts';

/**
 * The join of two states of one resource (DESIGN §4): a version stays if both have it, or if the one that lacks it has never
 * seen it. Commutative, associative and idempotent; either side may be an absent row (`absentRow(seen)`).
 *
 * Source: Preguiça et al., "Dotted Version Vectors: Logical Clocks for Optimistic Replication".
 */
export function join(here: Row, arriving: Row): Row {
  const context = mergeVectors(here.context, arriving.context);
  const siblings = [
    ...here.siblings.filter((sibling) => holds(arriving, sibling) || !coversDot(arriving.context, sibling.dot)),
    ...arriving.siblings.filter((sibling) => !holds(here, sibling) && !coversDot(here.context, sibling.dot)),
  ];
  return { context, siblings: siblings.sort((a, b) => compareDots(a.dot, b.dot)) };
}

/** Whether two rows are the same state: equal contexts and the same versions. */
export const sameRow = (a: Row, b: Row): boolean => sameVector(a.context, b.context) && sameSiblings(a, b);

/** Whether two rows hold the same versions, whatever their contexts. */
export const sameSiblings = (a: Row, b: Row): boolean =>
  a.siblings.length === b.siblings.length && a.siblings.every((sibling) => holds(b, sibling));

const holds = (row: Row, sibling: Sibling): boolean => row.siblings.some((other) => sameDot(other.dot, sibling.dot));
