import { Document } from 'yaml';
import type { Json } from '../../shared/model/content.ts';
import type { Output } from '../host.ts';
import { printable } from './printable.ts';

/** What `-o` takes. */
export const OUTPUT_FORMATS = ['table', 'wide', 'json', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** One answer in the forms people and scripts ask for. `json` is a promise to scripts: fields stay, and are null rather than missing. */
export interface Answer { readonly json: Json; readonly text: (detail: 'table' | 'wide') => string }

/** Writes an answer in the format asked for. */
export function print(output: Output, format: OutputFormat, { json, text }: Answer): void {
  switch (format) {
    case 'json': output.write(printable(`${JSON.stringify(json, null, 2)}\n`)); break;
    case 'yaml': output.write(printable(yamlText(json))); break;
    case 'table': case 'wide': output.write(printable(text(format))); break;
  }
}

/** YAML that its 1.1 and 1.2 readers understand alike; lines are never folded. */
export const yamlText = (value: Json): string => new Document(value, { compat: 'yaml-1.1', aliasDuplicateObjects: false }).toString({ lineWidth: 0 });
