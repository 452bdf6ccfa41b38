import type { Incarnation, Member, TableId } from './ids.ts';
import type { Stamp } from './stamp.ts';
import type { VersionVector } from './version-vector.ts';
import { withCounter } from './version-vector.ts';

/** A member's row in the ledger. It has one writer: the member itself (DESIGN §12). */
export interface ClockRow {
  readonly member: Member;
  readonly incarnation: Incarnation;
  /** Earlier incarnations with the last counter of each, in the order they lived. */
  readonly closed: ReadonlyMap<Incarnation, number>;
  /** The last counter issued by `incarnation`. */
  readonly head: number;
  readonly hlc: Stamp;
  readonly tableId: TableId;
  /** The highest lease epoch a bridge of this member has committed under. */
  readonly bridgeEpoch: number;
  /** While recovering, a member answers but neither commits nor collects. `left` is its last word: it never writes again. */
  readonly state: 'serving' | 'recovering' | 'left';
}

/** The states as they follow each other where nothing was written in between; recovery ends with another incarnation. */
const STATE_ORDER: readonly ClockRow['state'][] = ['recovering', 'serving', 'left'];

/** Whether a member's clock row is a later state than another of the same member. */
export function isNewer(a: ClockRow, b: ClockRow): boolean {
  if (a.incarnation !== b.incarnation) return a.closed.has(b.incarnation);
  return a.head > b.head || (a.head === b.head && STATE_ORDER.indexOf(a.state) > STATE_ORDER.indexOf(b.state));
}

/** Everything a member has ever written. */
export function writtenBy(clock: ClockRow): VersionVector {
  return withCounter(clock.closed, clock.incarnation, clock.head);
}

/** All incarnations of a member in the order they lived; versions print as `v<ordinal>.<counter>`. */
export const incarnationsOf = (clock: ClockRow): readonly Incarnation[] => [...clock.closed.keys(), clock.incarnation];
