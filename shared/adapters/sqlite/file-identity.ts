import { closeSync, constants, openSync, readFileSync, statSync, writeSync } from 'node:fs';

/** The record has a fixed length, so that writing it anew leaves nothing of the old one. */
const RECORD_BYTES = 128;
/** Readable and writable by the owner only, as the database is. */
const MODE = 0o600;

/**
 * The small file beside a database by which a restored copy shows (DESIGN §4, "Lost state"). It holds the database's id, its
 * inode, and the generation: how many transactions it has seen. A copy that was put back is another file (inode), or one with
 * fewer transactions than were answered (generation); whoever copies only the database has no record with the same id beside it.
 *
 * The record is written after each transaction and before it is answered. So it is behind the database after a crash in between,
 * which is no restore, and never ahead of it, unless the database lost transactions that were answered.
 */
export class FileIdentity {
  readonly #path: string;
  readonly #inode: string;
  #descriptor: number | undefined;

  constructor(databasePath: string) {
    this.#path = `${databasePath}-identity`;
    this.#inode = statSync(databasePath, { bigint: true }).ino.toString();
  }

  /** Whether the database with this id and generation is the one the record was written for. */
  agrees(id: string, generation: number): boolean {
    const [recordedId, inode, recorded, end] = readRecord(this.#path);
    return recordedId === id && inode === this.#inode && end === 'end' && Number(recorded) <= generation;
  }

  /** One short write, not synced: after a power cut it may be behind, which only makes it say less. */
  record(id: string, generation: number): void {
    this.#descriptor ??= openSync(this.#path, constants.O_RDWR | constants.O_CREAT, MODE);
    const record = `${id} ${this.#inode} ${generation.toString()} end`.padEnd(RECORD_BYTES - 1) + '\n';
    writeSync(this.#descriptor, record, 0);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

function readRecord(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').trim().split(' ');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
