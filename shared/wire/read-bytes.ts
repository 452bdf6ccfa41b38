import { CallError } from './call-error.ts';

/**
 * A body, whole.
 *
 * @param promised its length as a header says it, so that what is too long is refused before it is read
 * @throws CallError resource_exhausted beyond `maxBytes`
 */
export async function readBytes(chunks: AsyncIterable<Uint8Array>, maxBytes: number, promised: string | undefined): Promise<Uint8Array> {
  requireBytes(Number(promised ?? 0), maxBytes);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    requireBytes(length, maxBytes);
    parts.push(chunk);
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, length);
}

/** @throws CallError resource_exhausted for a message that is longer than one may be */
export function requireBytes(length: number, maxBytes: number): void {
  if (length > maxBytes) throw new CallError('resource_exhausted', `${length.toString()} bytes of at most ${maxBytes.toString()}`);
}
