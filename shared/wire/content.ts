import { createHash } from 'node:crypto';
import { isObject } from '../model/content.ts';
import type { Hash } from '../model/ids.ts';
import { MAX_CONTENT_BYTES, MAX_CONTENT_DEPTH } from './limits.ts';
import { hashBytes, requireHash } from './names.ts';
import { WireError } from './wire-error.ts';

/** A content that came, with the hash it was checked against. */
export interface ReceivedContent { readonly text: string; readonly hash: Hash; readonly bytes: number }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Content on its way out: the origin's canonical bytes. */
export const contentBytes = (text: string): Uint8Array => Buffer.from(text);

/** Content with its hash on its way out. */
export const sealedContent = (text: string, hash: Hash): { sha256: Uint8Array; content: Uint8Array } => ({ sha256: hashBytes(hash), content: contentBytes(text) });

/**
 * Content on its way in. Its bytes must match their hash; nobody canonicalizes again.
 *
 * @throws WireError naming `field`
 */
export function requireContent(field: string, content: Uint8Array, sha256: Uint8Array): ReceivedContent {
  if (content.length > MAX_CONTENT_BYTES) throw new WireError(field, `has ${content.length.toString()} bytes`, `a content of at most ${MAX_CONTENT_BYTES.toString()}`);
  const hash = requireHash(`${field} (sha256)`, sha256);
  if (createHash('sha256').update(content).digest('hex') !== hash) throw new WireError(field, 'does not match its sha256', 'the bytes that were hashed');
  try {
    return { text: utf8.decode(content), hash, bytes: content.length };
  } catch (error) {
    throw new WireError(field, 'is not UTF-8', 'JSON text in UTF-8', { cause: error });
  }
}

/** As `requireContent`, of a version: it must be a JSON object that everybody can read and walk. @throws WireError */
export function requireManifest(field: string, content: Uint8Array, sha256: Uint8Array): ReceivedContent {
  const received = requireContent(field, content, sha256);
  if (depthOf(received.text) > MAX_CONTENT_DEPTH) throw new WireError(field, 'is nested too deep', `at most ${MAX_CONTENT_DEPTH.toString()} levels`);
  if (!isJsonObject(received.text)) throw new WireError(field, 'is not a JSON object', 'canonical JSON of an object');
  return received;
}

function isJsonObject(text: string): boolean {
  try {
    return isObject(JSON.parse(text));
  } catch {
    return false;
  }
}

/** How deep brackets nest in JSON text, without parsing it: a parser may recur. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') { depth += 1; deepest = Math.max(deepest, depth); }
    else if (character === '}' || character === ']') depth -= 1;
  }
  return deepest;
}
