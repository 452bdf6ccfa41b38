import type { AwsClient } from '../aws/index.ts';
import type { BatchGetAnswer, BatchWriteAnswer, Consumed, ConsumedCapacity, DeleteInput, ItemAnswer, ItemsAnswer, PutInput, QueryInput, ScanInput, TableAnswer, TransactGetAnswer, TransactWriteItem, UpdateInput } from './api-types.ts';
import { DYNAMODB } from './client.ts';
import { failedConditions, failureOf } from './failures.ts';
import type { Item } from './items.ts';
import { keyId, keyIdOf, keyOf } from './items.ts';
import type { Patience } from './patience.ts';
import { patiently } from './patience.ts';
import type { ItemKey } from './table-layout.ts';

/** Items of one batch read and of one batch write, by DynamoDB's limits. */
const BATCH_READ_ITEMS = 100;
const BATCH_WRITE_ITEMS = 25;
/** Batches in a row of which nothing at all was done, before it is given up. */
const MAX_EMPTY_BATCHES = 8;

/** One item's place: its table and key. */
export interface Place extends ItemKey { readonly table: string }

/** What was consumed so far, in DynamoDB's read and write units as it reports them. Failed conditions cost, but are not reported. */
export interface Units { readUnits: number; writeUnits: number }

/** How a transaction ended: done, or with the positions of items whose conditions did not hold. */
export type TransactionEnd = 'ok' | readonly number[];

/**
 * DynamoDB as the adapters call it: failures that pass are waited out within bounds, everything consumed is counted. The client
 * must not retry by itself, or a write whose answer was lost would meet its own result and be taken for stale.
 */
export class Calls {
  readonly units: Units = { readUnits: 0, writeUnits: 0 };
  readonly #client: AwsClient;
  readonly #patience: Patience;

  constructor(client: AwsClient, patience: Patience) {
    this.#client = client;
    this.#patience = patience;
  }

  /** A table's identity, which a restore changes. */
  async identityOf(table: string): Promise<string> {
    const { Table: description } = await this.#repeatable(() => this.#client.call<TableAnswer>(DYNAMODB, 'DescribeTable', { TableName: table }));
    if (description?.TableId === undefined) throw new Error(`table ${table} has no identity`);
    return description.TableId;
  }

  /** The newest state of an item. */
  async get({ table, ...key }: Place): Promise<Item | undefined> {
    const answer = await this.#repeatable(() => this.#ask<ItemAnswer>('GetItem', { TableName: table, Key: keyOf(key), ConsistentRead: true }));
    this.#countRead(answer.ConsumedCapacity);
    return answer.Item;
  }

  /** The newest states of items, each at its own moment, by `keyId`. Places may repeat. */
  async batchGet(places: readonly Place[]): Promise<ReadonlyMap<string, Item>> {
    const found = new Map<string, Item>();
    let left = [...new Map(places.map((place) => [`${place.table}\u0000${keyId(place)}`, place])).values()];
    for (let empty = 0; left.length > 0;) {
      const [now, later] = [left.slice(0, BATCH_READ_ITEMS), left.slice(BATCH_READ_ITEMS)];
      const undone = await this.#readBatch(now, found);
      empty = undone.length < now.length ? 0 : empty + 1;
      if (undone.length > 0) await this.#patience.pause(empty, MAX_EMPTY_BATCHES, 'a batch of reads');
      left = [...undone, ...later];
    }
    return found;
  }

  /** The states of at most 100 items at one moment, in order. Costs twice what other reads do. */
  async transactGet(places: readonly Place[]): Promise<readonly (Item | undefined)[]> {
    const TransactItems = places.map(({ table, ...key }) => ({ Get: { TableName: table, Key: keyOf(key) } }));
    const answer = await this.#repeatable(() => this.#ask<TransactGetAnswer>('TransactGetItems', { TransactItems }));
    this.#countRead(answer.ConsumedCapacity);
    return places.map((_, at) => answer.Responses?.[at]?.Item);
  }

  /** One page of a query. */
  async query(input: QueryInput): Promise<{ readonly items: readonly Item[]; readonly next: Item | undefined }> {
    const answer = await this.#repeatable(() => this.#ask<ItemsAnswer>('Query', input));
    this.#countRead(answer.ConsumedCapacity);
    return { items: answer.Items ?? [], next: answer.LastEvaluatedKey };
  }

  /** All a query finds, up to `limit`. */
  async queryAll(input: QueryInput, limit = Infinity): Promise<readonly Item[]> {
    const found: Item[] = [];
    let next: Item | undefined;
    do {
      const page = await this.query({ ...input, ...(limit < Infinity && { Limit: limit - found.length }), ...(next && { ExclusiveStartKey: next }) });
      found.push(...page.items);
      next = page.next;
    } while (next !== undefined && found.length < limit);
    return found;
  }

  async scanAll(input: ScanInput): Promise<readonly Item[]> {
    const found: Item[] = [];
    let next: Item | undefined;
    do {
      const start = next;
      const page = await this.#repeatable(() => this.#ask<ItemsAnswer>('Scan', { ...input, ...(start && { ExclusiveStartKey: start }) }));
      this.#countRead(page.ConsumedCapacity);
      found.push(...(page.Items ?? []));
      next = page.LastEvaluatedKey;
    } while (next !== undefined);
    return found;
  }

  /** One conditional write. False: its condition did not hold. */
  async put(input: PutInput): Promise<boolean> { return this.#write(() => this.#ask<Consumed>('PutItem', input)); }
  async update(input: UpdateInput): Promise<boolean> { return this.#write(() => this.#ask<Consumed>('UpdateItem', input)); }
  async delete(input: DeleteInput): Promise<boolean> { return this.#write(() => this.#ask<Consumed>('DeleteItem', input)); }

  /** At most 100 writes, all or none. Sent again under one token where the answer was lost, so that it is carried out once. */
  async transactWrite(items: readonly TransactWriteItem[]): Promise<TransactionEnd> {
    const input = { TransactItems: [...items], ClientRequestToken: crypto.randomUUID() };
    try {
      const answer = await this.#repeatable(() => this.#ask<Consumed>('TransactWriteItems', input));
      this.#countWrite(answer.ConsumedCapacity);
      return 'ok';
    } catch (error) {
      if (failureOf(error) === 'condition') return failedConditions(error);
      throw error;
    }
  }

  /** Deletes any number of items, one by one as far as conditions and atomicity go. */
  async deleteAll(places: readonly Place[]): Promise<void> {
    let left = [...places];
    for (let empty = 0; left.length > 0;) {
      const [now, later] = [left.slice(0, BATCH_WRITE_ITEMS), left.slice(BATCH_WRITE_ITEMS)];
      const undone = await this.#deleteBatch(now);
      empty = undone.length < now.length ? 0 : empty + 1;
      if (undone.length > 0) await this.#patience.pause(empty, MAX_EMPTY_BATCHES, 'a batch of deletes');
      left = [...undone, ...later];
    }
  }

  /** Waits before something is tried again. */
  async pause(attempt: number): Promise<void> { await this.#patience.pause(attempt, Infinity, 'a request'); }

  async #readBatch(places: readonly Place[], found: Map<string, Item>): Promise<readonly Place[]> {
    const RequestItems = Object.fromEntries([...Map.groupBy(places, ({ table }) => table)].map(([table, some]) => [table, { Keys: some.map(keyOf), ConsistentRead: true }]));
    const answer = await this.#repeatable(() => this.#ask<BatchGetAnswer>('BatchGetItem', { RequestItems }));
    this.#countRead(answer.ConsumedCapacity);
    for (const items of Object.values(answer.Responses ?? {})) for (const item of items) found.set(keyIdOf(item), item);
    const undone = new Set(Object.values(answer.UnprocessedKeys ?? {}).flatMap(({ Keys }) => (Keys ?? []).map(keyIdOf)));
    return places.filter((place) => undone.has(keyId(place)));
  }

  async #deleteBatch(places: readonly Place[]): Promise<readonly Place[]> {
    const RequestItems = Object.fromEntries([...Map.groupBy(places, ({ table }) => table)].map(([table, some]) => [table, some.map((place) => ({ DeleteRequest: { Key: keyOf(place) } }))]));
    const answer = await this.#repeatable(() => this.#ask<BatchWriteAnswer>('BatchWriteItem', { RequestItems }));
    this.#countWrite(answer.ConsumedCapacity);
    const undone = new Set(Object.values(answer.UnprocessedItems ?? {}).flatMap((requests) => requests.flatMap(({ DeleteRequest }) => (DeleteRequest?.Key === undefined ? [] : [keyIdOf(DeleteRequest.Key)]))));
    return places.filter((place) => undone.has(keyId(place)));
  }

  /** A write that must not be sent twice: what nobody knows about is thrown at once. */
  async #write(send: () => Promise<Consumed>): Promise<boolean> {
    try {
      const answer = await patiently(this.#patience, ['try-again'], send);
      this.#countWrite(answer.ConsumedCapacity);
      return true;
    } catch (error) {
      if (failureOf(error) === 'condition') return false;
      throw error;
    }
  }

  #ask<Answer>(action: string, input: object): Promise<Answer> { return this.#client.call<Answer>(DYNAMODB, action, { ...input, ReturnConsumedCapacity: 'TOTAL' }); }

  /** What may be sent again after no answer: reads, deletes, transactions under a token. */
  #repeatable<Answer>(send: () => Promise<Answer>): Promise<Answer> { return patiently(this.#patience, ['try-again', 'unknown'], send); }

  #countRead(consumed: ConsumedCapacity | readonly ConsumedCapacity[] | undefined): void { this.units.readUnits += sum(consumed); }
  #countWrite(consumed: ConsumedCapacity | readonly ConsumedCapacity[] | undefined): void { this.units.writeUnits += sum(consumed); }
}

const sum = (consumed: ConsumedCapacity | readonly ConsumedCapacity[] = []): number =>
  [consumed].flat().reduce((total, { CapacityUnits = 0 }) => total + CapacityUnits, 0);
