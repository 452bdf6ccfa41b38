import type { ResourceKey } from '../../shared/model/ids.ts';
import type { Operator, ResourceInfo } from '../../shared/ports/operator.ts';

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
