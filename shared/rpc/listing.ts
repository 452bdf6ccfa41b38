import type { ResourceKey } from '../model/ids.ts';
import type { VersionInfo } from '../ports/operator.ts';

/** Items of a list in one answer, where the caller leaves it open, and at most. */
export const DEFAULT_LIST_LIMIT = 100;
export const MAX_LIST_LIMIT = 1000;
/** A list's manifests together: half of an answer, so that the last one may be long. */
const LIST_BYTES = 2 * 1024 * 1024;

/** One answer's worth of a list, and after which key to go on. */
export interface ListPart<Item> { readonly items: readonly Item[]; readonly next: ResourceKey | undefined }

interface Listed { readonly key: ResourceKey; readonly manifest?: string; readonly versions: readonly VersionInfo[] }

/** The items of a list beyond `after`, in key order, as many as fit. */
export function partOf<Item extends Listed>(all: readonly Item[], after: ResourceKey | undefined, limit: number): ListPart<Item> {
  const rest = all.filter(({ key }) => after === undefined || key > after).sort((a, b) => (a.key < b.key ? -1 : 1));
  return cutToFit({ items: rest.slice(0, limit), next: rest.length > limit ? rest[limit - 1]?.key : undefined });
}

/** Leaves for the next answer what is too long for this one. The first item always stays. */
export function cutToFit<Item extends Listed>({ items, next }: ListPart<Item>): ListPart<Item> {
  let bytes = 0;
  const over = items.findIndex((item, at) => {
    bytes += bytesOf(item);
    return at > 0 && bytes > LIST_BYTES;
  });
  return over === -1 ? { items, next } : { items: items.slice(0, over), next: items[over - 1]?.key };
}

const bytesOf = ({ manifest = '', versions }: Listed): number =>
  Buffer.byteLength(manifest) + versions.reduce((sum, version) => sum + Buffer.byteLength(version.manifest ?? ''), 0);

/** How many items an answer may have. */
export const limitOf = (asked: number): number => (asked === 0 ? DEFAULT_LIST_LIMIT : Math.min(asked, MAX_LIST_LIMIT));
