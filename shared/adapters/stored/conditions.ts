import type { ClockRow } from '../../model/clock-row.ts';
import type { IncarnationStart } from '../../ports/store.ts';

/** Whether the clock row is the one a commit was made on: nobody committed, recovered or restored meanwhile. */
export const isClockAsExpected = (clock: ClockRow | undefined, expected: Pick<ClockRow, 'incarnation' | 'head' | 'state' | 'tableId'>): boolean =>
  clock !== undefined && clock.incarnation === expected.incarnation && clock.head === expected.head && clock.state === expected.state && clock.tableId === expected.tableId;

/** Whether the clock row is the one that an incarnation is to be started from. */
export function isClockStill(clock: ClockRow | undefined, condition: IncarnationStart['if']): boolean {
  if (condition === 'absent') return clock === undefined;
  return clock !== undefined && clock.incarnation === condition.incarnation && clock.head === condition.head && clock.state === condition.state;
}
