import type { Scalar } from 'yaml';
import { Document } from 'yaml';
import type { Json, JsonObject } from '../../shared/model/content.ts';
import { CREATE_OPTIONS, TO_STRING_OPTIONS } from './yaml-options.ts';

/** How a file's author indents. */
export interface Style { readonly indent: number; readonly indentSeq: boolean }

/** Reads the style off a text: the first indented line, and whether the first list under a field stands deeper than the field. */
export function styleOf(text: string): Style {
  const step = /\n( +)[^\s#-]/.exec(text)?.[1]?.length ?? 2;
  const list = /^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*( *)- /m.exec(text);
  return { indent: Math.min(8, Math.max(2, step)), indentSeq: list === null || (list[2]?.length ?? 0) > (list[1]?.length ?? 0) };
}

/** Fields or items as block text, every line moved in by `indent`, ended by a line break. */
export function blockText(value: JsonObject | readonly Json[], indent: number, style: Style): string {
  const text = new Document(value, CREATE_OPTIONS).toString({ ...TO_STRING_OPTIONS, ...style });
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(indent));
}

/** A value in one line, which every YAML reader takes the same way. */
export const flowText = (value: Json): string => JSON.stringify(value);

const IN_FLOW = /[,[\]{}]/;

/** A scalar in the quotes its author used; undefined where it has to be written anew. */
export function scalarText({ type }: Scalar, value: string | number | boolean | null, inFlow: boolean): string | undefined {
  if (type !== 'PLAIN' && type !== 'QUOTE_SINGLE' && type !== 'QUOTE_DOUBLE') return undefined;
  if (typeof value !== 'string') return JSON.stringify(value);
  const isPrintable = !/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/.test(value);
  if (type === 'QUOTE_DOUBLE' || !isPrintable) return JSON.stringify(value);
  if (type === 'QUOTE_SINGLE') return `'${value.replaceAll('\'', '\'\'')}'`;
  const plain = new Document(value, CREATE_OPTIONS).toString(TO_STRING_OPTIONS).trimEnd();
  return inFlow && IN_FLOW.test(plain) && !/^["']/.test(plain) ? JSON.stringify(value) : plain;
}
