import type { Json, JsonObject } from '../../model/content.ts';
import type { ResourceKey } from '../../model/ids.ts';
import type { HeldRow } from '../../model/row.ts';
import type { RowPut } from '../../ports/store.ts';
import { MAX_COMMIT_BYTES, MAX_CONTENT_BYTES, MAX_ROW_BYTES } from '../../ports/store.ts';
import { packContent, packDocument, requireFits } from '../stored/require-fits.ts';
import { encodeRow } from '../stored/row-codec.ts';

/** No character of UTF-16 takes more than three bytes of UTF-8. */
const MAX_BYTES_PER_CHARACTER = 3;
/** More than a version, a field's writer or a vector's entry takes beside its texts. */
const PART_BYTES = 192;

/** @throws TooLargeError as the adapters that store bytes do */
export function requireRowsFit(puts: readonly RowPut[]): void {
  let totalBytes = 0;
  let mayBeOver = false;
  for (const { next } of puts) {
    if (next === 'drop') continue;
    const bytes = boundOfRow(next);
    totalBytes += bytes;
    mayBeOver ||= bytes > MAX_ROW_BYTES;
  }
  if (!mayBeOver && totalBytes <= MAX_COMMIT_BYTES) return;
  requireFits(puts.flatMap(({ key, next }) => (next === 'drop' ? [] : [{ key, bytes: encodeRow(next).length }])));
}

/** @throws TooLargeError */
export function requireContentFits(key: ResourceKey, text: string): void {
  if (text.length * MAX_BYTES_PER_CHARACTER > MAX_CONTENT_BYTES) packContent(key, text);
}

/** @throws TooLargeError */
export function requireDocumentFits(name: string, value: Json): void {
  if (boundOf(value) > MAX_ROW_BYTES) packDocument(name, value);
}

/** More than any number, or what stands around a value. */
const VALUE_BYTES = 32;
/** A character may be written as an escape of six bytes. */
const MAX_ESCAPE_BYTES = 6;

/** More than a document takes when it is stored. */
function boundOf(value: Json | undefined): number {
  if (typeof value === 'string') return value.length * MAX_ESCAPE_BYTES + VALUE_BYTES;
  if (typeof value !== 'object' || value === null) return VALUE_BYTES;
  if (Array.isArray(value)) return (value as readonly Json[]).reduce<number>((bytes, part) => bytes + boundOf(part), VALUE_BYTES);
  const object = value as JsonObject;
  let bytes = VALUE_BYTES;
  for (const name in object) bytes += name.length * MAX_ESCAPE_BYTES + boundOf(object[name]);
  return bytes;
}

/** More than a row takes when it is stored. Rows below the limit by this measure, nearly all, need not be encoded to know it. */
function boundOfRow(row: HeldRow): number {
  let characters = row.local.shown?.content?.length ?? 0;
  let parts = 4 + row.context.size + (row.local.shown?.context.size ?? 0);
  for (const { writerContext, covers, body } of row.siblings) {
    parts += 4 + writerContext.size + covers.length;
    if (body.kind === 'deleted') continue;
    characters += body.content?.length ?? 0;
    parts += body.fields.set.size + body.fields.removed.size;
    for (const path of body.fields.set.keys()) characters += path.length;
    for (const path of body.fields.removed.keys()) characters += path.length;
  }
  return characters * MAX_BYTES_PER_CHARACTER + parts * PART_BYTES;
}
