import type { Json, JsonObject } from './content.ts';
import { isObject } from './content.ts';
import type { Path } from './row.ts';

/**
 * Lists whose items have a key, by kind: these are merged item by item, all others as a whole. It must be equal at every member,
 * so it stands in the code and not in a cluster's schema. Pattern segments: a field, or `[]` for any item of a list above.
 */
const LIST_MAPS: ReadonlyMap<string, ListMaps> = new Map([
  ['ProxyGateway', new Map([['spec/listeners', ['name']]])],
  ['ProxyRoute', new Map([['spec/parentRefs', ['name', 'namespace']], ['spec/pipeline/middleware', ['name']]])],
  ['ServiceEndpoints', new Map([['spec/endpoints', ['address', 'port']]])],
]);
/** The key fields of list items by the list's pattern. The first must be there, the others may be missing. */
type ListMaps = ReadonlyMap<string, readonly string[]>;
const listMapsOf = (kind: string): ListMaps => LIST_MAPS.get(kind) ?? new Map<string, readonly string[]>();

/**
 * The leaves of an object: scalars, atomic lists and empty containers, by path. An item of a list map stands under `["key"]`,
 * its key fields are in the path and nowhere else: whoever leaves an item standing leaves its key.
 */
export type Leaves = ReadonlyMap<Path, Json>;

/** Escapes what has a meaning in a path: `~`, `/`, `[` at the beginning, and nothing at all. */
const escapeSegment = (field: string): string => {
  if (!/[~/]|^\[|^$/.test(field)) return field;
  return field === '' ? '~3' : field.replaceAll('~', '~0').replaceAll('/', '~1').replace(/^\[/, '~2');
};
const unescapeSegment = (segment: string): string => {
  if (!segment.includes('~')) return segment;
  return segment === '~3' ? '' : segment.replace(/^~2/, '[').replaceAll('~1', '/').replaceAll('~0', '~');
};
/** Whether a path's segment stands for an item of a list map. */
export const isItem = (segment: string): boolean => segment.startsWith('[');
/** The path of a segment below another path. */
export const below = (path: Path, segment: string): Path => (path === '' ? segment : `${path}/${segment}`);

/** Takes an object apart into its leaves. */
export function leavesOf(kind: string, content: JsonObject): Leaves {
  const leaves = new Map<Path, Json>();
  collect(listMapsOf(kind), '', '', content, leaves);
  return leaves;
}

function collect(maps: ListMaps, path: Path, pattern: string, value: Json, leaves: Map<Path, Json>): void {
  const children = childrenOf(maps, pattern, value);
  if (children === undefined || children.length === 0) {
    if (path !== '') leaves.set(path, value);
    return;
  }
  for (const { segment, step, child } of children) collect(maps, below(path, segment), below(pattern, step), child, leaves);
}

interface Child { readonly segment: string; readonly step: string; readonly child: Json }

/** Undefined for a leaf. */
function childrenOf(maps: ListMaps, pattern: string, value: Json): readonly Child[] | undefined {
  if (isObject(value)) return Object.entries(value).map(([field, child]) => ({ segment: escapeSegment(field), step: field, child }));
  const keyFields = maps.get(pattern);
  if (!Array.isArray(value) || keyFields === undefined) return undefined;
  const items = value as readonly Json[];
  const children = items.map((item) => itemOf(keyFields, item)).filter((child) => child !== undefined);
  const isUsable = children.length === items.length && new Set(children.map(({ segment }) => segment)).size === items.length;
  return isUsable ? children : undefined;
}

/** Undefined where an item has no usable key. A key field that is missing stands as `null`, so one that is null is not usable. */
function itemOf(keyFields: readonly string[], item: Json): Child | undefined {
  if (!isObject(item)) return undefined;
  const key = keyFields.map((field) => (Object.hasOwn(item, field) ? item[field] : undefined));
  if (key[0] === undefined || key.some((part) => part === null || typeof part === 'object')) return undefined;
  const child = Object.fromEntries(Object.entries(item).filter(([field]) => !keyFields.includes(field)));
  return { segment: JSON.stringify(key.map((part) => part ?? null)).replaceAll('~', '~0').replaceAll('/', '~1'), step: '[]', child };
}

/** The key fields of the item a segment stands for. */
function keyOfItem(keyFields: readonly string[], segment: string): JsonObject {
  const key = JSON.parse(segment.replaceAll('~1', '/').replaceAll('~0', '~')) as readonly Json[];
  return Object.fromEntries(keyFields.map((field, at) => [field, key[at] ?? null] as const).filter(([, part]) => part !== null));
}

/** Puts leaves back together. List-map items come in the order of the first of `orders` that knows them. */
export function assemble(kind: string, leaves: Leaves, orders: readonly Leaves[]): JsonObject {
  const ranks = rankPaths(orders);
  const sorted = [...leaves].sort(([a], [b]) => (ranks.get(a) ?? Infinity) - (ranks.get(b) ?? Infinity) || (a < b ? -1 : 1));
  const root: Tree = new Map();
  for (const [path, value] of sorted) place(root, path.split('/'), value);
  return buildObject(listMapsOf(kind), '', root);
}

type Tree = Map<string, Tree | { readonly leaf: Json }>;

function place(tree: Tree, [segment = '', ...rest]: readonly string[], value: Json): void {
  if (rest.length === 0) { tree.set(segment, { leaf: value }); return; }
  const next = tree.get(segment);
  const child: Tree = next instanceof Map ? next : new Map<string, Tree | { readonly leaf: Json }>();
  if (child !== next) tree.set(segment, child);
  place(child, rest, value);
}

function buildObject(maps: ListMaps, pattern: string, tree: Tree): JsonObject {
  return Object.fromEntries([...tree].map(([segment, child]) => {
    const field = unescapeSegment(segment);
    return [field, build(maps, below(pattern, field), child)];
  }));
}

function build(maps: ListMaps, pattern: string, node: Tree | { readonly leaf: Json }): Json {
  if (!(node instanceof Map)) return node.leaf;
  if (![...node.keys()].every(isItem)) return buildObject(maps, pattern, node);
  return [...node].map(([segment, item]) => {
    const fields = build(maps, below(pattern, '[]'), item);
    return { ...keyOfItem(maps.get(pattern) ?? [], segment), ...(isObject(fields) && fields) };
  });
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
