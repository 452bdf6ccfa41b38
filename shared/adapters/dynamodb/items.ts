import { StoredFormatError } from '../stored/packed-bytes.ts';
import type { AttributeValue, Item } from './api-types.ts';
import type { ItemKey } from './table-layout.ts';
import { PARTITION, SORT } from './table-layout.ts';

export type { Item };

export const keyOf = ({ partition, sort }: ItemKey): Item => ({ [PARTITION]: { S: partition }, [SORT]: { S: sort } });
/** The same for the same key. */
export const keyId = ({ partition, sort }: ItemKey): string => `${partition}\u0000${sort}`;
export const keyIdOf = (item: Item): string => keyId({ partition: textIn(item, PARTITION), sort: textIn(item, SORT) });

export const text = (value: string): AttributeValue => ({ S: value });
/** Numbers here are whole or times: both fit a double exactly up to 2^53, and so does the text DynamoDB keeps. */
export const number = (value: number): AttributeValue => ({ N: value.toString() });
export const bytes = (value: Uint8Array): AttributeValue => ({ B: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') });

/** @throws StoredFormatError unless the attribute holds a text */
export function textIn(item: Item, name: string): string {
  const value = item[name]?.S;
  if (value === undefined) throw new StoredFormatError(`attribute ${name}`, 'a text was expected');
  return value;
}

/** @throws StoredFormatError unless the attribute is a number that a double holds exactly */
export function numberIn(item: Item, name: string): number {
  const value = Number(item[name]?.N);
  if (item[name]?.N === undefined || !Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) throw new StoredFormatError(`attribute ${name}`, 'a number up to 2^53 was expected');
  return value;
}

/** @throws StoredFormatError unless the attribute holds bytes */
export function bytesIn(item: Item, name: string): Uint8Array {
  const value = item[name]?.B;
  if (value === undefined) throw new StoredFormatError(`attribute ${name}`, 'bytes were expected');
  return Buffer.from(value, 'base64');
}
