import { createHash } from 'node:crypto';
import type { Hash, LogName, Member, ResourceKey } from '../../model/ids.ts';
import type { CandidateKind } from '../../ports/store.ts';

/**
 * Keys of the items in a region's two tables. Whoever creates the tables (`create-tables.ts`, the infrastructure) goes by
 * `REGIONAL_SCHEMA` and `LEDGER_SCHEMA`. Names are one or two letters because they are paid for with every item.
 * docs/storage.md says what the items hold and why they lie as they do.
 */
export interface TableSchema {
  readonly partitionKey: string;
  readonly sortKey: string;
  /** Global secondary indexes that hold keys only; both keys are texts. */
  readonly indexes: readonly { readonly name: string; readonly partitionKey: string; readonly sortKey: string }[];
}

export const PARTITION = 'p';
export const SORT = 's';

export const CANDIDATES_INDEX = { name: 'candidates', partitionKey: 'c', sortKey: SORT } as const;
/** A member's own table: rows, logs, all it knows. */
export const REGIONAL_SCHEMA: TableSchema = { partitionKey: PARTITION, sortKey: SORT, indexes: [CANDIDATES_INDEX] };

export const MEMBERS_INDEX = { name: 'members', partitionKey: 'g', sortKey: PARTITION } as const;
/** The federation's ledger, a global table. The partition key is the member, so that a role may write its own items only. */
export const LEDGER_SCHEMA: TableSchema = { partitionKey: PARTITION, sortKey: SORT, indexes: [MEMBERS_INDEX] };

export interface TableNames { readonly regional: string; readonly ledger: string }

/** The key of one item. */
export interface ItemKey { readonly partition: string; readonly sort: string }

/**
 * Rows are spread over this many partitions, so that one does not take all writes (DynamoDB gives a partition 1,000 write units
 * a second). A list asks all of them. Fixed for the life of a table.
 */
export const SHARDS = 16;
const shardOf = (key: ResourceKey): string => createHash('sha256').update(key).digest('hex').slice(0, 1);
export const SHARD_NAMES: readonly string[] = Array.from({ length: SHARDS }, (_, at) => at.toString(16));

export const rowPartition = (shard: string): string => `r#${shard}`;
export const rowKey = (key: ResourceKey): ItemKey => ({ partition: rowPartition(shardOf(key)), sort: key });
export const candidatePartition = (kind: CandidateKind, shard: string): string => `${kind}#${shard}`;
export const candidatePartitionOf = (kind: CandidateKind, key: ResourceKey): string => candidatePartition(kind, shardOf(key));

export const logPartition = (log: LogName): string => `l#${log}`;
/** As many digits as 2^53 has, so that texts order as numbers do. */
const COUNTER_DIGITS = 16;
const counterText = (counter: number): string => counter.toString().padStart(COUNTER_DIGITS, '0');
export const segmentKey = (log: LogName, last: number, first: number): ItemKey => ({ partition: logPartition(log), sort: `${counterText(last)}#${counterText(first)}` });
/** After every segment that ends at `counter`, before any that ends later. */
export const afterCounter = (counter: number): string => `${counterText(counter)}#~`;

/** The others' vector, the greatest stamp, the floors, and the own log's head: what never changes in a commit. */
export const SEEN_KEY: ItemKey = { partition: 'seen', sort: 'seen' };
export const FENCE_KEY: ItemKey = { partition: 'fence', sort: 'fence' };

export const contentPartition = (key: ResourceKey): string => `t#${key}`;
export const contentKey = (key: ResourceKey, hash: Hash): ItemKey => ({ partition: contentPartition(key), sort: hash });

export const DOCUMENTS_PARTITION = 'd';
export const documentKey = (name: string): ItemKey => ({ partition: DOCUMENTS_PARTITION, sort: name });

export const INDEX_KEY: ItemKey = { partition: 'm', sort: 'index' };
export const leavesKey = (chunk: number): ItemKey => ({ partition: 'm', sort: `leaves#${chunk.toString()}` });
export const bucketKey = (bucket: number): ItemKey => ({ partition: `b#${(bucket % SHARDS).toString(16)}`, sort: bucket.toString().padStart(4, '0') });

/** In the ledger. */
export const clockKey = (member: Member): ItemKey => ({ partition: member, sort: 'clock' });
export const DELETE_PREFIX = 'delete#';
