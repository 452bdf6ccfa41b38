import type { Json } from '../../model/content.ts';
import type { Hash, LogName, Member, ResourceKey, TableId } from '../../model/ids.ts';
import { asTableId } from '../../model/ids.ts';
import type { LogSegment } from '../../model/log.ts';
import type { Entry } from '../../model/merkle.ts';
import type { HeldRow } from '../../model/row.ts';
import { counterOf } from '../../model/version-vector.ts';
import { StoreBusyError } from '../../ports/errors.ts';
import type {
  AdvanceTransaction, CandidateKind, CommitOutcome, CommitTransaction, IncarnationStart, IndexUpdate, OffLogTransaction, Picture,
  RegionState, RowPage, RowPut, Store, StoredDocument, StoredIndex,
} from '../../ports/store.ts';
import { encodePuts } from '../stored/encoded-put.ts';
import { requireAdvance, requireCommit, requireIndexUpdate, requireKeys, requireOffLog } from '../stored/require-shape.ts';
import type { TransactWriteItem } from './api-types.ts';
import type { Calls, Place, TransactionEnd, Units } from './calls.ts';
import { commitClock, readClock, startClock } from './clock-item.ts';
import type { Item } from './items.ts';
import { keyId, keyOf, number, numberIn } from './items.ts';
import { ItemCalls } from './item-calls.ts';
import { LogCalls } from './log-calls.ts';
import { RowCalls } from './row-calls.ts';
import { rowTransactItem, rowWrite } from './row-items.ts';
import { advanceUpdate, floorUpdate, offLogUpdate, readLocal, readSeen, startUpdate } from './seen-item.ts';
import type { TableNames } from './table-layout.ts';
import { FENCE_KEY, PARTITION, SEEN_KEY, clockKey } from './table-layout.ts';

/** A write made from the `seen` item as it was read is made anew this often when others changed the item meanwhile. */
const MAX_SEEN_ATTEMPTS = 10;
const UNTIL = 'w';

/** A member's state in its region's table, its clock row in the region's replica of the ledger. */
export class DynamoStore implements Store {
  readonly #calls: Calls;
  readonly #tables: TableNames;
  readonly #member: Member;
  readonly #rows: RowCalls;
  readonly #logs: LogCalls;
  readonly #items: ItemCalls;
  #tableId: TableId | undefined;

  constructor(calls: Calls, tables: TableNames, member: Member) {
    this.#calls = calls;
    this.#tables = tables;
    this.#member = member;
    this.#rows = new RowCalls(calls, tables.regional);
    this.#logs = new LogCalls(calls, tables.regional);
    this.#items = new ItemCalls(calls, tables.regional);
  }

  /** What was consumed so far. */
  get units(): Readonly<Units> { return this.#calls.units; }

  /** Asked once: a table never changes its identity, a restore is another table of another name. */
  async tableId(): Promise<TableId> { return (this.#tableId ??= asTableId(await this.#calls.identityOf(this.#tables.regional))); }

  async rows(keys: readonly ResourceKey[]): Promise<ReadonlyMap<ResourceKey, HeldRow>> { return this.#rows.rows(keys); }

  /** Each part is the newest, all together need not be of one moment: `picture` is. */
  async state(): Promise<RegionState> {
    const places = this.#statePlaces();
    const [tableId, found] = await Promise.all([this.tableId(), this.#calls.batchGet(places)]);
    return stateOf(tableId, places.map((place) => found.get(keyId(place))));
  }

  async picture(keys: readonly ResourceKey[]): Promise<Picture> {
    requireKeys(keys);
    const tableId = await this.tableId();
    return this.#rows.withRows(this.#statePlaces(), keys, (items) => stateOf(tableId, items));
  }

  async commit(transaction: CommitTransaction): Promise<CommitOutcome> {
    requireCommit(transaction);
    this.#requireOwn(transaction.clock.member);
    const { puts, segment, clock, ifHead, writableAtMs } = transaction;
    const rows = this.#rowItems(puts);
    const end = await this.#calls.transactWrite([
      commitClock(this.#tables.ledger, clock, ifHead),
      this.#logs.append(segment),
      ...rows,
      ...(writableAtMs === undefined ? [] : [this.#fenceCheck(writableAtMs)]),
    ]);
    if (end === 'ok') return 'ok';
    if (end.includes(0)) return 'moved';
    return end.some((at) => at >= rows.length + 2) ? 'fenced' : 'stale';
  }

  async putRow(put: RowPut): Promise<'ok' | 'stale'> {
    const writes = encodePuts([put]).map((encoded) => rowWrite(this.#tables.regional, encoded));
    for (const write of writes) {
      const isDone = write.kind === 'put' ? await this.#calls.put(write.input) : await this.#calls.delete(write.input);
      if (!isDone) return 'stale';
    }
    return 'ok';
  }

  async putOffLog(transaction: OffLogTransaction): Promise<'ok' | 'stale' | 'moved'> {
    requireOffLog(transaction);
    const end = await this.#calls.transactWrite([offLogUpdate(this.#tables.regional, transaction), this.#logs.append(transaction.segment), ...this.#rowItems(transaction.puts)]);
    if (end === 'ok') return 'ok';
    return end.includes(0) ? 'moved' : 'stale';
  }

  async advance(transaction: AdvanceTransaction): Promise<'ok' | 'moved'> {
    requireAdvance(transaction);
    return this.#fromSeen(async (item) => {
      const update = advanceUpdate(this.#tables.regional, item, transaction);
      if (update === undefined) return 'moved';
      return this.#calls.transactWrite([update, ...transaction.segments.map((segment) => this.#logs.append(segment))]);
    });
  }

  async startIncarnation({ if: condition, clock, local, others, segments }: IncarnationStart): Promise<'ok' | 'moved'> {
    this.#requireOwn(clock.member);
    return this.#fromSeen(async (item) => {
      const end = await this.#calls.transactWrite([
        startUpdate(this.#tables.regional, item, local, others),
        startClock(this.#tables.ledger, clock, condition),
        ...segments.map((segment) => this.#logs.append(segment)),
      ]);
      return end !== 'ok' && end.includes(1) ? 'moved' : end;
    });
  }

  async segments(log: LogName, after: number, limit: number): Promise<readonly LogSegment[]> { return this.#logs.after(log, after, limit); }
  async newestSegment(log: LogName): Promise<LogSegment | undefined> { return this.#logs.newest(log); }

  async moveFloor(log: LogName, to: number): Promise<void> {
    if (to > 0) await this.#calls.update(floorUpdate(this.#tables.regional, log, to));
  }

  async dropSegmentsBelowFloor(log: LogName, limit: number): Promise<number> {
    const item = await this.#calls.get({ table: this.#tables.regional, ...SEEN_KEY });
    return this.#logs.drop(log, counterOf(readSeen(item).floors, log), limit);
  }

  async list(after: ResourceKey | undefined, limit: number): Promise<RowPage> { return this.#rows.list(after, limit); }
  async candidates(kind: CandidateKind, after: ResourceKey | undefined, limit: number): Promise<RowPage> { return this.#rows.candidates(kind, after, limit); }

  async content(key: ResourceKey, hash: Hash): Promise<string | undefined> { return this.#items.content(key, hash); }
  async putContent(key: ResourceKey, hash: Hash, text: string): Promise<void> { await this.#items.putContent(key, hash, text); }
  async sweepContents(key: ResourceKey, keep: readonly Hash[]): Promise<void> { await this.#items.sweepContents(key, keep); }

  async document(name: string): Promise<StoredDocument | undefined> { return this.#items.document(name); }
  async documents(prefix: string): Promise<ReadonlyMap<string, StoredDocument>> { return this.#items.documents(prefix); }
  async putDocument(name: string, value: Json, condition: number | 'absent' | undefined): Promise<'ok' | 'stale'> { return this.#items.putDocument(name, value, condition); }
  async dropDocument(name: string): Promise<void> { await this.#items.dropDocument(name); }

  async putWritableUntil(ms: number | undefined): Promise<void> {
    const place = { TableName: this.#tables.regional };
    if (ms === undefined) await this.#calls.delete({ ...place, Key: keyOf(FENCE_KEY) });
    else await this.#calls.put({ ...place, Item: { ...keyOf(FENCE_KEY), [UNTIL]: number(ms) } });
  }

  async index(): Promise<StoredIndex | undefined> { return this.#items.index(); }
  async buckets(numbers: readonly number[]): Promise<ReadonlyMap<number, readonly Entry[]>> { return this.#items.buckets(numbers); }

  async putIndex(update: IndexUpdate): Promise<'ok' | 'stale'> {
    requireIndexUpdate(update);
    return this.#items.putIndex(update);
  }

  /** Makes a write from the newest `seen` item, and anew where its condition on that item, the first, did not hold. */
  async #fromSeen<Refusal extends string>(write: (item: Item | undefined) => Promise<Refusal | TransactionEnd>): Promise<Refusal | 'ok'> {
    for (let attempt = 1; attempt <= MAX_SEEN_ATTEMPTS; attempt += 1) {
      const end = await write(await this.#calls.get({ table: this.#tables.regional, ...SEEN_KEY }));
      if (typeof end === 'string') return end;
      await this.#calls.pause(attempt);
    }
    throw new StoreBusyError(`the region's vector changed ${MAX_SEEN_ATTEMPTS.toString()} times while it was to be written; try again later`);
  }

  #rowItems(puts: readonly RowPut[]): readonly TransactWriteItem[] { return encodePuts(puts).map((put) => rowTransactItem(this.#tables.regional, put)); }

  /** Clock row, `seen` and fence, in the order `stateOf` takes them. */
  #statePlaces(): readonly Place[] {
    const { regional, ledger } = this.#tables;
    return [{ table: ledger, ...clockKey(this.#member) }, { table: regional, ...SEEN_KEY }, { table: regional, ...FENCE_KEY }];
  }

  #fenceCheck(writableAtMs: number): TransactWriteItem {
    return {
      ConditionCheck: {
        TableName: this.#tables.regional, Key: keyOf(FENCE_KEY), ConditionExpression: `attribute_not_exists(${PARTITION}) OR ${UNTIL} > :at`, ExpressionAttributeValues: { ':at': number(writableAtMs) },
      },
    };
  }

  #requireOwn(member: Member): void {
    if (member !== this.#member) throw new RangeError(`the clock row of ${member} cannot be written by ${this.#member}`);
  }
}

const stateOf = (tableId: TableId, [clock, seen, fence]: readonly (Item | undefined)[]): RegionState =>
  ({ tableId, seen: readSeen(seen), clock: readClock(clock), local: readLocal(seen), writableUntilMs: fence === undefined ? undefined : numberIn(fence, UNTIL) });
