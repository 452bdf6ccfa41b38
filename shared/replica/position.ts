import type { ClockRow } from '../model/clock-row.ts';
import type { LogName } from '../model/ids.ts';
import type { VersionVector } from '../model/version-vector.ts';
import { emptyVector, mergeVectors, withCounter } from '../model/version-vector.ts';
import type { RegionState } from '../ports/store.ts';

/**
 * Everything this region has seen. While it recovers from lost state, its own clock row says more than its rows do, so only what
 * was seen since counts (DESIGN §4, "Lost state"); and a table that was restored and not yet looked at has seen nothing: a backup is
 * not one consistent picture.
 */
export function seenOf({ seen, clock, tableId }: Pick<RegionState, 'seen' | 'clock' | 'tableId'>): VersionVector {
  if (clock !== undefined && clock.tableId !== tableId) return emptyVector;
  return clock === undefined || clock.state === 'recovering' ? seen.others : mergeVectors(seen.others, everWritten(clock));
}

/** All that a member has written. An incarnation that was closed before its first write is in its clock row, but in no vector. */
export function everWritten(clock: ClockRow): VersionVector {
  const written = new Map<LogName, number>();
  for (const [log, last] of clock.closed) if (last > 0) written.set(log, last);
  if (clock.head > 0) written.set(clock.incarnation, clock.head);
  return written;
}

/** Where a local follower is that has everything: all logs, and the region's own. */
export function positionOf(state: RegionState): VersionVector {
  const seen = seenOf(state);
  return state.local === undefined ? seen : withCounter(seen, state.local.log, state.local.head);
}
