import type { Json } from '../../model/content.ts';
import type { Hash, ResourceKey } from '../../model/ids.ts';
import type { Entry } from '../../model/merkle.ts';
import type { IndexUpdate, StoredDocument, StoredIndex } from '../../ports/store.ts';
import { unpackText } from '../stored/packed-bytes.ts';
import { packContent, packDocument } from '../stored/require-fits.ts';
import { decodeDocument, decodeEntries } from '../stored/small-codecs.ts';
import type { Calls, Place } from './calls.ts';
import { INDEX_KEYS, bucketBytes, indexRevision, indexWrites, readIndex } from './index-items.ts';
import type { Item } from './items.ts';
import { bytes, bytesIn, keyId, keyOf, number, numberIn, text, textIn } from './items.ts';
import type { ItemKey } from './table-layout.ts';
import { DOCUMENTS_PARTITION, INDEX_KEY, PARTITION, SORT, bucketKey, contentKey, contentPartition, documentKey } from './table-layout.ts';

const DATA = 'd';
const REVISION = 'v';

/** Contents of their own, documents, and the Merkle index. */
export class ItemCalls {
  readonly #calls: Calls;
  readonly #table: string;

  constructor(calls: Calls, table: string) {
    this.#calls = calls;
    this.#table = table;
  }

  async content(key: ResourceKey, hash: Hash): Promise<string | undefined> {
    const item = await this.#calls.get(this.#place(contentKey(key, hash)));
    return item && unpackText(`content ${hash}`, bytesIn(item, DATA));
  }

  /** @throws TooLargeError */
  async putContent(key: ResourceKey, hash: Hash, content: string): Promise<void> {
    const packed = packContent(key, content);
    await this.#calls.put({ TableName: this.#table, Item: { ...keyOf(contentKey(key, hash)), [DATA]: bytes(packed) } });
  }

  async sweepContents(key: ResourceKey, keep: readonly Hash[]): Promise<void> {
    const items = await this.#calls.queryAll({
      TableName: this.#table, ConsistentRead: true, ProjectionExpression: `${PARTITION}, ${SORT}`, KeyConditionExpression: `${PARTITION} = :key`, ExpressionAttributeValues: { ':key': text(contentPartition(key)) },
    });
    const swept = items.map((item) => textIn(item, SORT)).filter((hash) => !(keep as readonly string[]).includes(hash));
    await this.#calls.deleteAll(swept.map((sort) => this.#place({ partition: contentPartition(key), sort })));
  }

  async document(name: string): Promise<StoredDocument | undefined> {
    const item = await this.#calls.get(this.#place(documentKey(name)));
    return item && readDocument(item);
  }

  async documents(prefix: string): Promise<ReadonlyMap<string, StoredDocument>> {
    const items = await this.#calls.queryAll({
      TableName: this.#table, ConsistentRead: true,
      KeyConditionExpression: `${PARTITION} = :all${prefix === '' ? '' : ` AND begins_with(${SORT}, :prefix)`}`,
      ExpressionAttributeValues: { ':all': text(DOCUMENTS_PARTITION), ...(prefix !== '' && { ':prefix': text(prefix) }) },
    });
    return new Map(items.map((item) => [textIn(item, SORT), readDocument(item)]));
  }

  /** @throws TooLargeError */
  async putDocument(name: string, value: Json, condition: number | 'absent' | undefined): Promise<'ok' | 'stale'> {
    const packed = packDocument(name, value);
    const isDone = await this.#calls.update({
      TableName: this.#table,
      Key: keyOf(documentKey(name)),
      UpdateExpression: `SET ${DATA} = :value ADD ${REVISION} :one`,
      ...(condition === 'absent' && { ConditionExpression: `attribute_not_exists(${PARTITION})` }),
      ...(typeof condition === 'number' && { ConditionExpression: `${REVISION} = :revision` }),
      ExpressionAttributeValues: { ':value': bytes(packed), ':one': number(1), ...(typeof condition === 'number' && { ':revision': number(condition) }) },
    });
    return isDone ? 'ok' : 'stale';
  }

  async dropDocument(name: string): Promise<void> { await this.#calls.delete({ TableName: this.#table, Key: keyOf(documentKey(name)) }); }

  async index(): Promise<StoredIndex | undefined> { return readIndex(await this.#calls.transactGet(INDEX_KEYS.map((key) => this.#place(key)))); }

  async putIndex(update: IndexUpdate): Promise<'ok' | 'stale'> {
    const standing = await this.#calls.get(this.#place(INDEX_KEY));
    if (indexRevision(standing) !== update.ifRevision) return 'stale';
    return await this.#calls.transactWrite(indexWrites(this.#table, standing, update)) === 'ok' ? 'ok' : 'stale';
  }

  async buckets(numbers: readonly number[]): Promise<ReadonlyMap<number, readonly Entry[]>> {
    const found = await this.#calls.batchGet(numbers.map((bucket) => this.#place(bucketKey(bucket))));
    return new Map(numbers.map((bucket) => {
      const item = found.get(keyId(bucketKey(bucket)));
      return [bucket, item === undefined ? [] : decodeEntries(bucketBytes(item))];
    }));
  }

  #place(key: ItemKey): Place { return { table: this.#table, ...key }; }
}

const readDocument = (item: Item): StoredDocument => ({ revision: numberIn(item, REVISION), value: decodeDocument(textIn(item, SORT), bytesIn(item, DATA)) });
