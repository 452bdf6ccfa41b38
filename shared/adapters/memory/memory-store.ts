import type { Json } from '../../model/content.ts';
import type { Hash, LogName, ResourceKey, TableId } from '../../model/ids.ts';
import { asTableId } from '../../model/ids.ts';
import type { LogSegment } from '../../model/log.ts';
import type { Entry } from '../../model/merkle.ts';
import type { HeldRow } from '../../model/row.ts';
import { isConflict, isDeleteOnly } from '../../model/row.ts';
import { laterStamp } from '../../model/stamp.ts';
import { counterOf, mergeVectors, withCounter } from '../../model/version-vector.ts';
import type { VersionVector } from '../../model/version-vector.ts';
import type {
  AdvanceTransaction, CandidateKind, CommitOutcome, CommitTransaction, IncarnationStart, IndexUpdate, OffLogTransaction, Picture,
  RegionState, RowPage, RowPut, Store, StoredDocument, StoredIndex,
} from '../../ports/store.ts';
import { requireAdvance, requireCommit, requireIndexUpdate, requireKeys, requireOffLog } from '../stored/require-shape.ts';
import { isClockAsExpected, isClockStill } from '../stored/conditions.ts';
import { requireContentFits, requireDocumentFits, requireRowsFit } from './limits.ts';
import { SegmentList } from './segment-list.ts';
import type { SimulatedLedger } from './simulated-ledger.ts';
import type { Tables } from './tables.ts';
import { copyTables, emptyTables } from './tables.ts';

/**
 * A member's state in memory, for simulations and tests. Each method runs to its end before anything else does, so each is one
 * atomic transaction. The clock row is in `ledger`, which a restore leaves alone.
 */
export class MemoryStore implements Store {
  readonly #ledger: SimulatedLedger;
  #tableId: TableId;
  #tables: Tables = emptyTables();

  constructor(ledger: SimulatedLedger, tableId: TableId = asTableId('table-1')) {
    this.#ledger = ledger;
    this.#tableId = tableId;
  }

  /** The vector of the others as it stands, for whoever watches a simulation. */
  get seenOthers(): VersionVector { return this.#tables.seen.others; }

  /** A backup of the table. The ledger is not part of it, as on AWS. */
  snapshot(): Tables { return copyTables(this.#tables); }

  /** Puts a backup in the table's place; a restored table has another identity. */
  restore(snapshot: Tables, newTableId: TableId): void {
    this.#tables = copyTables(snapshot);
    this.#tableId = newTableId;
  }

  async tableId(): Promise<TableId> { return this.#tableId; }

  async rows(keys: readonly ResourceKey[]): Promise<ReadonlyMap<ResourceKey, HeldRow>> { return this.#rows(keys); }

  async state(): Promise<RegionState> { return this.#state(); }

  async picture(keys: readonly ResourceKey[]): Promise<Picture> {
    requireKeys(keys);
    return { ...this.#state(), rows: this.#rows(keys) };
  }

  async commit(transaction: CommitTransaction): Promise<CommitOutcome> {
    requireCommit(transaction);
    this.#ledger.requireOwn(transaction.clock.member);
    requireRowsFit(transaction.puts);
    const { writableUntilMs } = this.#tables;
    const { clock, ifHead, writableAtMs } = transaction;
    if (!isClockAsExpected(this.#ledger.ownClock, { ...clock, head: ifHead })) return 'moved';
    if (writableAtMs !== undefined && writableUntilMs !== undefined && writableUntilMs <= writableAtMs) return 'fenced';
    if (!this.#areCurrent(transaction.puts)) return 'stale';
    this.#put(transaction.puts);
    this.#append(transaction.segment);
    this.#ledger.putClock(clock);
    return 'ok';
  }

  async putRow(put: RowPut): Promise<'ok' | 'stale'> {
    requireRowsFit([put]);
    if (!this.#areCurrent([put])) return 'stale';
    this.#put([put]);
    return 'ok';
  }

  async putOffLog(transaction: OffLogTransaction): Promise<'ok' | 'stale' | 'moved'> {
    requireOffLog(transaction);
    requireRowsFit(transaction.puts);
    const { puts, segment, ifHead } = transaction;
    const { local } = this.#tables;
    if (local === undefined || local.log !== segment.log || local.head !== ifHead) return 'moved';
    if (!this.#areCurrent(puts)) return 'stale';
    this.#put(puts);
    this.#append(segment);
    this.#tables.local = { log: local.log, head: segment.last };
    return 'ok';
  }

  async advance(transaction: AdvanceTransaction): Promise<'ok' | 'moved'> {
    requireAdvance(transaction);
    const { from, to, maxStamp, floors } = transaction;
    const { seen } = this.#tables;
    for (const log of to.keys()) if (counterOf(seen.others, log) !== counterOf(from, log)) return 'moved';
    for (const segment of transaction.segments) this.#append(segment);
    this.#tables.seen = {
      others: new Map([...seen.others, ...to]),
      maxStamp: laterStamp(seen.maxStamp, maxStamp),
      floors: floors === undefined ? seen.floors : mergeVectors(seen.floors, floors),
    };
    return 'ok';
  }

  async startIncarnation(start: IncarnationStart): Promise<'ok' | 'moved'> {
    this.#ledger.requireOwn(start.clock.member);
    if (!isClockStill(this.#ledger.ownClock, start.if)) return 'moved';
    for (const segment of start.segments) this.#append(segment);
    this.#tables.local = start.local;
    if (start.others !== undefined) this.#tables.seen = { ...this.#tables.seen, others: start.others };
    this.#ledger.putClock(start.clock);
    return 'ok';
  }

  async segments(log: LogName, after: number, limit: number): Promise<readonly LogSegment[]> {
    return this.#tables.segments.get(log)?.after(after, limit) ?? [];
  }

  async newestSegment(log: LogName): Promise<LogSegment | undefined> { return this.#tables.segments.get(log)?.newest; }

  async moveFloor(log: LogName, to: number): Promise<void> {
    const { seen } = this.#tables;
    this.#tables.seen = { ...seen, floors: withCounter(seen.floors, log, to) };
  }

  async dropSegmentsBelowFloor(log: LogName, limit: number): Promise<number> {
    return this.#tables.segments.get(log)?.dropBelow(counterOf(this.#tables.seen.floors, log), limit) ?? 0;
  }

  async list(after: ResourceKey | undefined, limit: number): Promise<RowPage> { return this.#page(after, limit, () => true); }

  async candidates(kind: CandidateKind, after: ResourceKey | undefined, limit: number): Promise<RowPage> {
    return this.#page(after, limit, kind === 'conflict' ? isConflict : isDeleteOnly);
  }

  async content(key: ResourceKey, hash: Hash): Promise<string | undefined> { return this.#tables.contents.get(key)?.get(hash); }

  async putContent(key: ResourceKey, hash: Hash, text: string): Promise<void> {
    requireContentFits(key, text);
    this.#tables.contents.set(key, new Map(this.#tables.contents.get(key)).set(hash, text));
  }

  async sweepContents(key: ResourceKey, keep: readonly Hash[]): Promise<void> {
    const kept = [...(this.#tables.contents.get(key) ?? [])].filter(([hash]) => keep.includes(hash));
    if (kept.length === 0) this.#tables.contents.delete(key);
    else this.#tables.contents.set(key, new Map(kept));
  }

  async document(name: string): Promise<StoredDocument | undefined> { return this.#tables.documents.get(name); }

  async documents(prefix: string): Promise<ReadonlyMap<string, StoredDocument>> {
    const found = new Map<string, StoredDocument>();
    const { documents } = this.#tables;
    const exact = documents.get(prefix);
    if (exact !== undefined) found.set(prefix, exact);
    for (const [name, document] of documents.after(prefix)) {
      if (!name.startsWith(prefix)) break;
      found.set(name, document);
    }
    return found;
  }

  async putDocument(name: string, value: Json, condition: number | 'absent' | undefined): Promise<'ok' | 'stale'> {
    requireDocumentFits(name, value);
    const revision = this.#tables.documents.get(name)?.revision;
    if (condition !== undefined && condition !== (revision ?? 'absent')) return 'stale';
    this.#tables.documents.set(name, { revision: (revision ?? 0) + 1, value });
    return 'ok';
  }

  async dropDocument(name: string): Promise<void> { this.#tables.documents.delete(name); }

  async putWritableUntil(ms: number | undefined): Promise<void> { this.#tables.writableUntilMs = ms; }

  async index(): Promise<StoredIndex | undefined> { return this.#tables.index; }

  async buckets(numbers: readonly number[]): Promise<ReadonlyMap<number, readonly Entry[]>> {
    return new Map(numbers.map((number) => [number, this.#tables.buckets.get(number) ?? []]));
  }

  async putIndex(update: IndexUpdate): Promise<'ok' | 'stale'> {
    requireIndexUpdate(update);
    const { ifRevision, vector, leaves, buckets } = update;
    const revision = this.#tables.index?.revision;
    if ((revision ?? 'absent') !== ifRevision) return 'stale';
    this.#tables.index = { revision: (revision ?? 0) + 1, vector, leaves };
    for (const [number, entries] of buckets) this.#tables.buckets.set(number, entries);
    return 'ok';
  }

  #state(): RegionState {
    const { seen, local, writableUntilMs } = this.#tables;
    return { tableId: this.#tableId, seen, clock: this.#ledger.ownClock, local, writableUntilMs };
  }

  #rows(keys: readonly ResourceKey[]): Map<ResourceKey, HeldRow> {
    const found = new Map<ResourceKey, HeldRow>();
    for (const key of keys) {
      const row = this.#tables.rows.get(key);
      if (row !== undefined) found.set(key, row);
    }
    return found;
  }

  #areCurrent(puts: readonly RowPut[]): boolean {
    return puts.every((put) => (this.#tables.rows.get(put.key)?.local.revision ?? 'absent') === put.if);
  }

  #put(puts: readonly RowPut[]): void {
    for (const { key, next } of puts) {
      if (next === 'drop') this.#tables.rows.delete(key);
      else this.#tables.rows.set(key, next);
    }
  }

  #append(segment: LogSegment): void {
    const list = this.#tables.segments.get(segment.log) ?? new SegmentList();
    list.put(segment);
    this.#tables.segments.set(segment.log, list);
  }

  #page(after: ResourceKey | undefined, limit: number, matches: (row: HeldRow) => boolean): RowPage {
    const rows = new Map<ResourceKey, HeldRow>();
    let last: ResourceKey | undefined;
    for (const [key, row] of this.#tables.rows.after(after)) {
      if (!matches(row)) continue;
      if (rows.size >= limit) return { rows, next: last };
      rows.set(key, row);
      last = key;
    }
    return { rows, next: undefined };
  }
}
