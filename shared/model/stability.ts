import type { Row } from './row.ts';
import { isDeleteOnly } from './row.ts';
import type { VersionVector } from './version-vector.ts';
import { covers } from './version-vector.ts';

/**
 * What one member has told us of its `seen`, for the second half of stability (DESIGN §4): `settled` is the newest report
 * that we ourselves have caught up with since; `waiting` is a newer one that we have not.
 */
export interface Reports { readonly settled: VersionVector | undefined; readonly waiting: VersionVector | undefined }

export const noReports: Reports = { settled: undefined, waiting: undefined };

/**
 * Takes note of a member's report. A report waits until this region has itself seen all that the member had seen when it said
 * so; newer ones are not taken up meanwhile, so that constant traffic cannot put it off for ever.
 */
export function noteReport(reports: Reports, reported: VersionVector, seenHere: VersionVector): Reports {
  const settled = reports.waiting !== undefined && covers(seenHere, reports.waiting) ? reports.waiting : reports.settled;
  const isStillWaiting = reports.waiting !== undefined && settled !== reports.waiting;
  if (isStillWaiting) return { settled, waiting: reports.waiting };
  return covers(seenHere, reported) ? { settled: reported, waiting: undefined } : { settled, waiting: reported };
}

/**
 * Whether every member has seen all of `row`, as last heard from it, and whatever each had written by then has arrived here.
 *
 * @param settled the settled report of every other member not evicted; undefined for one never heard
 */
export const isStable = (row: Row, seenHere: VersionVector, settled: readonly (VersionVector | undefined)[]): boolean =>
  covers(seenHere, row.context) && settled.every((reported) => reported !== undefined && covers(reported, row.context));

/** When a row of deletes may be dropped (DESIGN §4, "Collecting a delete"). */
export function isCollectable(
  row: Row, facts: { readonly unchangedForMs: number; readonly tombstoneTtlMs: number; readonly seenHere: VersionVector; readonly settled: readonly (VersionVector | undefined)[] },
): boolean {
  return isDeleteOnly(row) && facts.unchangedForMs >= facts.tombstoneTtlMs && isStable(row, facts.seenHere, facts.settled);
}
