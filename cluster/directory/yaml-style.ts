import type { Scalar } from 'yaml';
import { Document } from 'yaml';
import type { Style } from '../../shared/adapters/yaml/index.ts';
import type { Json, JsonObject } from '../../shared/model/content.ts';
import { CREATE_OPTIONS, TO_STRING_OPTIONS } from './yaml-options.ts';

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
