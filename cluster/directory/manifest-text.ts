import type { Document, Node } from 'yaml';
import { LineCounter, isScalar, parseAllDocuments, visit } from 'yaml';
import type { Json, JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { NotJsonError, requireJson } from './plain-json.ts';
import { PARSE_OPTIONS, TO_JS_OPTIONS } from './yaml-options.ts';

export type Format = 'yaml' | 'json';
export const formatOf = (path: string): Format => (path.endsWith('.json') ? 'json' : 'yaml');

/** Where in its file a manifest stands: a document, or an item of a `List` in it. */
export interface Place { readonly document: number; readonly item: number | undefined }

export interface Manifest { readonly place: Place; readonly line: number; readonly value: JsonObject }

/** What is wrong in a file. Lines and columns count from 1. */
export interface TextProblem { readonly line: number; readonly column: number; readonly message: string }

export type ParsedText =
  | { readonly kind: 'parsed'; readonly manifests: readonly Manifest[]; readonly problems: readonly TextProblem[] }
  /** Nothing but white space and comments: a file that is being saved, more often than not. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'unreadable'; readonly problem: TextProblem };

/** Reads the manifests of a file. Never throws. */
export function parseText(format: Format, text: string): ParsedText {
  if (text.trim() === '') return { kind: 'empty' };
  try {
    return format === 'json' ? parseJson(text) : parseYaml(text);
  } catch (error) {
    // The library gives up on nesting with a RangeError, on too many aliases with a ReferenceError.
    return unreadable(1, 1, error instanceof Error ? error.message : String(error));
  }
}

const unreadable = (line: number, column: number, message: string): ParsedText => ({ kind: 'unreadable', problem: { line, column, message } });

function parseJson(text: string): ParsedText {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const [, line = '1', column = '1'] = /\(line (\d+) column (\d+)\)/.exec(message) ?? endOf(text, message);
    return unreadable(Number(line), Number(column), `not valid JSON: ${message.replace(/ in JSON at position.*$/s, '')}`);
  }
  return collect([{ value, line: 1, column: 1 }]);
}

/** V8 names no position where a text ends too early. */
function endOf(text: string, message: string): readonly string[] {
  if (!message.includes('Unexpected end')) return [];
  const lines = text.split('\n');
  return ['', lines.length.toString(), ((lines.at(-1)?.length ?? 0) + 1).toString()];
}

/** A stream's documents. An empty stream has none. */
export const documentsOf = (text: string, lines?: LineCounter): readonly Document.Parsed[] => {
  const documents = parseAllDocuments(text, { ...PARSE_OPTIONS, ...(lines && { lineCounter: lines }) });
  return 'empty' in documents ? [] : documents;
};

function parseYaml(text: string): ParsedText {
  const lines = new LineCounter();
  const documents = documentsOf(text, lines);
  const values: { value: unknown; line: number; column: number }[] = [];
  for (const document of documents) {
    const wrong = [...document.errors, ...document.warnings][0];
    if (wrong !== undefined) return at(lines, wrong.pos[0], `not valid YAML: ${wrong.message}`);
    const twice = repeatedKey(document);
    if (twice !== undefined) return at(lines, twice.offset, `not valid YAML: the key ${JSON.stringify(twice.key)} stands twice`);
    const offset = document.contents?.range[0] ?? document.range[0];
    const { line, col } = lines.linePos(offset);
    values.push({ value: document.toJS(TO_JS_OPTIONS) as unknown, line, column: col });
  }
  return collect(values);
}

function at(lines: LineCounter, offset: number, message: string): ParsedText {
  const { line, col } = lines.linePos(offset);
  return unreadable(line, col, message);
}

function repeatedKey(document: Document.Parsed): { readonly key: string; readonly offset: number } | undefined {
  let found: { readonly key: string; readonly offset: number } | undefined;
  visit(document, {
    Map: (_at, map) => {
      const keys = new Set<string | undefined>();
      for (const { key } of map.items) {
        const name = isScalar(key) && typeof key.value === 'string' ? key.value : undefined;
        if (name !== undefined && name !== '<<' && keys.has(name)) {
          found = { key: name, offset: (key as Node).range?.[0] ?? 0 };
          return visit.BREAK;
        }
        keys.add(name);
      }
      return undefined;
    },
  });
  return found;
}

function collect(documents: readonly { readonly value: unknown; readonly line: number; readonly column: number }[]): ParsedText {
  const manifests: Manifest[] = [];
  const problems: TextProblem[] = [];
  for (const [document, { value, line, column }] of documents.entries()) {
    if (value === null || value === undefined) continue;
    try {
      const json = requireJson(value);
      for (const { item, json: manifest } of itemsOf(json)) {
        if (isObject(manifest)) manifests.push({ place: { document, item }, line, value: manifest });
        else problems.push({ line, column, message: 'not a manifest: expected apiVersion, kind, metadata' });
      }
    } catch (error) {
      if (!(error instanceof NotJsonError)) throw error;
      problems.push({ line, column, message: error.message });
    }
  }
  return manifests.length + problems.length === 0 ? { kind: 'empty' } : { kind: 'parsed', manifests, problems };
}

/** `kubectl get -o yaml` of several objects prints one `List`. */
function itemsOf(json: Json): readonly { readonly item: number | undefined; readonly json: Json }[] {
  if (!isList(json)) return [{ item: undefined, json }];
  return json.items.map((item, at) => ({ item: at, json: item }));
}

export const isList = (json: Json | undefined): json is JsonObject & { readonly items: readonly Json[] } =>
  isObject(json) && typeof json['kind'] === 'string' && json['kind'].endsWith('List') && json['metadata'] !== null && Array.isArray(json['items']);
