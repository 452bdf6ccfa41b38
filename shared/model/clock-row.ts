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
  /** While recovering, a member answers but neither commits nor collects. */
  readonly state: 'serving' | 'recovering';
}

/** Everything a member has ever written. */
export function writtenBy(clock: ClockRow): VersionVector {
  return withCounter(clock.closed, clock.incarnation, clock.head);
}

/** All incarnations of a member in the order they lived; versions print as `v<ordinal>.<counter>`. */
export const incarnationsOf = (clock: ClockRow): readonly Incarnation[] => [...clock.closed.keys(), clock.incarnation];
