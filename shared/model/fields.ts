import type { Json, JsonObject } from './content.ts';
import { isObject } from './content.ts';
import type { Path } from './row.ts';

/**
 * Lists whose items have a key, by kind: these are merged item by item, all others as a whole. It must be equal at every member,
 * so it stands in the code and not in a cluster's schema. Pattern segments: a field, or `[]` for any item of a list above.
 */
const LIST_MAPS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  ProxyGateway: { 'spec/listeners': ['name'] },
  ProxyRoute: { 'spec/parentRefs': ['name', 'namespace'], 'spec/pipeline/middleware': ['name'] },
  ServiceEndpoints: { 'spec/endpoints': ['address', 'port'] },
};

/** The leaves of an object: scalars, atomic lists and empty containers, by path. */
export type Leaves = ReadonlyMap<Path, Json>;

const escapeSegment = (field: string): string => field.replaceAll('~', '~0').replaceAll('/', '~1').replace(/^\[/, '~2');
const unescapeSegment = (segment: string): string => segment.replace(/^~2/, '[').replaceAll('~1', '/').replaceAll('~0', '~');

/** Takes an object apart into its leaves. Items of list maps stand under `[key]`. */
export function leavesOf(kind: string, content: JsonObject): Leaves {
  const leaves = new Map<Path, Json>();
  collect(LIST_MAPS[kind] ?? {}, '', '', content, leaves);
  return leaves;
}

function collect(maps: Readonly<Record<string, readonly string[]>>, path: Path, pattern: string, value: Json, leaves: Map<Path, Json>): void {
  const children = childrenOf(maps, pattern, value);
  if (children === undefined || children.length === 0) {
    if (path !== '') leaves.set(path, value);
    return;
  }
  for (const { segment, step, child } of children) {
    collect(maps, path === '' ? segment : `${path}/${segment}`, pattern === '' ? step : `${pattern}/${step}`, child, leaves);
  }
}

interface Child { readonly segment: string; readonly step: string; readonly child: Json }

/** Undefined for a leaf. */
function childrenOf(maps: Readonly<Record<string, readonly string[]>>, pattern: string, value: Json): readonly Child[] | undefined {
  if (isObject(value)) return Object.entries(value).map(([field, child]) => ({ segment: escapeSegment(field), step: field, child }));
  const keyFields = maps[pattern];
  if (!Array.isArray(value) || keyFields === undefined) return undefined;
  const items = value as readonly Json[];
  const segments = items.map((item) => itemSegment(keyFields, item));
  const usable = segments.every((segment) => segment !== undefined) && new Set(segments).size === segments.length;
  return usable ? items.map((child, at) => ({ segment: segments[at] ?? '', step: '[]', child })) : undefined;
}

/** The first key field must be there; the others may be missing. */
function itemSegment(keyFields: readonly string[], item: Json): string | undefined {
  if (!isObject(item) || item[keyFields[0] ?? ''] === undefined) return undefined;
  const key = keyFields.map((field) => item[field] ?? null);
  if (key.some((part) => typeof part === 'object' && part !== null)) return undefined;
  return `[${JSON.stringify(key.length === 1 ? key[0] : key).replaceAll('~', '~0').replaceAll('/', '~1')}]`;
}

/** Puts leaves back together. List-map items come in the order of the first of `orders` that knows them. */
export function assemble(leaves: Leaves, orders: readonly Leaves[]): JsonObject {
  const ranks = rankPaths(orders);
  const sorted = [...leaves].sort(([a], [b]) => (ranks.get(a) ?? Infinity) - (ranks.get(b) ?? Infinity) || (a < b ? -1 : 1));
  const root: Tree = new Map();
  for (const [path, value] of sorted) place(root, path.split('/'), value);
  return buildObject(root);
}

type Tree = Map<string, Tree | { readonly leaf: Json }>;

function place(tree: Tree, [segment = '', ...rest]: readonly string[], value: Json): void {
  if (rest.length === 0) { tree.set(segment, { leaf: value }); return; }
  const next = tree.get(segment);
  const child: Tree = next instanceof Map ? next : new Map<string, Tree | { readonly leaf: Json }>();
  if (child !== next) tree.set(segment, child);
  place(child, rest, value);
}

function buildObject(tree: Tree): JsonObject {
  return Object.fromEntries([...tree].map(([segment, child]) => [unescapeSegment(segment), build(child)]));
}

function build(node: Tree | { readonly leaf: Json }): Json {
  if (!(node instanceof Map)) return node.leaf;
  const isList = [...node.keys()].every((segment) => segment.startsWith('['));
  return isList ? [...node.values()].map(build) : buildObject(node);
}

function rankPaths(orders: readonly Leaves[]): ReadonlyMap<Path, number> {
  const ranks = new Map<Path, number>();
  for (const order of orders) for (const path of order.keys()) if (!ranks.has(path)) ranks.set(path, ranks.size);
  return ranks;
}

/** What an edit did: leaves with another or a new value, and leaves that are gone. */
export interface Edit { readonly changed: readonly Path[]; readonly removed: readonly Path[] }

/** Compares two objects leaf by leaf. */
export function editBetween(before: Leaves, after: Leaves): Edit {
  const changed = [...after].filter(([path, value]) => !before.has(path) || !sameJson(before.get(path), value)).map(([path]) => path);
  const removed = [...before.keys()].filter((path) => !after.has(path));
  return { changed, removed };
}

/** Equality of JSON values. */
export const sameJson = (a: Json | undefined, b: Json | undefined): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

/** A leaf that holds nothing, and gives way to anything below it. */
export const isEmptyContainer = (value: Json): boolean => typeof value === 'object' && value !== null && Object.keys(value).length === 0;
