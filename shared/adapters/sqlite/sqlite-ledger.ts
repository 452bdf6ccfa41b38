import type { ClockRow } from '../../model/clock-row.ts';
import type { Member } from '../../model/ids.ts';
import type { Ledger, LedgerChange, LedgerDelete } from '../../ports/ledger.ts';
import type { LedgerItem } from '../stored/ledger-item.ts';
import { clockId, deleteId } from '../stored/ledger-item.ts';
import type { Database } from './database.ts';
import type { LedgerTable } from './ledger-table.ts';

/** Where somebody who copies items is: a feed is one file's life, so that a restored file is read from its start. */
export interface LedgerCursor { readonly feed: string; readonly change: number }
export interface LedgerChanges { readonly items: readonly LedgerItem[]; readonly cursor: LedgerCursor; readonly more: boolean }

/** A drop that every replica has had this long to hear of is forgotten. */
const REMEMBER_DROPPED_MS = 30 * 24 * 3_600_000;

/** The ledger in a member's own file. A replicator carries items between files through `changesAfter` and `applyRemote`. */
export class SqliteLedger implements Ledger {
  readonly #database: Database;
  readonly #table: LedgerTable;
  readonly #nowMs: () => number;
  readonly #listeners = new Set<(change: LedgerChange) => void>();

  constructor(database: Database, table: LedgerTable, nowMs: () => number) {
    this.#database = database;
    this.#table = table;
    this.#nowMs = nowMs;
  }

  async clocks(): Promise<ReadonlyMap<Member, ClockRow>> { return this.#table.clocks(); }

  /** As `applyRemote` last brought it. */
  async myClockElsewhere(): Promise<ClockRow | undefined> { return this.#table.elsewhere()?.clock; }

  async putDelete(item: LedgerDelete): Promise<void> {
    this.#table.requireOwn(item.member);
    this.#write(() => { this.#table.writeOwn(deleteId(item.member, item), { kind: 'delete', delete: item }); });
  }

  async deletes(): Promise<readonly LedgerDelete[]> { return this.#table.deletes(); }

  async dropDelete(item: Pick<LedgerDelete, 'key' | 'dot'>): Promise<void> {
    const id = deleteId(this.#table.member, item);
    this.#database.write(() => (this.#table.has(id, 'delete') ? undefined : 'nothing'), () => {
      this.#table.writeOwn(id, { kind: 'dropped' });
      this.#table.forgetDropped(this.#nowMs() - REMEMBER_DROPPED_MS);
    });
  }

  /** Told of what `applyRemote` brought, never of the member's own writes. Returns how to stop it. */
  onChange(listener: (change: LedgerChange) => void): () => void {
    this.#listeners.add(listener);
    return () => { this.#listeners.delete(listener); };
  }

  /** Items of all members that changed here after the cursor, oldest change first; undefined begins. */
  changesAfter(cursor: LedgerCursor | undefined, limit: number): LedgerChanges {
    const feed = this.#database.tableId;
    const from = cursor?.feed === feed ? cursor.change : 0;
    const found = this.#table.changesAfter(from, limit + 1);
    const page = found.slice(0, limit);
    return { items: page.map(({ item }) => item), cursor: { feed, change: page.at(-1)?.change ?? from }, more: found.length > limit };
  }

  /** Takes in items of another replica: of each, the version written last stays; my own clock row is kept apart. */
  applyRemote(items: readonly LedgerItem[]): void {
    const taken: LedgerItem[] = [];
    this.#write(() => { for (const item of items) if (this.#table.takeIn(item)) taken.push(item); });
    for (const { value } of taken) {
      if (value.kind === 'clock') this.#tell({ kind: 'clock', clock: value.clock });
      if (value.kind === 'delete') this.#tell({ kind: 'delete', delete: value.delete });
    }
  }

  /** The id of the member's clock row among items, for a replicator that sends it first. */
  get clockId(): string { return clockId(this.#table.member); }

  #write(apply: () => void): void { this.#database.write(() => undefined, apply); }

  #tell(change: LedgerChange): void { for (const listener of this.#listeners) listener(change); }
}
