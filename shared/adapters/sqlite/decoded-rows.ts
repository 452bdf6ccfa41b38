import type { ResourceKey } from '../../model/ids.ts';
import type { HeldRow } from '../../model/row.ts';

/** Rows that are read again soon: a commit's by its push, the outbox, the index and the next commit. A few megabytes of usual rows. */
const MAX_ROWS = 4096;
/** Longer ones are few, and would fill the memory. */
const MAX_BYTES = 8 * 1024;

/**
 * Rows as they were last unpacked or written, with the bytes they stand for: what is stored is read each time and compared, so that
 * nothing stale is ever given, only the unpacking is spared. The least recently used goes first. Rows are never changed by anybody.
 */
export class DecodedRows {
  readonly #rows = new Map<ResourceKey, { readonly bytes: Buffer; readonly row: HeldRow }>();

  /** The row that these bytes stand for, if it is known. */
  find(key: ResourceKey, bytes: Uint8Array): HeldRow | undefined {
    const known = this.#rows.get(key);
    if (known === undefined || !known.bytes.equals(bytes)) return undefined;
    this.#rows.delete(key);
    this.#rows.set(key, known);
    return known.row;
  }

  keep(key: ResourceKey, bytes: Uint8Array, row: HeldRow): void {
    this.#rows.delete(key);
    if (bytes.length > MAX_BYTES) return;
    this.#rows.set(key, { bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), row });
    const [oldest] = this.#rows.size > MAX_ROWS ? this.#rows.keys() : [];
    if (oldest !== undefined) this.#rows.delete(oldest);
  }
}
