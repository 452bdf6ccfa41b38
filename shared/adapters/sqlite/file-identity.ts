import { closeSync, constants, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

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

  /**
   * One short write. Only the first is synced, so that the file itself survives a power cut; later ones may be behind after one,
   * which only makes them say less.
   */
  record(id: string, generation: number): void {
    const record = `${id} ${this.#inode} ${generation.toString()} end`.padEnd(RECORD_BYTES - 1) + '\n';
    if (this.#descriptor !== undefined) {
      writeSync(this.#descriptor, record, 0);
      return;
    }
    this.#descriptor = openSync(this.#path, constants.O_RDWR | constants.O_CREAT, MODE);
    writeSync(this.#descriptor, record, 0);
    fsyncSync(this.#descriptor);
    syncFolder(dirname(this.#path));
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** A new file is in its folder for good once the folder is synced; Windows knows no such call and does it by itself. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
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
