import type { Document } from 'yaml';
import { LineCounter, parseAllDocuments } from 'yaml';
import type { Json, JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { CommandError } from '../errors.ts';
import { MANIFEST_YAML, MAX_ALIASES } from '../yaml-edit/manifest-yaml.ts';

/** A manifest and where it stands, as messages name it: `route.yaml:12`. */
export interface Manifest { readonly where: string; readonly value: JsonObject }

/**
 * The manifests of a text: YAML or JSON, any number of documents, lists taken apart.
 *
 * @param name of the file, for messages
 * @throws CommandError naming file, line and column
 */
export function parseManifests(name: string, text: string): readonly Manifest[] {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { ...MANIFEST_YAML, lineCounter: lines });
  const documents: readonly Document.Parsed[] = 'empty' in parsed ? [] : parsed;
  return documents.flatMap((document) => {
    const [wrong] = [...document.errors, ...document.warnings];
    if (wrong !== undefined) {
      const { line, col } = lines.linePos(wrong.pos[0]);
      throw new CommandError('invalid', `${name}:${line.toString()}:${col.toString()}: not valid YAML: ${wrong.message}`);
    }
    const { line } = lines.linePos(document.contents?.range[0] ?? document.range[0]);
    return itemsOf(`${name}:${line.toString()}`, valueOf(document, name));
  });
}

function valueOf(document: Document.Parsed, name: string): Json {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) as Json;
  } catch (cause) {
    throw new CommandError('invalid', `${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** Empty documents say nothing; a `List`, as `kubectl get -o yaml` prints it, is its items. */
function itemsOf(where: string, value: Json): readonly Manifest[] {
  if (value === null) return [];
  if (!isObject(value)) throw new CommandError('invalid', `${where}: not a manifest; expected apiVersion, kind and metadata`);
  const { kind, items } = value;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [{ where, value }];
  return (items as readonly Json[]).flatMap((item, at) => itemsOf(`${where} item ${(at + 1).toString()}`, item));
}
