import type { JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import type { Filter } from '../../shared/model/federated-part.ts';
import { ManifestError, passesFilter } from '../../shared/model/federated-part.ts';
import { ResourceNameError } from '../../shared/model/resource-key.ts';
import type { ListedObject } from '../../shared/ports/region.ts';
import type { Listing } from '../bridge/cluster-port.ts';
import type { ServedKind } from './discovery.ts';
import { LIST_PAGE } from './limits.ts';
import { clusterObjectOf, factsOf, metadataOf, textOr, whyLocal, withKind } from './object.ts';
import type { Parts } from './parts.ts';
import { collectionPath, NAMESPACES } from './paths.ts';
import { asUnavailable, isStatus } from './status-error.ts';

/**
 * Lists the objects of these kinds, page by page as the server keeps them: within a kind its order is that of our keys. No
 * resourceVersion is asked for, so that the server answers from the store and not from a cache.
 *
 * @param kinds in the order of their keys
 * @throws ClusterUnavailableError, from the pages too: where the server has lost its place the list is not complete
 */
export async function listObjects(parts: Parts, kinds: readonly ServedKind[], filter: Filter, signal: AbortSignal): Promise<Listing> {
  return { resourceVersion: await newestVersion(parts, signal), pages: pages(parts, kinds, filter, signal) };
}

/** Of the whole store: every page that is read later is at least as new. */
async function newestVersion({ client }: Parts, signal: AbortSignal): Promise<string> {
  try {
    const list = await client.json({ path: NAMESPACES, query: { limit: '1' } }, signal);
    return textOr(metadataOf(list)['resourceVersion'], '0');
  } catch (error) {
    throw asUnavailable(error, 'the cluster could not be listed');
  }
}

async function* pages(parts: Parts, kinds: readonly ServedKind[], filter: Filter, signal: AbortSignal): AsyncGenerator<readonly ListedObject[]> {
  for (const kind of kinds) {
    for (let token: string | undefined; ;) {
      const list = await page(parts, kind, token, signal);
      if (list === undefined) break;
      const items = Array.isArray(list['items']) ? list['items'].filter(isObject) : [];
      const objects = items.flatMap((item) => listed(parts, kind, item, filter));
      if (objects.length > 0) yield objects;
      token = textOr(metadataOf(list)['continue']) || undefined;
      if (token === undefined) break;
    }
  }
}

/** Undefined: the bridge may not list this kind. Its objects cannot be read either, so none of them is taken for deleted. */
async function page({ client, logger }: Parts, kind: ServedKind, token: string | undefined, signal: AbortSignal): Promise<JsonObject | undefined> {
  try {
    return await client.json({ path: collectionPath(kind), query: { limit: LIST_PAGE.toString(), continue: token } }, signal);
  } catch (error) {
    if (token === undefined && isStatus(error, 403)) {
      logger.warn('kind-not-listed', { kind: kind.kind, group: kind.group, reason: error.message });
      return undefined;
    }
    throw asUnavailable(error, `${kind.plural}${kind.group === '' ? '' : `.${kind.group}`} could not be listed`);
  }
}

function listed({ lastSeen, known, logger, marks, namespace: bridgeNamespace }: Parts, kind: ServedKind, item: JsonObject, filter: Filter): readonly ListedObject[] {
  const object = withKind(kind, item);
  const facts = factsOf(object);
  const { namespace, name } = facts;
  if (whyLocal(kind, object, bridgeNamespace) !== undefined || !passesFilter(filter, { group: kind.group, kind: kind.kind, namespace })) return [];
  try {
    const { key, uid, resourceVersion, token, content } = clusterObjectOf(kind, object, marks());
    lastSeen.note(key, facts);
    known.put(key, object);
    return [{ key, uid, resourceVersion, hash: content.hash, token }];
  } catch (error) {
    if (!(error instanceof ManifestError || error instanceof ResourceNameError)) throw error;
    logger.warn('object-cannot-be-federated', { kind: kind.kind, namespace, name, reason: error.message });
    return [];
  }
}
