import type { ResourceKey } from '../../shared/model/ids.ts';
import { splitKey } from '../../shared/model/resource-key.ts';
import type { Operator, ResourceInfo } from '../../shared/ports/operator.ts';
import type { AskedKind } from './kinds.ts';

/** Resources asked for at once. */
const PAGE = 500;
/** Pages asked for at most: 100,000 resources are more than anybody reads. */
const MAX_PAGES = 200;

/** What is listed, and whether the list was cut. */
export interface Listing { readonly resources: readonly ResourceInfo[]; readonly isCut: boolean }

/** Everything that passes a filter, page by page. */
export async function listAll(operator: Operator, filter: { readonly kind: string | undefined; readonly namespace: string | undefined }, maxPages = MAX_PAGES): Promise<Listing> {
  const resources: ResourceInfo[] = [];
  let after: ResourceKey | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const answer = await operator.list(filter, after, PAGE);
    resources.push(...answer.resources);
    after = answer.next;
    if (after === undefined) return { resources, isCut: false };
  }
  return { resources, isCut: true };
}

/** Everything of a kind. One that is not known may have been named in the plural, which a region does not take. */
export async function listKind(operator: Operator, { kind, group, isKnown }: AskedKind, namespace: string | undefined): Promise<Listing> {
  for (const name of isKnown ? [kind] : [kind, ...singularsOf(kind)]) {
    const { resources, isCut } = await listAll(operator, { kind: name, namespace });
    const found = group === undefined ? resources : resources.filter(({ key }) => splitKey(key).group === group);
    if (found.length > 0 || isCut) return { resources: found, isCut };
  }
  return { resources: [], isCut: false };
}

const singularsOf = (plural: string): readonly string[] =>
  [plural.replace(/ies$/i, 'y'), plural.replace(/es$/i, ''), plural.replace(/s$/i, '')].filter((word) => word !== plural);
