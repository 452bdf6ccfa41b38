import type { RowPut } from '../../ports/store.ts';
import type { EncodedPut } from '../stored/encoded-put.ts';
import { encodePuts } from '../stored/encoded-put.ts';
import type { Database } from './database.ts';
import type { RowTable } from './row-table.ts';

interface Waiting { readonly put: RowPut; readonly encoded: readonly EncodedPut[]; readonly resolve: (outcome: 'ok' | 'stale') => void; readonly reject: (reason: unknown) => void }

/**
 * Rows put in one turn of the event loop share a transaction, each under its own condition: what a transaction costs besides its
 * rows is many times what a row does. Nobody is answered before it is committed; where it fails, all of them fail.
 */
export class GroupedPuts {
  readonly #database: Database;
  readonly #rows: RowTable;
  #waiting: Waiting[] = [];

  constructor(database: Database, rows: RowTable) {
    this.#database = database;
    this.#rows = rows;
  }

  /** @throws TooLargeError at once; what it is too large for is its own fault alone */
  put(put: RowPut): Promise<'ok' | 'stale'> {
    const encoded = encodePuts([put]);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ put, encoded, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => { this.#putAll(); });
    });
  }

  #putAll(): void {
    const group = this.#waiting;
    this.#waiting = [];
    try {
      const outcomes: ('ok' | 'stale')[] = [];
      this.#database.write(() => undefined, () => { for (const { put, encoded } of group) outcomes.push(this.#putOne(put, encoded)); });
      for (const [at, { resolve }] of group.entries()) resolve(outcomes[at] ?? 'stale');
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  #putOne(put: RowPut, encoded: readonly EncodedPut[]): 'ok' | 'stale' {
    if (!this.#rows.areCurrent([put])) return 'stale';
    this.#rows.put(encoded);
    return 'ok';
  }
}
