import type { Member } from '../../model/ids.ts';
import type { Durability } from './database.ts';
import { Database } from './database.ts';
import { LedgerTable } from './ledger-table.ts';
import { SqliteLedger } from './sqlite-ledger.ts';
import { SqliteStore } from './sqlite-store.ts';

export type { Durability } from './database.ts';
export { DatabaseFileError } from './database.ts';
export type { LedgerChanges, LedgerCursor } from './sqlite-ledger.ts';
export { SqliteLedger } from './sqlite-ledger.ts';
export { SqliteStore } from './sqlite-store.ts';
export type { LedgerItem } from '../stored/ledger-item.ts';

export interface SqliteOptions {
  /** The member's own file; created where there is none. Two small files stand beside it while it is open, one always. */
  readonly path: string;
  readonly member: Member;
  /** `power-cut` unless given. */
  readonly durability?: Durability;
  /** Milliseconds since 1970; orders versions of ledger items. The system's unless given. */
  readonly nowMs?: () => number;
}

/** A member's store and ledger over one connection. */
export interface SqliteMember { readonly store: SqliteStore; readonly ledger: SqliteLedger; close(): void }

/**
 * Opens a member's file. One process at a time writes to it.
 *
 * @throws DatabaseFileError on a file of a newer version or of another program
 */
export function openSqlite({ path, member, durability = 'power-cut', nowMs = Date.now }: SqliteOptions): SqliteMember {
  const database = new Database(path, durability);
  const table = new LedgerTable(database, member, nowMs);
  return { store: new SqliteStore(database, table), ledger: new SqliteLedger(database, table, nowMs), close: () => { database.close(); } };
}
