import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Hash } from './ids.ts';
import { asHash } from './ids.ts';

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json };
export type JsonObject = Readonly<Record<string, Json>>;

/** Canonical bytes of a resource's federated part, as text (UTF-8), with their hash. Nobody but the origin makes them. */
export interface Content { readonly text: string; readonly hash: Hash; readonly bytes: number }

/** Contents up to this size stand in the row itself; beyond it they are items of their own by hash. */
export const MAX_INLINE_BYTES = 64 * 1024;

/** Canonical JSON (RFC 8785) of a value, with the SHA-256 of its bytes. */
export function canonicalContent(value: Json): Content {
  const text = canonicalize(value) ?? 'null';
  return contentOf(text);
}

/** The content that already is this text; receivers hash what came and never canonicalize again. */
export function contentOf(text: string): Content {
  return { text, hash: hashText(text), bytes: Buffer.byteLength(text) };
}

/** SHA-256 of a text's UTF-8 bytes. */
export const hashText = (text: string): Hash => asHash(createHash('sha256').update(text).digest('hex'));

/** Whether a value is a JSON object. */
export const isObject = (value: unknown): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads canonical text back. */
export const parseContent = (text: string): JsonObject => {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new TypeError('content is not a JSON object');
  return value;
};
