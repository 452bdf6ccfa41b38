import type { ClockRow } from '../../model/clock-row.ts';
import type { Member } from '../../model/ids.ts';
import { dotKey } from '../../model/version-vector.ts';
import type { LedgerDelete } from '../../ports/ledger.ts';

/** When an item was written last; decides which version stays where two meet. */
export interface ItemVersion { readonly writtenAtMs: number; readonly sequence: number }

export type ItemValue =
  | { readonly kind: 'clock'; readonly clock: ClockRow }
  | { readonly kind: 'delete'; readonly delete: LedgerDelete }
  | { readonly kind: 'dropped' };

/** One item of the ledger: one writer, its member. */
export interface LedgerItem { readonly member: Member; readonly id: string; readonly version: ItemVersion; readonly value: ItemValue }

export const isNewer = (a: ItemVersion, b: ItemVersion): boolean => a.writtenAtMs > b.writtenAtMs || (a.writtenAtMs === b.writtenAtMs && a.sequence > b.sequence);

/** The version of a write that follows `previous`, whatever the clock says. */
export function versionAfter(previous: ItemVersion | undefined, nowMs: number): ItemVersion {
  if (previous === undefined || previous.writtenAtMs < nowMs) return { writtenAtMs: nowMs, sequence: 0 };
  return { writtenAtMs: previous.writtenAtMs, sequence: previous.sequence + 1 };
}

export const clockId = (member: Member): string => `clock ${member}`;
export const deleteId = (member: Member, item: Pick<LedgerDelete, 'key' | 'dot'>): string => `delete ${member} ${item.key} ${dotKey(item.dot)}`;
