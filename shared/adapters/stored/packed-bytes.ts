import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { ROW_DICTIONARY_1 } from './dictionary.ts';

/** Something stored that cannot be read, saying what it is and why. */
export class StoredFormatError extends Error {
  override readonly name = 'StoredFormatError';
  constructor(what: string, why: string, options?: ErrorOptions) {
    super(`${what} as stored cannot be read: ${why}`, options);
  }
}

/** The first byte of everything packed. A new format gets a new number; old ones stay readable. */
const PLAIN = 1;
const DEFLATED = 2;
const DEFLATED_WITH_ROW_DICTIONARY_1 = 3;

/** The largest thing packed may unpack to this: a hundred inline contents and then some. It keeps a damaged item from filling the memory. */
const MAX_UNPACKED_BYTES = 32 * 1024 * 1024;

/** An item this short costs one write unit either way, and packing it more time than writing it to a file. */
const WORTH_PACKING_BYTES = 512;
/** Most rows are shorter than this, and clearing zlib's memory takes longer than packing them: with less of it they become no longer. */
const SHORT_BYTES = 8 * 1024;
const SHORT_MEMORY_LEVEL = 5;

/** Whether the dictionary of rows is used; it helps small JSON texts only. */
export type Packing = 'plain' | 'rows';

/**
 * Packs bytes for storing: compressed where that makes them shorter by what counts, led by a byte that says how.
 *
 * @throws RangeError on more than could be unpacked again
 */
export function pack(bytes: Uint8Array, packing: Packing = 'plain'): Buffer {
  if (bytes.length > MAX_UNPACKED_BYTES) throw new RangeError(`${bytes.length.toString()} bytes are too many to pack, at most ${MAX_UNPACKED_BYTES.toString()}`);
  if (bytes.length < WORTH_PACKING_BYTES) return plain(bytes);
  const options = bytes.length <= SHORT_BYTES ? { memLevel: SHORT_MEMORY_LEVEL } : {};
  const deflated = packing === 'rows' ? deflateRawSync(bytes, { ...options, dictionary: ROW_DICTIONARY_1 }) : deflateRawSync(bytes, options);
  if (deflated.length >= bytes.length) return plain(bytes);
  return Buffer.concat([Buffer.of(packing === 'rows' ? DEFLATED_WITH_ROW_DICTIONARY_1 : DEFLATED), deflated]);
}

const plain = (bytes: Uint8Array): Buffer => Buffer.concat([Buffer.of(PLAIN), bytes]);

/**
 * What was packed.
 *
 * @param what named in the error
 * @throws StoredFormatError on a newer format or damaged bytes
 */
export function unpack(what: string, packed: Uint8Array): Buffer {
  const body = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength).subarray(1);
  switch (packed[0]) {
    case PLAIN: return body;
    case DEFLATED: return inflate(what, body, undefined);
    case DEFLATED_WITH_ROW_DICTIONARY_1: return inflate(what, body, ROW_DICTIONARY_1);
    case undefined: throw new StoredFormatError(what, 'it is empty');
    default: throw new StoredFormatError(what, `format ${packed[0].toString()} is not known here; a newer version may have written it`);
  }
}

function inflate(what: string, body: Buffer, dictionary: Buffer | undefined): Buffer {
  try {
    return inflateRawSync(body, { maxOutputLength: MAX_UNPACKED_BYTES, ...(dictionary && { dictionary }) });
  } catch (cause) {
    throw new StoredFormatError(what, 'the compressed bytes are damaged', { cause });
  }
}

/** Packs a JSON text. */
export const packJson = (value: unknown, packing: Packing = 'plain'): Buffer => pack(Buffer.from(JSON.stringify(value)), packing);

/** @throws StoredFormatError */
export const unpackJson = (what: string, packed: Uint8Array): unknown => parseStored(what, unpack(what, packed).toString());

/** @throws StoredFormatError */
export function parseStored(what: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new StoredFormatError(what, 'it is no JSON', { cause });
  }
}

/** A text that comes back exactly as it was, lone surrogates included, which UTF-8 cannot say. */
export const packText = (text: string): Buffer => pack(Buffer.from(text.isWellFormed() ? `=${text}` : `"${JSON.stringify(text)}`), 'rows');

/** @throws StoredFormatError */
export function unpackText(what: string, packed: Uint8Array): string {
  const text = unpack(what, packed).toString();
  if (text.startsWith('=')) return text.slice(1);
  const quoted = text.startsWith('"') ? parseStored(what, text.slice(1)) : undefined;
  if (typeof quoted !== 'string') throw new StoredFormatError(what, 'it is no text');
  return quoted;
}
