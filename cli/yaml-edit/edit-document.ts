import type { Document } from 'yaml';
import { isMap, isNode, isScalar, isSeq, parseAllDocuments } from 'yaml';
import { styleOf } from '../../shared/adapters/yaml/index.ts';
import type { Json } from '../../shared/model/content.ts';
import { CommandError } from '../errors.ts';
import { MANIFEST_YAML } from './manifest-yaml.ts';
import { spliceField } from './splice-field.ts';

/** A step into an object: a field, the position in a list, or the item of that name. */
export type Step = string | number | { readonly name: string };

/** What becomes of one field. Undefined removes it. */
export interface Assignment { readonly path: readonly Step[]; readonly value: Json | undefined }

/** A field before and after. */
export interface Change { readonly path: string; readonly before: Json | undefined; readonly after: Json | undefined }

/** A text with some fields changed, and what changed. */
export interface Edited { readonly text: string; readonly changes: readonly Change[] }

/**
 * Changes fields of one document of a YAML or JSON text. Only the characters that say something else are touched where that can be
 * done; else the document is written anew, with its comments, quotes and order kept. Other documents stay as they are.
 *
 * @param at which document of the text
 * @throws CommandError where a path leads nowhere
 */
export function editDocument(text: string, at: number, assignments: readonly Assignment[]): Edited {
  let edited = text;
  const changes: Change[] = [];
  for (const assignment of assignments) {
    const step = editOne(edited, at, assignment);
    edited = step.text;
    changes.push(...step.changes);
  }
  return { text: edited, changes };
}

function editOne(text: string, at: number, { path, value }: Assignment): Edited {
  const document = requireDocument(text, at);
  const keys = keysOf(document, path);
  const before = plain(document.getIn(keys), document);
  if (sameJson(before, value)) return { text, changes: [] };
  const spliced = spliceField(text, document, keys, value);
  if (value === undefined) document.deleteIn(keys);
  else setField(document, keys, value);
  // Only what reads back as exactly this is believed.
  const isRight = spliced !== undefined && sameJson(valueOf(spliced, at), document.toJS() as Json);
  return { text: isRight ? spliced : rewritten(text, at, document), changes: [{ path: printSteps(path), before, after: value }] };
}

/** Sets a field; a section that is there and empty becomes an object. */
function setField(document: Document.Parsed, keys: readonly (string | number)[], value: Json): void {
  for (let depth = 1; depth < keys.length; depth += 1) {
    const section = document.getIn(keys.slice(0, depth), true);
    if (isScalar(section)) document.setIn(keys.slice(0, depth), document.createNode({}));
  }
  document.setIn(keys, document.createNode(value));
}

const sameJson = (a: Json | undefined, b: Json | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What a document says; undefined where it cannot be read. */
function valueOf(text: string, at: number): Json | undefined {
  const document = documentsOf(text)[at];
  return document === undefined || document.errors.length > 0 ? undefined : (document.toJS() as Json);
}

function requireDocument(text: string, at: number): Document.Parsed {
  const document = documentsOf(text)[at];
  if (document === undefined) throw new RangeError('the text has no such document');
  return document;
}

/** A text's documents. An empty text has none. */
export function documentsOf(text: string): readonly Document.Parsed[] {
  const documents = parseAllDocuments(text, MANIFEST_YAML);
  return 'empty' in documents ? [] : documents;
}

/** Where a path leads: items that are named by their `name` become positions. */
function keysOf(document: Document.Parsed, path: readonly Step[]): readonly (string | number)[] {
  const keys: (string | number)[] = [];
  for (const [depth, step] of path.entries()) {
    const node: unknown = depth === 0 ? document.contents : document.getIn(keys, true);
    keys.push(keyOf(node, step, path, depth));
  }
  return keys;
}

function keyOf(node: unknown, step: Step, path: readonly Step[], depth: number): string | number {
  const where = printSteps(path.slice(0, depth));
  if (typeof step === 'object') {
    const found = isSeq(node) ? node.items.findIndex((item) => isMap(item) && item.get('name') === step.name) : -1;
    if (found === -1) throw new CommandError('invalid', `${where} has no item named ${JSON.stringify(step.name)}`);
    return found;
  }
  if (typeof step === 'number') {
    if (!isSeq(node) || step >= node.items.length) throw new CommandError('invalid', `${where} has no item ${step.toString()}; the first is 0`);
    return step;
  }
  const mayHave = node === undefined || node === null || isMap(node) || (isScalar(node) && node.value === null);
  if (!mayHave) throw new CommandError('invalid', `${where} is no object, so there is no ${printSteps(path)}`);
  return step;
}

/** A path as people write it. */
export const printSteps = (path: readonly Step[]): string =>
  path.map((step, at) => (typeof step === 'string' ? `${at === 0 ? '' : '.'}${step}` : `[${typeof step === 'number' ? step.toString() : step.name}]`)).join('');

const plain = (value: unknown, document: Document.Parsed): Json | undefined => (isNode(value) ? (value.toJS(document) as Json) : (value as Json | undefined));

function rewritten(text: string, at: number, document: Document.Parsed): string {
  if (isJson(text)) return `${JSON.stringify(document.toJS(), null, /\n([ \t]+)"/.exec(text)?.[1] ?? 2)}\n`;
  const [from, , to] = document.range;
  const start = at === 0 ? 0 : from;
  const written = document.toString({ lineWidth: 0, flowCollectionPadding: false, ...styleOf(text) });
  return text.slice(0, start) + (at === 0 || written.startsWith('---') ? written : `---\n${written}`) + text.slice(to);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // YAML, which may also begin with a brace.
  }
}
