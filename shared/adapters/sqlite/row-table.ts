import type { ResourceKey } from '../../model/ids.ts';
import type { HeldRow } from '../../model/row.ts';
import { printKey } from '../../model/resource-key.ts';
import type { CandidateKind, RowPage, RowPut } from '../../ports/store.ts';
import type { EncodedPut } from '../stored/encoded-put.ts';
import { decodeRow } from '../stored/row-codec.ts';
import { blob, count, text } from './columns.ts';
import type { Database, ResultRow } from './database.ts';
import { DecodedRows } from './decoded-rows.ts';

/** The rows of resources. */
export class RowTable {
  readonly #database: Database;
  readonly #decoded = new DecodedRows();

  constructor(database: Database) { this.#database = database; }

  rows(keys: readonly ResourceKey[]): Map<ResourceKey, HeldRow> {
    const found = new Map<ResourceKey, HeldRow>();
    for (const key of keys) {
      const row = this.#database.get('SELECT key, bytes FROM rows WHERE key = ?', key);
      if (row !== undefined) found.set(key, this.#read(row)[1]);
    }
    return found;
  }

  areCurrent(puts: readonly RowPut[]): boolean {
    return puts.every((put) => {
      const row = this.#database.get('SELECT revision FROM rows WHERE key = ?', put.key);
      return (row === undefined ? 'absent' : count(row, 'revision')) === put.if;
    });
  }

  put(puts: readonly EncodedPut[]): void {
    for (const { key, next } of puts) {
      if (next === 'drop') this.#database.run('DELETE FROM rows WHERE key = ?', key);
      else {
        this.#database.run(
          'INSERT INTO rows VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET revision = excluded.revision, candidate = excluded.candidate, bytes = excluded.bytes',
          key, next.revision, next.candidate ?? null, next.bytes);
        this.#decoded.keep(key, next.bytes, next.row);
      }
    }
  }

  list(after: ResourceKey | undefined, limit: number): RowPage {
    return this.#page(this.#database.all('SELECT key, bytes FROM rows WHERE key > ? ORDER BY key LIMIT ?', after ?? '', limit + 1), limit);
  }

  candidates(kind: CandidateKind, after: ResourceKey | undefined, limit: number): RowPage {
    return this.#page(this.#database.all('SELECT key, bytes FROM rows WHERE candidate = ? AND key > ? ORDER BY key LIMIT ?', kind, after ?? '', limit + 1), limit);
  }

  /** One row more was read than is given, to know whether there are more. Those of a long list are not kept. */
  #page(found: readonly ResultRow[], limit: number): RowPage {
    const rows = new Map(found.slice(0, limit).map((row) => decoded(row, this.#decoded)));
    return { rows, next: found.length > limit ? [...rows.keys()].at(-1) : undefined };
  }

  #read(found: ResultRow): readonly [ResourceKey, HeldRow] {
    const [key, row] = decoded(found, this.#decoded);
    this.#decoded.keep(key, blob(found, 'bytes'), row);
    return [key, row];
  }
}

function decoded(found: ResultRow, known: DecodedRows): readonly [ResourceKey, HeldRow] {
  const key = text(found, 'key') as ResourceKey;
  const bytes = blob(found, 'bytes');
  return [key, known.find(key, bytes) ?? decodeRow(`row of ${printKey(key)}`, bytes)];
}
