import type { Json } from '../../model/content.ts';
import type { Hash, LogName, ResourceKey, TableId } from '../../model/ids.ts';
import { asLocalLog } from '../../model/ids.ts';
import type { LogSegment } from '../../model/log.ts';
import type { Entry } from '../../model/merkle.ts';
import type { HeldRow } from '../../model/row.ts';
import { counterOf } from '../../model/version-vector.ts';
import type {
  AdvanceTransaction, CandidateKind, CommitOutcome, CommitTransaction, IncarnationStart, IndexUpdate, OffLogTransaction, Picture,
  RegionState, RowPage, RowPut, Store, StoredDocument, StoredIndex,
} from '../../ports/store.ts';
import { isClockAsExpected, isClockStill } from '../stored/conditions.ts';
import { encodePuts } from '../stored/encoded-put.ts';
import { clockId } from '../stored/ledger-item.ts';
import { requireAdvance, requireCommit, requireIndexUpdate, requireKeys, requireOffLog } from '../stored/require-shape.ts';
import type { Database } from './database.ts';
import { GroupedPuts } from './grouped-puts.ts';
import { ItemTables } from './item-tables.ts';
import type { LedgerTable } from './ledger-table.ts';
import { LogTables } from './log-tables.ts';
import { RowTable } from './row-table.ts';

/** A member's state in its own SQLite file. Calls are synchronous inside: each is done when it returns its promise, but for `putRow`. */
export class SqliteStore implements Store {
  readonly #database: Database;
  readonly #ledger: LedgerTable;
  readonly #rows: RowTable;
  readonly #puts: GroupedPuts;
  readonly #logs: LogTables;
  readonly #items: ItemTables;
  /** Read at almost every call, and seldom another: it is read anew when anything was written. */
  #lastState: { readonly version: string; readonly state: RegionState } | undefined;

  constructor(database: Database, ledger: LedgerTable) {
    this.#database = database;
    this.#ledger = ledger;
    this.#rows = new RowTable(database);
    this.#puts = new GroupedPuts(database, this.#rows);
    this.#logs = new LogTables(database);
    this.#items = new ItemTables(database);
  }

  async tableId(): Promise<TableId> { return this.#database.tableId; }

  async rows(keys: readonly ResourceKey[]): Promise<ReadonlyMap<ResourceKey, HeldRow>> { return this.#database.read(() => this.#rows.rows(keys)); }

  async state(): Promise<RegionState> {
    const { version, state } = this.#lastState ?? {};
    return state !== undefined && version === this.#database.version() ? state : this.#database.read(() => this.#state());
  }

  async picture(keys: readonly ResourceKey[]): Promise<Picture> {
    requireKeys(keys);
    return this.#database.read(() => ({ ...this.#state(), rows: this.#rows.rows(keys) }));
  }

  async commit(transaction: CommitTransaction): Promise<CommitOutcome> {
    requireCommit(transaction);
    this.#ledger.requireOwn(transaction.clock.member);
    const { puts, segment, clock, ifHead, writableAtMs } = transaction;
    const encoded = encodePuts(puts);
    return this.#database.write(() => {
      if (!isClockAsExpected(this.#ledger.clock(this.#ledger.member), { ...clock, head: ifHead })) return 'moved';
      if (writableAtMs !== undefined && (this.#logs.writableUntilMs() ?? Infinity) <= writableAtMs) return 'fenced';
      return this.#rows.areCurrent(puts) ? undefined : 'stale';
    }, () => {
      this.#rows.put(encoded);
      this.#logs.append(segment);
      this.#ledger.writeOwn(clockId(this.#ledger.member), { kind: 'clock', clock });
    });
  }

  async putRow(put: RowPut): Promise<'ok' | 'stale'> { return this.#puts.put(put); }

  async putOffLog(transaction: OffLogTransaction): Promise<'ok' | 'stale' | 'moved'> {
    requireOffLog(transaction);
    const { puts, segment, ifHead } = transaction;
    const encoded = encodePuts(puts);
    return this.#database.write(() => {
      const local = this.#logs.local();
      if (local?.log !== segment.log || local.head !== ifHead) return 'moved';
      return this.#rows.areCurrent(puts) ? undefined : 'stale';
    }, () => {
      this.#rows.put(encoded);
      this.#logs.append(segment);
      this.#logs.setLocal({ log: asLocalLog(segment.log), head: segment.last });
    });
  }

  async advance(transaction: AdvanceTransaction): Promise<'ok' | 'moved'> {
    requireAdvance(transaction);
    const { segments, from, to, maxStamp, floors = new Map<never, number>() } = transaction;
    return this.#database.write(() => ([...to.keys()].every((log) => this.#logs.counterOf(log) === counterOf(from, log)) ? undefined : 'moved'), () => {
      for (const segment of segments) this.#logs.append(segment);
      this.#logs.setOthers(to);
      this.#logs.raiseMaxStamp(maxStamp);
      this.#logs.raiseFloors(floors);
    });
  }

  async startIncarnation({ if: condition, clock, local, others, segments }: IncarnationStart): Promise<'ok' | 'moved'> {
    this.#ledger.requireOwn(clock.member);
    return this.#database.write(() => (isClockStill(this.#ledger.clock(this.#ledger.member), condition) ? undefined : 'moved'), () => {
      for (const segment of segments) this.#logs.append(segment);
      this.#logs.setLocal(local);
      if (others !== undefined) this.#logs.replaceOthers(others);
      this.#ledger.writeOwn(clockId(clock.member), { kind: 'clock', clock });
    });
  }

  async segments(log: LogName, after: number, limit: number): Promise<readonly LogSegment[]> { return this.#logs.after(log, after, limit); }
  async newestSegment(log: LogName): Promise<LogSegment | undefined> { return this.#logs.newest(log); }
  async moveFloor(log: LogName, to: number): Promise<void> { this.#write(() => { this.#logs.raiseFloors(new Map([[log, to]])); }); }

  async dropSegmentsBelowFloor(log: LogName, limit: number): Promise<number> {
    let dropped = 0;
    this.#write(() => { dropped = this.#logs.dropBelowFloor(log, limit); });
    return dropped;
  }

  async list(after: ResourceKey | undefined, limit: number): Promise<RowPage> { return this.#rows.list(after, limit); }
  async candidates(kind: CandidateKind, after: ResourceKey | undefined, limit: number): Promise<RowPage> { return this.#rows.candidates(kind, after, limit); }

  async content(key: ResourceKey, hash: Hash): Promise<string | undefined> { return this.#items.content(key, hash); }
  async putContent(key: ResourceKey, hash: Hash, text: string): Promise<void> { this.#write(() => { this.#items.putContent(key, hash, text); }); }
  async sweepContents(key: ResourceKey, keep: readonly Hash[]): Promise<void> { this.#write(() => { this.#items.sweepContents(key, keep); }); }

  async document(name: string): Promise<StoredDocument | undefined> { return this.#items.document(name); }
  async documents(prefix: string): Promise<ReadonlyMap<string, StoredDocument>> { return this.#items.documents(prefix); }

  async putDocument(name: string, value: Json, condition: number | 'absent' | undefined): Promise<'ok' | 'stale'> {
    return this.#database.write(() => {
      const revision = this.#items.document(name)?.revision ?? 'absent';
      return condition === undefined || condition === revision ? undefined : 'stale';
    }, () => { this.#items.putDocument(name, value); });
  }

  async dropDocument(name: string): Promise<void> { this.#write(() => { this.#items.dropDocument(name); }); }

  async putWritableUntil(ms: number | undefined): Promise<void> { this.#write(() => { this.#logs.setWritableUntilMs(ms); }); }

  async index(): Promise<StoredIndex | undefined> { return this.#items.index(); }
  async buckets(numbers: readonly number[]): Promise<ReadonlyMap<number, readonly Entry[]>> { return this.#database.read(() => this.#items.buckets(numbers)); }

  async putIndex(update: IndexUpdate): Promise<'ok' | 'stale'> {
    requireIndexUpdate(update);
    return this.#database.write(() => ((this.#items.indexRevision() ?? 'absent') === update.ifRevision ? undefined : 'stale'), () => { this.#items.putIndex(update); });
  }

  #write(apply: () => void): void { this.#database.write(() => undefined, apply); }

  /** Within a transaction. */
  #state(): RegionState {
    const version = this.#database.version();
    if (this.#lastState?.version !== version) this.#lastState = { version, state: this.#readState() };
    return this.#lastState.state;
  }

  #readState(): RegionState {
    return { tableId: this.#database.tableId, seen: this.#logs.seen(), clock: this.#ledger.clock(this.#ledger.member), local: this.#logs.local(), writableUntilMs: this.#logs.writableUntilMs() };
  }
}
