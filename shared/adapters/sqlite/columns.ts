import { StoredFormatError } from '../stored/packed-bytes.ts';
import type { ResultRow } from './database.ts';

/** @throws StoredFormatError unless the column holds a text */
export function text(row: ResultRow | undefined, column: string): string {
  const value = row?.[column];
  if (typeof value !== 'string') throw new StoredFormatError(column, 'a text was expected');
  return value;
}

/** @throws StoredFormatError unless the column holds a number */
export function count(row: ResultRow | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value !== 'number') throw new StoredFormatError(column, 'a number was expected');
  return value;
}

/** @throws StoredFormatError unless the column holds bytes */
export function blob(row: ResultRow | undefined, column: string): Uint8Array {
  const value = row?.[column];
  if (!(value instanceof Uint8Array)) throw new StoredFormatError(column, 'bytes were expected');
  return value;
}
