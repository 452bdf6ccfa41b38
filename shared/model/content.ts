import { hash } from 'node:crypto';
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

/** What cannot be a resource's content, saying where and why. */
export class ContentError extends Error { override readonly name = 'ContentError' }

/** Objects and lists within one another. No kind needs a tenth of it, and recursion over it stays far from the end of the stack. */
export const MAX_DEPTH = 200;

/**
 * Canonical JSON (RFC 8785) of a value, with the SHA-256 of its bytes.
 *
 * @throws ContentError for what JSON cannot say (half a surrogate pair, an infinite number) or nests too deeply
 */
export function canonicalContent(value: Json): Content {
  requireSound(value);
  return contentOf(canonicalize(value) ?? 'null');
}

/** The content that already is this text; receivers hash what came and never canonicalize again. */
export function contentOf(text: string): Content {
  return { text, hash: hashText(text), bytes: Buffer.byteLength(text) };
}

/** SHA-256 of a text's UTF-8 bytes. */
export const hashText = (text: string): Hash => asHash(hash('sha256', text));

/** Whether a value is a JSON object. */
export const isObject = (value: unknown): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Reads canonical text back.
 *
 * @throws ContentError for a text that is no content; ask this of a text that came from elsewhere, before it is kept
 */
export function parseContent(text: string): JsonObject {
  const value = parseJson(text);
  if (!isObject(value)) throw new ContentError('content is not a JSON object');
  requireSound(value);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ContentError('content is not JSON', { cause });
  }
}

function requireSound(value: Json): void {
  const flaw = flawOf(value, 0);
  if (flaw !== undefined) throw new ContentError(`content${flaw}`);
}

/** Where and what is wrong with a value: `/spec/name holds half a surrogate pair`. */
function flawOf(value: Json, depth: number): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : ' holds half a surrogate pair';
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : ' is not a finite number';
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === MAX_DEPTH) return ` nests deeper than ${MAX_DEPTH.toString()} levels`;
  for (const [field, child] of Object.entries(value)) {
    if (!field.isWellFormed()) return ' has a field name with half a surrogate pair';
    const flaw = flawOf(child, depth + 1);
    if (flaw !== undefined) return `/${field}${flaw}`;
  }
  return undefined;
}
