import type { Member } from './ids.ts';
import { asMember } from './ids.ts';
import type { Dot } from './version-vector.ts';
import { compareDots } from './version-vector.ts';

/**
 * A hybrid logical clock reading (Kulkarni et al., "Logical Physical Clocks"): milliseconds since 1970, a counter within the
 * millisecond, and the member that read it. Orders concurrent versions for last-writer-wins.
 */
export interface Stamp { readonly ms: number; readonly counter: number; readonly member: Member }

/** Who wrote something: the dot is the identity, the stamp the order among concurrent ones. */
export interface Write { readonly dot: Dot; readonly stamp: Stamp }

/** A stamp from further ahead than this never moves a clock, only the rows it stands in. */
export const MAX_CLOCK_LEAD_MS = 5 * 60 * 1000;

/** Below every stamp a clock gives: that of a first contact (DESIGN §11), and of a clock that has read nothing. */
export const zeroStamp: Stamp = { ms: 0, counter: 0, member: asMember('') };

/** Order of time alone. Equal times are equal here, whatever the member. */
export const compareStamps = (a: Stamp, b: Stamp): number => a.ms - b.ms || a.counter - b.counter;

/** The order of last-writer-wins: by stamp, equal stamps by dot. Total, because dots are unique. */
export const compareWrites = (a: Write, b: Write): number => compareStamps(a.stamp, b.stamp) || compareDots(a.dot, b.dot);

/** The later of two stamps. */
export const laterStamp = (a: Stamp, b: Stamp): Stamp => (compareStamps(a, b) >= 0 ? a : b);

/** The first stamp of `member` that is at `nowMs` or later and above everything in `above`. */
export function nextStamp(member: Member, nowMs: number, above: readonly Stamp[]): Stamp {
  let stamp: Stamp = { ms: nowMs, counter: 0, member };
  for (const other of above) if (compareStamps(other, stamp) >= 0) stamp = { ms: other.ms, counter: other.counter + 1, member };
  return stamp;
}

/** Whether a stamp may move this member's clock. */
export const isBelievable = (stamp: Stamp, nowMs: number): boolean => stamp.ms <= nowMs + MAX_CLOCK_LEAD_MS;
