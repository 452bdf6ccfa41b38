import type { Document } from 'yaml';
import { isMap, isNode, isScalar, isSeq, parseAllDocuments } from 'yaml';
import type { Json } from '../../shared/model/content.ts';
import { CommandError } from '../errors.ts';
import { MANIFEST_YAML } from '../manifests/yaml-words.ts';
import type { Assignment, Step } from './assignment.ts';
import { printSteps } from './assignment.ts';

/** A field before and after. */
export interface Change { readonly path: string; readonly before: Json | undefined; readonly after: Json | undefined }

/** A text with some fields changed, and what changed. */
export interface Edited { readonly text: string; readonly changes: readonly Change[] }

/**
 * Changes fields of one document of a YAML or JSON text. Where a plain value takes the place of another, only its characters are
 * replaced; for anything else the document is written anew with its comments, quotes and order kept. Other documents stay as they are.
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
  const document = documentsOf(text)[at];
  if (document === undefined) throw new RangeError('the text has no such document');
  const keys = keysOf(document, path);
  const before = plain(document.getIn(keys), document);
  if (JSON.stringify(before) === JSON.stringify(value)) return { text, changes: [] };
  const changes = [{ path: printSteps(path), before, after: value }];
  const node = document.getIn(keys, true);
  if (value !== undefined && typeof value !== 'object' && isScalar(node) && node.range !== undefined && node.range !== null && node.range[0] < node.range[1] && node.anchor === undefined && node.tag === undefined) {
    const written = scalarText(node.type, value);
    if (written !== undefined) return { text: text.slice(0, node.range[0]) + written + text.slice(node.range[1]), changes };
  }
  if (value === undefined) document.deleteIn(keys);
  else document.setIn(keys, document.createNode(value));
  return { text: rewritten(text, at, document), changes };
}

export function documentsOf(text: string): readonly Document.Parsed[] {
  const documents = parseAllDocuments(text, MANIFEST_YAML);
  return 'empty' in documents ? [] : documents;
}

/** Where a path leads: items that are named by their `name` become positions. */
function keysOf(document: Document.Parsed, path: readonly Step[]): readonly (string | number)[] {
  const keys: (string | number)[] = [];
  for (const [depth, step] of path.entries()) {
    const node: unknown = depth === 0 ? document.contents : document.getIn(keys, true);
    const where = printSteps(path.slice(0, depth));
    if (typeof step === 'object') {
      const found = isSeq(node) ? node.items.findIndex((item) => isMap(item) && item.get('name') === step.name) : -1;
      if (found === -1) throw new CommandError('invalid', `${where} has no item named ${JSON.stringify(step.name)}`);
      keys.push(found);
    } else if (typeof step === 'number') {
      if (!isSeq(node) || step >= node.items.length) throw new CommandError('invalid', `${where} has no item ${step.toString()}; the first is 0`);
      keys.push(step);
    } else {
      if (node !== undefined && node !== null && !isMap(node) && !(isScalar(node) && node.value === null)) throw new CommandError('invalid', `${where} is no object, so there is no ${printSteps(path)}`);
      if (isScalar(node)) document.setIn(keys, document.createNode({}));
      keys.push(step);
    }
  }
  return keys;
}

const plain = (value: unknown, document: Document.Parsed): Json | undefined => (isNode(value) ? (value.toJS(document) as Json) : (value as Json | undefined));

/** A scalar in the quotes its author used; undefined where the library has to find some. */
function scalarText(type: string | undefined, value: string | number | boolean | null): string | undefined {
  if (type !== 'PLAIN' && type !== 'QUOTE_DOUBLE' && type !== 'QUOTE_SINGLE') return undefined;
  if (typeof value !== 'string') return JSON.stringify(value);
  if (type === 'QUOTE_SINGLE' && /^[\u0020-\u007e]*$/.test(value)) return `'${value.replaceAll('\'', '\'\'')}'`;
  // Words that no YAML reader takes for anything but text; numbers and the words for true and false are put in quotes.
  const isPlainWord = /^[A-Za-z][A-Za-z0-9_./-]*$|^\d+(?:\.\d+)?(?:ms|[smh])$/.test(value) && !/^(?:y|yes|n|no|on|off|true|false|null)$/i.test(value);
  return type === 'PLAIN' && isPlainWord ? value : JSON.stringify(value);
}

function rewritten(text: string, at: number, document: Document.Parsed): string {
  const isJson = text.trimStart().startsWith('{');
  if (isJson) return `${JSON.stringify(document.toJS(), null, /\n([ \t]+)"/.exec(text)?.[1] ?? 2)}\n`;
  const [from, , to] = document.range;
  const start = at === 0 ? 0 : from;
  const written = document.toString({ lineWidth: 0, flowCollectionPadding: false, ...styleOf(text) });
  return text.slice(0, start) + (at === 0 || written.startsWith('---') ? written : `---\n${written}`) + text.slice(to);
}

/** How the author indents: the first indented line, and whether the first list under a field stands deeper than the field. */
function styleOf(text: string): { readonly indent: number; readonly indentSeq: boolean } {
  const step = /\n( +)[^\s#-]/.exec(text)?.[1]?.length ?? 2;
  const list = /^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*( *)- /m.exec(text);
  return { indent: Math.min(8, Math.max(2, step)), indentSeq: list === null || (list[2]?.length ?? 0) > (list[1]?.length ?? 0) };
}
