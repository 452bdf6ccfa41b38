import type { Json } from '../../model/content.ts';
import type { Hash, ResourceKey } from '../../model/ids.ts';
import type { Entry } from '../../model/merkle.ts';
import type { IndexUpdate, StoredDocument, StoredIndex } from '../../ports/store.ts';
import { unpackText } from '../stored/packed-bytes.ts';
import { packContent, packDocument } from '../stored/require-fits.ts';
import { decodeDocument, decodeEntries, decodeVector, encodeEntries, encodeVector } from '../stored/small-codecs.ts';
import { blob, count, text } from './columns.ts';
import type { Database, ResultRow } from './database.ts';

/** Contents of their own, documents, and the Merkle index. */
export class ItemTables {
  readonly #database: Database;

  constructor(database: Database) { this.#database = database; }

  content(key: ResourceKey, hash: Hash): string | undefined {
    const row = this.#database.get('SELECT bytes FROM contents WHERE key = ? AND hash = ?', key, hash);
    return row && unpackText(`content ${hash}`, blob(row, 'bytes'));
  }

  /** @throws TooLargeError */
  putContent(key: ResourceKey, hash: Hash, content: string): void {
    this.#database.run('INSERT OR REPLACE INTO contents VALUES (?, ?, ?)', key, hash, packContent(key, content));
  }

  sweepContents(key: ResourceKey, keep: readonly Hash[]): void {
    this.#database.run('DELETE FROM contents WHERE key = ? AND hash NOT IN (SELECT value FROM json_each(?))', key, JSON.stringify(keep));
  }

  document(name: string): StoredDocument | undefined {
    const row = this.#database.get('SELECT * FROM documents WHERE name = ?', name);
    return row && readDocument(row);
  }

  documents(prefix: string): ReadonlyMap<string, StoredDocument> {
    const rows = this.#database.all('SELECT * FROM documents WHERE name >= ?1 AND substr(name, 1, length(?1)) = ?1 ORDER BY name', prefix);
    return new Map(rows.map((row) => [text(row, 'name'), readDocument(row)]));
  }

  /** @throws TooLargeError */
  putDocument(name: string, value: Json): void {
    this.#database.run('INSERT INTO documents VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET revision = revision + 1, bytes = excluded.bytes', name, packDocument(name, value));
  }

  dropDocument(name: string): void { this.#database.run('DELETE FROM documents WHERE name = ?', name); }

  index(): StoredIndex | undefined {
    const row = this.#database.get('SELECT * FROM merkle_index');
    return row && { revision: count(row, 'revision'), vector: decodeVector('index', text(row, 'vector')), leaves: blob(row, 'leaves') };
  }

  indexRevision(): number | undefined {
    const row = this.#database.get('SELECT revision FROM merkle_index');
    return row && count(row, 'revision');
  }

  putIndex({ vector, leaves, buckets }: IndexUpdate): void {
    this.#database.run('INSERT INTO merkle_index VALUES (1, 1, ?, ?) ON CONFLICT DO UPDATE SET revision = revision + 1, vector = excluded.vector, leaves = excluded.leaves', encodeVector(vector), leaves);
    for (const [number, entries] of buckets) {
      if (entries.length === 0) this.#database.run('DELETE FROM merkle_buckets WHERE number = ?', number);
      else this.#database.run('INSERT OR REPLACE INTO merkle_buckets VALUES (?, ?)', number, encodeEntries(entries));
    }
  }

  buckets(numbers: readonly number[]): ReadonlyMap<number, readonly Entry[]> {
    return new Map(numbers.map((number) => {
      const row = this.#database.get('SELECT bytes FROM merkle_buckets WHERE number = ?', number);
      return [number, row === undefined ? [] : decodeEntries(blob(row, 'bytes'))];
    }));
  }
}

const readDocument = (row: ResultRow): StoredDocument => ({ revision: count(row, 'revision'), value: decodeDocument(text(row, 'name'), blob(row, 'bytes')) });
