import type { Json } from '../../model/content.ts';
import type { ResourceKey } from '../../model/ids.ts';
import { MAX_COMMIT_BYTES, MAX_CONTENT_BYTES, MAX_ROW_BYTES, TooLargeError } from '../../ports/store.ts';
import { packJson, packText } from './packed-bytes.ts';

/** A row as it would be stored, by size. */
export interface Sized { readonly key: ResourceKey; readonly bytes: number }

/**
 * Asks of rows that are to be written that each fits, and all together. Too much together is told with the largest row's name.
 *
 * @throws TooLargeError
 */
export function requireFits(rows: readonly Sized[]): void {
  let totalBytes = 0;
  let largest: Sized | undefined;
  for (const row of rows) {
    if (row.bytes > MAX_ROW_BYTES) throw new TooLargeError(row.key, row.bytes, MAX_ROW_BYTES);
    if (largest === undefined || row.bytes > largest.bytes) largest = row;
    totalBytes += row.bytes;
  }
  if (largest !== undefined && totalBytes > MAX_COMMIT_BYTES) throw new TooLargeError(largest.key, totalBytes, MAX_COMMIT_BYTES);
}

/**
 * A content of its own as it is stored.
 *
 * @throws TooLargeError
 */
export function packContent(key: ResourceKey, text: string): Buffer {
  const packed = packText(text);
  if (packed.length > MAX_CONTENT_BYTES) throw new TooLargeError(key, packed.length, MAX_CONTENT_BYTES);
  return packed;
}

/**
 * A document's value as it is stored.
 *
 * @throws TooLargeError with the document's name
 */
export function packDocument(name: string, value: Json): Buffer {
  const packed = packJson(value);
  if (packed.length > MAX_ROW_BYTES) throw new TooLargeError(`document ${name}` as ResourceKey, packed.length, MAX_ROW_BYTES);
  return packed;
}
