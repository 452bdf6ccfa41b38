import { createHash } from 'node:crypto';
import { BUCKETS, DIGEST_BYTES } from '../../model/merkle.ts';
import type { IndexUpdate, StoredIndex } from '../../ports/store.ts';
import { pack, StoredFormatError, unpack } from '../stored/packed-bytes.ts';
import { decodeVector, encodeEntries, encodeVector } from '../stored/small-codecs.ts';
import type { TransactWriteItem } from './api-types.ts';
import type { Item } from './items.ts';
import { bytes, bytesIn, keyOf, number, numberIn, text, textIn } from './items.ts';
import type { ItemKey } from './table-layout.ts';
import { INDEX_KEY, PARTITION, bucketKey, leavesKey } from './table-layout.ts';

/**
 * The leaf digests lie in this many items, so that an update writes only those that changed. With the index item and 90 buckets
 * they fit in one transaction of 100, and each with its key in 4 KB.
 */
const CHUNKS = 9;
const CHUNK_BYTES = Math.ceil(BUCKETS / CHUNKS) * DIGEST_BYTES;
const HASH_BYTES = 8;

const REVISION = 'v';
const VECTOR = 'x';
/** First bytes of each chunk's SHA-256, by which a writer knows which of them changed. */
const CHUNK_HASHES = 'h';
const DATA = 'd';

/** The keys of all items `readIndex` needs, in its order. */
export const INDEX_KEYS: readonly ItemKey[] = [INDEX_KEY, ...Array.from({ length: CHUNKS }, (_, chunk) => leavesKey(chunk))];

export const indexRevision = (item: Item | undefined): number | 'absent' => (item === undefined ? 'absent' : numberIn(item, REVISION));

/** @throws StoredFormatError */
export function readIndex([item, ...chunks]: readonly (Item | undefined)[]): StoredIndex | undefined {
  if (item === undefined) return undefined;
  const leaves = Buffer.concat(chunks.map((chunk) => (chunk === undefined ? Buffer.alloc(0) : unpack('leaf digests', bytesIn(chunk, DATA)))));
  if (leaves.length !== BUCKETS * DIGEST_BYTES) throw new StoredFormatError('leaf digests', `they are ${leaves.length.toString()} bytes long`);
  return { revision: numberIn(item, REVISION), vector: decodeVector('index', textIn(item, VECTOR)), leaves };
}

/** What an update writes, the index item first, given that item as it stands. */
export function indexWrites(table: string, standing: Item | undefined, { ifRevision, vector, leaves, buckets }: IndexUpdate): readonly TransactWriteItem[] {
  const all = Buffer.from(leaves.buffer, leaves.byteOffset, leaves.byteLength);
  const chunks = Array.from({ length: CHUNKS }, (_, at) => all.subarray(at * CHUNK_BYTES, (at + 1) * CHUNK_BYTES));
  const hashes = Buffer.concat(chunks.map((chunk) => createHash('sha256').update(chunk).digest().subarray(0, HASH_BYTES)));
  const before = standing === undefined ? Buffer.alloc(0) : Buffer.from(bytesIn(standing, CHUNK_HASHES));
  const hashAt = (from: Buffer, at: number): Buffer => from.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
  const changed = chunks.flatMap((chunk, at) => (hashAt(hashes, at).equals(hashAt(before, at)) ? [] : [{ at, chunk }]));
  return [
    {
      Put: {
        TableName: table,
        Item: { ...keyOf(INDEX_KEY), [REVISION]: number(ifRevision === 'absent' ? 1 : ifRevision + 1), [VECTOR]: text(encodeVector(vector)), [CHUNK_HASHES]: bytes(hashes) },
        ...(ifRevision === 'absent'
          ? { ConditionExpression: `attribute_not_exists(${PARTITION})` }
          : { ConditionExpression: `${REVISION} = :revision`, ExpressionAttributeValues: { ':revision': number(ifRevision) } }),
      },
    },
    ...changed.map(({ at, chunk }) => ({ Put: { TableName: table, Item: { ...keyOf(leavesKey(at)), [DATA]: bytes(pack(chunk)) } } })),
    ...[...buckets].map(([bucket, entries]) => (entries.length === 0
      ? { Delete: { TableName: table, Key: keyOf(bucketKey(bucket)) } }
      : { Put: { TableName: table, Item: { ...keyOf(bucketKey(bucket)), [DATA]: bytes(encodeEntries(entries)) } } })),
  ];
}

/** A bucket's bytes. */
export const bucketBytes = (item: Item): Uint8Array => bytesIn(item, DATA);
