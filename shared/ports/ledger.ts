import type { ClockRow } from '../model/clock-row.ts';
import type { Member, ResourceKey } from '../model/ids.ts';
import type { Row } from '../model/row.ts';
import type { Dot } from '../model/version-vector.ts';

/** A delete that was its row's only version, published by its writer (DESIGN §4, "Deletes travel twice"). */
export interface LedgerDelete { readonly member: Member; readonly key: ResourceKey; readonly dot: Dot; readonly row: Row }

/** What a replica's stream tells: repeated, merged, reordered and late at will. */
export type LedgerChange =
  | { readonly kind: 'clock'; readonly clock: ClockRow }
  | { readonly kind: 'delete'; readonly delete: LedgerDelete };

/**
 * This region's replica of the federation's ledger: a DynamoDB global table on AWS. Every item has one writer, its member; the
 * clock row is written by `Store.commit` and `Store.startIncarnation` only, in their transactions.
 * All adapters pass the suite in `ledger-acceptance.ts`.
 */
export interface Ledger {
  /** The clock rows of all members, as far as they have come here. */
  clocks(): Promise<ReadonlyMap<Member, ClockRow>>;
  /** My clock row as the *other* replicas have it, where the adapter can ask them: told of lost state (SQLite). */
  myClockElsewhere(): Promise<ClockRow | undefined>;
  putDelete(item: LedgerDelete): Promise<void>;
  /** Deletes that members published and have not dropped. */
  deletes(): Promise<readonly LedgerDelete[]>;
  /** Drops own items; others' are never touched. */
  dropDelete(item: Pick<LedgerDelete, 'key' | 'dot'>): Promise<void>;
}
