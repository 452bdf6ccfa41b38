import type { Pair, Scalar, YAMLMap } from 'yaml';
import { Document, isMap, isNode, isScalar, isSeq } from 'yaml';
import { styleOf } from '../../shared/adapters/yaml/index.ts';
import type { Json } from '../../shared/model/content.ts';

/**
 * Sets or removes one field by cutting into the text, so that every other character stays. Undefined where it cannot be done this
 * way; callers check that the result says what it should.
 *
 * @param document the one of the text that the field is in
 */
export function spliceField(text: string, document: Document.Parsed, keys: readonly (string | number)[], value: Json | undefined): string | undefined {
  const node = document.getIn(keys, true);
  if (value === undefined) return removeField(text, document, keys);
  if (node === undefined) return addField(text, document, keys, value);
  return isScalar(node) && typeof value !== 'object' ? replaceScalar(text, node, value) : undefined;
}

function replaceScalar(text: string, { range, type, anchor, tag }: Scalar, value: string | number | boolean): string | undefined {
  const isPlace = range !== undefined && range !== null && range[0] < range[1] && anchor === undefined && tag === undefined;
  const written = scalarText(type, value);
  return isPlace && written !== undefined ? text.slice(0, range[0]) + written + text.slice(range[1]) : undefined;
}

/** Words and durations, which no YAML reader takes for anything but text; numbers and the words for true and false get quotes. */
const PLAIN_WORD = /^[A-Za-z][A-Za-z0-9_./-]*$|^\d+(?:\.\d+)?(?:ms|[smh])$/;
const NO_TEXT = /^(?:y|yes|n|no|on|off|true|false|null)$/i;

/** A scalar in the quotes its author used; undefined where those cannot hold it. */
function scalarText(type: string | undefined, value: string | number | boolean): string | undefined {
  if (type !== 'PLAIN' && type !== 'QUOTE_DOUBLE' && type !== 'QUOTE_SINGLE') return undefined;
  if (typeof value !== 'string') return JSON.stringify(value);
  if (type === 'QUOTE_SINGLE' && /^[\u0020-\u007e]*$/.test(value)) return `'${value.replaceAll('\'', '\'\'')}'`;
  return type === 'PLAIN' && PLAIN_WORD.test(value) && !NO_TEXT.test(value) ? value : JSON.stringify(value);
}

/** Behind the last field of the object it belongs to. */
function addField(text: string, document: Document.Parsed, keys: readonly (string | number)[], value: Json): string | undefined {
  const depth = keys.findIndex((_, at) => document.getIn(keys.slice(0, at + 1), true) === undefined);
  const parent: unknown = depth === 0 ? document.contents : document.getIn(keys.slice(0, depth), true);
  const missing = keys.slice(depth);
  const last = isBlockMap(parent) ? parent.items.at(-1) : undefined;
  const lines = last === undefined ? undefined : linesOf(text, last);
  if (lines === undefined || missing.some((key) => typeof key === 'number')) return undefined;
  const field = missing.reduceRight<Json>((inner, key) => ({ [key]: inner }), value);
  const written = new Document(field, { compat: 'yaml-1.1', aliasDuplicateObjects: false }).toString({ lineWidth: 0, ...styleOf(text) }).replaceAll(/^(?=.)/gm, ' '.repeat(lines.indent));
  const isOpen = lines.to > 0 && text[lines.to - 1] !== '\n';
  return text.slice(0, lines.to) + (isOpen ? `\n${written.trimEnd()}` : written) + text.slice(lines.to);
}

function removeField(text: string, document: Document.Parsed, keys: readonly (string | number)[]): string | undefined {
  const parent: unknown = keys.length === 1 ? document.contents : document.getIn(keys.slice(0, -1), true);
  if (!isBlockMap(parent) || parent.items.length < 2) return undefined;
  const pair = parent.items.find(({ key }) => isScalar(key) && key.value === keys.at(-1));
  const lines = pair === undefined ? undefined : linesOf(text, pair);
  return lines === undefined ? undefined : text.slice(0, lines.from) + text.slice(lines.to);
}

const isBlockMap = (node: unknown): node is YAMLMap => isMap(node) && node.flow !== true;

/** The whole lines of a field that begins its line. */
function linesOf(text: string, { key, value }: Pair): { readonly from: number; readonly to: number; readonly indent: number } | undefined {
  const start = isScalar(key) ? key.range?.[0] : undefined;
  if (start === undefined) return undefined;
  const from = text.lastIndexOf('\n', start - 1) + 1;
  if (!/^ *$/.test(text.slice(from, start))) return undefined;
  const end = Math.max(start, isScalar(key) ? (key.range?.[1] ?? 0) : 0, contentEnd(value));
  const lineEnd = end > 0 && text[end - 1] === '\n' ? end - 1 : text.indexOf('\n', end);
  return { from, to: lineEnd === -1 ? text.length : lineEnd + 1, indent: start - from };
}

/** Where a value's own text ends, without the comments and blank lines that follow. */
function contentEnd(node: unknown): number {
  const last: unknown = isMap(node) && node.flow !== true ? node.items.at(-1)?.value ?? node.items.at(-1)?.key : isSeq(node) && node.flow !== true ? node.items.at(-1) : undefined;
  if (last !== undefined && last !== null) return contentEnd(last);
  return isNode(node) ? (node.range?.[1] ?? 0) : 0;
}
