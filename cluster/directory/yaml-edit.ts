import type { Document, Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml';
import { styleOf } from '../../shared/adapters/yaml/index.ts';
import type { Style } from '../../shared/adapters/yaml/index.ts';
import type { Json, JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { alignItems } from './align-items.ts';
import { documentsOf } from './manifest-text.ts';
import type { Place } from './manifest-text.ts';
import { equalJson, requireJson } from './plain-json.ts';
import { blockText, flowText, scalarText } from './yaml-style.ts';
import { TO_JS_OPTIONS } from './yaml-options.ts';

/** A stretch of a text and what takes its place. */
interface Splice { readonly from: number; readonly to: number; readonly text: string }

/**
 * Changes a manifest in the text of a YAML file and nothing else: only what differs is cut out and replaced, so comments, order,
 * quotes and indentation stay as their author left them. Undefined where that cannot be done; callers check the result in any case.
 */
export function spliceYaml(text: string, place: Place, desired: JsonObject | undefined): string | undefined {
  const document = documentsOf(text)[place.document];
  if (document === undefined) return undefined;
  if (desired === undefined && place.item === undefined) return apply(text, [{ from: document.range[0], to: document.range[2], text: '' }]);
  const editor = new Editor(text, document);
  const done = place.item === undefined ? editor.edit(document.contents, desired ?? null, false) : editor.editItem(document.get('items', true), place.item, desired);
  return done ? apply(text, editor.splices) : undefined;
}

function apply(text: string, splices: readonly Splice[]): string | undefined {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  let result = '';
  let at = 0;
  // The sort is stable: of two insertions in one place the inner one was noted first.
  for (const splice of [...splices].sort((a, b) => a.from - b.from)) {
    if (splice.from < at) return undefined;
    result += text.slice(at, splice.from) + splice.text.replaceAll('\n', newline);
    at = splice.to;
  }
  return result + text.slice(at);
}

class Editor {
  readonly splices: Splice[] = [];
  readonly #text: string;
  readonly #document: Document.Parsed;
  readonly #style: Style;

  constructor(text: string, document: Document.Parsed) {
    this.#text = text;
    this.#document = document;
    this.#style = styleOf(text);
  }

  /** Makes a node say `desired`; false where the node as a whole has to be written anew, and nothing was noted. */
  edit(node: unknown, desired: Json, inFlow: boolean): boolean {
    if (!isNode(node) || node.range === undefined || node.range === null) return false;
    if (equalJson(this.#json(node), desired)) return true;
    const noted = this.splices.length;
    const done = this.#editNode(node, node.range, desired, inFlow);
    if (!done) this.splices.length = noted;
    return done;
  }

  editItem(list: unknown, item: number, desired: JsonObject | undefined): boolean {
    if (!isSeq(list)) return false;
    const items = (this.#json(list) as readonly Json[]);
    return this.edit(list, desired === undefined ? items.toSpliced(item, 1) : items.with(item, desired), false);
  }

  #json(node: Node): Json { return requireJson(node.toJS(this.#document, TO_JS_OPTIONS)); }

  #editNode(node: Node, range: readonly [number, number, number], desired: Json, inFlow: boolean): boolean {
    if (isAlias(node)) return this.#replace(range, flowText(desired));
    // Other places may refer to it, or its tag decides what it says.
    if (node.anchor !== undefined || node.tag !== undefined) return false;
    if (isScalar(node)) return this.#editScalar(node, range, desired, inFlow);
    if (isMap(node) && isObject(desired)) return node.flow === true ? this.#editFlow(node, range, desired) : this.#editMap(node, desired);
    if (isSeq(node) && Array.isArray(desired)) return node.flow === true ? this.#replace(range, flowText(desired)) : this.#editList(node, desired as readonly Json[]);
    return node.flow === true && this.#replace(range, flowText(desired));
  }

  #replace([from, to]: readonly [number, number, number], text: string): boolean {
    if (from === to) return false;
    this.splices.push({ from, to, text });
    return true;
  }

  #editScalar(node: Scalar, range: readonly [number, number, number], desired: Json, inFlow: boolean): boolean {
    if (typeof desired === 'object' && desired !== null) return inFlow && this.#replace(range, flowText(desired));
    const text = scalarText(node, desired, inFlow);
    return text !== undefined && this.#replace(range, text);
  }

  /** Where the fields stay the same, only values are cut out. */
  #editFlow(map: YAMLMap, range: readonly [number, number, number], desired: JsonObject): boolean {
    const noted = this.splices.length;
    const sameFields = map.items.length === Object.keys(desired).length && map.items.every((pair) => {
      const value = desired[fieldOf(pair) ?? ''];
      return value !== undefined && this.edit(pair.value, value, true);
    });
    if (sameFields) return true;
    this.splices.length = noted;
    return this.#replace(range, flowText(desired));
  }

  #editMap(map: YAMLMap, desired: JsonObject): boolean {
    const now = this.#json(map) as JsonObject;
    const own = new Set<string>();
    for (const pair of map.items) {
      const field = fieldOf(pair);
      if (field === undefined) return false;
      if (field === '<<') continue;
      own.add(field);
      const value = desired[field];
      if (value !== undefined && this.edit(pair.value, value, false)) continue;
      const lines = this.#linesOfPair(pair);
      if (lines === undefined) return false;
      this.splices.push({ ...lines, text: value === undefined ? '' : blockText({ [field]: value }, lines.indent, this.#style) });
    }
    // What a merged map brings in cannot be taken away here.
    if (Object.keys(now).some((field) => !own.has(field) && desired[field] === undefined)) return false;
    const added = Object.entries(desired).filter(([field, value]) => !own.has(field) && !equalJson(now[field], value));
    if (Object.keys(desired).length === 0) return false;
    return added.length === 0 || this.#append(map.items.at(-1), Object.fromEntries(added));
  }

  #append(last: Pair | undefined, fields: JsonObject): boolean {
    const lines = last === undefined ? undefined : this.#linesOfPair(last, 'anywhere');
    if (lines === undefined) return false;
    this.#insertAfter(lines.to, blockText(fields, lines.indent, this.#style));
    return true;
  }

  #insertAfter(at: number, text: string): void {
    const isOpen = at > 0 && this.#text[at - 1] !== '\n';
    this.splices.push({ from: at, to: at, text: isOpen ? `\n${text.trimEnd()}` : text });
  }

  #editList(list: YAMLSeq, desired: readonly Json[]): boolean {
    if (desired.length === 0) return false;
    const now = this.#json(list) as readonly Json[];
    let at = this.#linesOfItem(list.items[0])?.from;
    for (const step of alignItems(now, desired)) {
      const lines = step.from === undefined ? undefined : this.#linesOfItem(list.items[step.from]);
      if (step.from !== undefined && lines === undefined) return false;
      if (step.to === undefined) this.splices.push({ from: lines?.from ?? 0, to: lines?.to ?? 0, text: '' });
      else if (lines === undefined) {
        const indent = this.#linesOfItem(list.items[0])?.indent;
        if (at === undefined || indent === undefined) return false;
        this.#insertAfter(at, blockText([step.value ?? null], indent, this.#style));
      } else if (!this.edit(list.items[step.from ?? 0], step.value ?? null, false)) {
        this.splices.push({ ...lines, text: blockText([step.value ?? null], lines.indent, this.#style) });
      }
      at = lines?.to ?? at;
    }
    return true;
  }

  /** The whole lines of a field; `anywhere`: also where it stands behind the dash of a list item. */
  #linesOfPair(pair: Pair, where: 'own-line' | 'anywhere' = 'own-line'): { from: number; to: number; indent: number } | undefined {
    const start = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
    if (start === undefined) return undefined;
    const lineStart = this.#text.lastIndexOf('\n', start - 1) + 1;
    const lead = this.#text.slice(lineStart, start);
    if (where === 'own-line' ? !/^ *$/.test(lead) : !/^[ -]*$/.test(lead)) return undefined;
    const end = Math.max(start, isScalar(pair.key) ? (pair.key.range?.[1] ?? 0) : 0, contentEnd(pair.value));
    return { from: lineStart, to: this.#lineEnd(end), indent: start - lineStart };
  }

  #linesOfItem(item: unknown): { from: number; to: number; indent: number } | undefined {
    const start = isNode(item) ? item.range?.[0] : undefined;
    if (start === undefined) return undefined;
    const lineStart = this.#text.lastIndexOf('\n', start - 1) + 1;
    const lead = /^( *)- *$/.exec(this.#text.slice(lineStart, start));
    return lead === null ? undefined : { from: lineStart, to: this.#lineEnd(contentEnd(item)), indent: lead[1]?.length ?? 0 };
  }

  /** Behind the line break of the line that `offset` ends in. */
  #lineEnd(offset: number): number {
    if (offset > 0 && this.#text[offset - 1] === '\n') return offset;
    const end = this.#text.indexOf('\n', offset);
    return end === -1 ? this.#text.length : end + 1;
  }
}

const fieldOf = (pair: Pair): string | undefined => (isScalar(pair.key) && pair.key.anchor === undefined ? String(pair.key.value) : undefined);

/** Where a node's own text ends, without the comments and blank lines that follow. */
function contentEnd(node: unknown): number {
  if (isMap(node) && node.flow !== true) return Math.max(node.range?.[0] ?? 0, ...node.items.slice(-1).map(({ key, value }) => Math.max(contentEnd(key), contentEnd(value))));
  if (isSeq(node) && node.flow !== true) return Math.max(node.range?.[0] ?? 0, ...node.items.slice(-1).map(contentEnd));
  return isNode(node) ? (node.range?.[1] ?? 0) : 0;
}

/** Writes a document anew where it cannot be cut: its fields that differ, with the library keeping the comments it can. */
export function rewriteYaml(text: string, place: Place, desired: JsonObject): string | undefined {
  const document = documentsOf(text)[place.document];
  const root = place.item === undefined ? document?.contents : document?.getIn(['items', place.item], true);
  if (document === undefined || !isMap(root)) return undefined;
  const now = requireJson(root.toJS(document, TO_JS_OPTIONS)) as JsonObject;
  for (const field of Object.keys(now)) if (desired[field] === undefined) root.delete(field);
  for (const [field, value] of Object.entries(desired)) if (!equalJson(now[field], value)) root.set(field, document.createNode(value));
  return replaceDocument(text, place.document, document.toString({ lineWidth: 0, ...styleOf(text) }));
}

/** The last resort: the document as a fresh one. */
export function freshYaml(text: string, place: Place, desired: JsonObject): string | undefined {
  if (place.item !== undefined) return undefined;
  return replaceDocument(text, place.document, blockText(desired, 0, styleOf(text)));
}

function replaceDocument(text: string, at: number, written: string): string | undefined {
  const range = documentsOf(text)[at]?.range;
  if (range === undefined) return undefined;
  const from = at === 0 ? 0 : range[0];
  const marked = at === 0 || written.startsWith('---') ? written : `---\n${written}`;
  return text.slice(0, from) + marked + text.slice(range[2]);
}

export const newYaml = (desired: JsonObject): string => blockText(desired, 0, { indent: 2, indentSeq: true });
