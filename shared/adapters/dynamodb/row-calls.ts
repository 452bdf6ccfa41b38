import type { ResourceKey } from '../../model/ids.ts';
import type { HeldRow } from '../../model/row.ts';
import { StoreBusyError } from '../../ports/errors.ts';
import type { CandidateKind, Picture, RegionState, RowPage } from '../../ports/store.ts';
import { candidateKind } from '../stored/encoded-put.ts';
import type { QueryInput } from './api-types.ts';
import type { Calls, Place } from './calls.ts';
import { isTooMuchAtOnce } from './failures.ts';
import type { Item } from './items.ts';
import { text, textIn } from './items.ts';
import type { ReadPage } from './merge-shards.ts';
import { mergeShards } from './merge-shards.ts';
import { readRow } from './row-items.ts';
import { CANDIDATES_INDEX, PARTITION, SHARDS, SHARD_NAMES, SORT, candidatePartition, rowKey, rowPartition } from './table-layout.ts';

/** How often rows that change while they are read are read again before it is given up. */
const MAX_STEADY_ATTEMPTS = 10;

/** Reads of rows. */
export class RowCalls {
  readonly #calls: Calls;
  readonly #table: string;

  constructor(calls: Calls, table: string) {
    this.#calls = calls;
    this.#table = table;
  }

  async rows(keys: readonly ResourceKey[]): Promise<ReadonlyMap<ResourceKey, HeldRow>> {
    const found = await this.#calls.batchGet(this.#places(keys));
    return new Map([...found.values()].map(readRow));
  }

  /** Rows with other items as they stood at one moment. */
  async withRows(others: readonly Place[], keys: readonly ResourceKey[], stateOf: (items: readonly (Item | undefined)[]) => RegionState): Promise<Picture> {
    try {
      const items = await this.#calls.transactGet([...others, ...this.#places(keys)]);
      const rows = items.slice(others.length).filter((item) => item !== undefined).map(readRow);
      return { ...stateOf(items.slice(0, others.length)), rows: new Map(rows) };
    } catch (error) {
      if (!isTooMuchAtOnce(error)) throw error;
      return this.#steadily(others, keys, stateOf);
    }
  }

  async list(after: ResourceKey | undefined, limit: number): Promise<RowPage> {
    const pages = SHARD_NAMES.map((shard) => this.#pages({ TableName: this.#table, ConsistentRead: true }, PARTITION, rowPartition(shard), limit));
    const { entries, more } = await mergeShards(pages, sortOf, after, limit);
    const rows = new Map(entries.map(readRow));
    return { rows, next: more ? [...rows.keys()].at(-1) : undefined };
  }

  /** The index tells which; the rows are read as they are now, and those that are candidates no more are left out. */
  async candidates(kind: CandidateKind, after: ResourceKey | undefined, limit: number): Promise<RowPage> {
    const pages = SHARD_NAMES.map((shard) => this.#pages({ TableName: this.#table, IndexName: CANDIDATES_INDEX.name }, CANDIDATES_INDEX.partitionKey, candidatePartition(kind, shard), limit));
    const { entries, more } = await mergeShards(pages, sortOf, after, limit);
    const keys = entries.map((item) => sortOf(item) as ResourceKey);
    const rows = await this.rows(keys);
    const current = keys.flatMap((key) => {
      const row = rows.get(key);
      return row !== undefined && candidateKind(row) === kind ? [[key, row] as const] : [];
    });
    return { rows: new Map(current), next: more ? keys.at(-1) : undefined };
  }

  /**
   * Rows of more than the 4 MB that one transaction reads: read before and after the others. A row that is the same both times
   * stood like that in between, when the others were read.
   */
  async #steadily(others: readonly Place[], keys: readonly ResourceKey[], stateOf: (items: readonly (Item | undefined)[]) => RegionState): Promise<Picture> {
    let before = await this.rows(keys);
    for (let attempt = 1; attempt <= MAX_STEADY_ATTEMPTS; attempt += 1) {
      const items = await this.#calls.transactGet(others);
      const after = await this.rows(keys);
      if (keys.every((key) => isUnchanged(before.get(key), after.get(key)))) return { ...stateOf(items), rows: after };
      before = after;
      await this.#calls.pause(attempt);
    }
    throw new StoreBusyError(`rows changed ${MAX_STEADY_ATTEMPTS.toString()} times while a picture was taken; try again later`);
  }

  #places(keys: readonly ResourceKey[]): readonly Place[] { return keys.map((key) => ({ table: this.#table, ...rowKey(key) })); }

  /** Pages of one shard. Shards are about alike, so each gives its share of the limit and a little more. */
  #pages(input: QueryInput, attribute: string, partition: string, limit: number): ReadPage<Item> {
    const Limit = Math.ceil((limit / SHARDS) * 1.25) + 1;
    return async (after) => {
      const isAfter = after === undefined ? '' : ` AND ${SORT} > :after`;
      const { items, next } = await this.#calls.query({
        ...input, Limit, KeyConditionExpression: `${attribute} = :partition${isAfter}`, ExpressionAttributeValues: { ':partition': text(partition), ...(after !== undefined && { ':after': text(after) }) },
      });
      return { entries: items, more: next !== undefined };
    };
  }
}

const isUnchanged = (before: HeldRow | undefined, after: HeldRow | undefined): boolean => before?.local.revision === after?.local.revision;

const sortOf = (item: Item): string => textIn(item, SORT);
