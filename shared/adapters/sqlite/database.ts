import type { SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { DatabaseSync } from 'node:sqlite';
import type { TableId } from '../../model/ids.ts';
import { asTableId } from '../../model/ids.ts';
import { FileIdentity } from './file-identity.ts';
import { APPLICATION_ID, MIGRATIONS } from './schema.ts';

/** A file that is no member's, or that a newer version wrote. */
export class DatabaseFileError extends Error { override readonly name = 'DatabaseFileError' }

/**
 * What a commit that was answered survives. Both survive the process dying at any point. `power-cut` syncs the disk with each
 * transaction; `process-crash` leaves that to the system, so that a power cut may take the last seconds with it.
 */
export type Durability = 'power-cut' | 'process-crash';

/** Another process at the same file (a backup, a look into it) is waited for this long. */
const BUSY_TIMEOUT_MS = 5000;
/** The log beside the file is cut back to this after a burst. */
const JOURNAL_BYTES = 64 * 1024 * 1024;

/** A row of a result, by column. */
export type ResultRow = Readonly<Record<string, SQLOutputValue>>;

/** A member's file: one connection, whole transactions, statements prepared once. */
export class Database {
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #identity: FileIdentity;
  #writes = 0;
  readonly tableId: TableId;

  /** @throws DatabaseFileError */
  constructor(path: string, durability: Durability) {
    this.#connection = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      this.#connection.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability === 'power-cut' ? 'FULL' : 'NORMAL'}; PRAGMA journal_size_limit = ${JOURNAL_BYTES.toString()}`);
      migrate(this.#connection, path);
      this.#identity = new FileIdentity(path);
      this.tableId = this.#settleIdentity();
    } catch (error) {
      this.#connection.close();
      throw error;
    }
  }

  /** The first row, or undefined. */
  get(sql: string, ...values: SQLInputValue[]): ResultRow | undefined { return this.#statement(sql).get(...values); }
  all(sql: string, ...values: SQLInputValue[]): readonly ResultRow[] { return this.#statement(sql).all(...values); }
  /** Only within `write`. Returns how many rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number { return Number(this.#statement(sql).run(...values).changes); }

  /** The same for as long as nothing was written, by this process or another: what was read under it still stands. */
  version(): string { return `${this.#writes.toString()}/${String(this.get('PRAGMA data_version')?.['data_version'])}`; }

  /** Several reads of one moment, whatever other processes write meanwhile. */
  read<Result>(reads: () => Result): Result {
    this.#connection.exec('BEGIN');
    try {
      return reads();
    } finally {
      this.#connection.exec('COMMIT');
    }
  }

  /**
   * One transaction: what `refuse` finds ends it with nothing written, otherwise `apply` writes and all of it is committed.
   * When this returns, the transaction survives what `Durability` says.
   */
  write<Refusal extends string>(refuse: () => Refusal | undefined, apply: () => void): Refusal | 'ok' {
    this.#connection.exec('BEGIN IMMEDIATE');
    let generation: number;
    try {
      const refusal = refuse();
      if (refusal !== undefined) {
        this.#connection.exec('ROLLBACK');
        return refusal;
      }
      apply();
      generation = Number(this.get('UPDATE identity SET generation = generation + 1 RETURNING generation')?.['generation']);
      this.#writes += 1;
      this.#connection.exec('COMMIT');
    } catch (error) {
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK');
      throw error;
    }
    this.#identity.record(this.tableId, generation);
    return 'ok';
  }

  close(): void {
    this.#connection.close();
    this.#identity.close();
  }

  #settleIdentity(): TableId {
    const stored = this.get('SELECT table_id, generation FROM identity');
    const [id, generation] = [String(stored?.['table_id'] ?? ''), Number(stored?.['generation'] ?? 0)];
    if (this.#identity.agrees(id, generation)) return asTableId(id);
    const minted = asTableId(crypto.randomUUID());
    this.#connection.exec('BEGIN IMMEDIATE');
    this.run('INSERT INTO identity VALUES (1, ?, ?) ON CONFLICT DO UPDATE SET table_id = excluded.table_id', minted, generation);
    this.#connection.exec('COMMIT');
    this.#identity.record(minted, generation);
    return minted;
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const prepared = this.#connection.prepare(sql);
    this.#statements.set(sql, prepared);
    return prepared;
  }
}

function migrate(connection: DatabaseSync, path: string): void {
  const pragma = (name: string): number => Number(connection.prepare(`PRAGMA ${name}`).get()?.[name]);
  const isEmpty = connection.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (!isEmpty && pragma('application_id') !== APPLICATION_ID) throw new DatabaseFileError(`${path} is another program's database: give a path of its own to the member`);
  const version = pragma('user_version');
  if (version > MIGRATIONS.length) {
    throw new DatabaseFileError(`${path} has schema ${version.toString()}, this version knows up to ${MIGRATIONS.length.toString()}: a newer NovaEdge wrote it. Run that version, or restore a backup from before`);
  }
  for (const [at, migration] of [...MIGRATIONS.entries()].slice(version)) {
    connection.exec(`BEGIN IMMEDIATE; ${migration}; PRAGMA application_id = ${APPLICATION_ID.toString()}; PRAGMA user_version = ${(at + 1).toString()}; COMMIT`);
  }
}
