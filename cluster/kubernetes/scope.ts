import type { JsonObject } from '../../shared/model/content.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { printKey, splitKey } from '../../shared/model/resource-key.ts';
import type { ReadResult } from '../bridge/cluster-port.ts';
import type { KubeClient } from './client.ts';
import { METADATA_ONLY } from './client.ts';
import type { Discovery, ServedKind } from './discovery.ts';
import { createdAtMs, metadataOf } from './object.ts';
import { definitionPath, namespacePath } from './paths.ts';
import { asUnavailable } from './status-error.ts';

/** Whether what an object lives in – its kind's definition, its namespace – stands firm, and since when. */
export type Scope =
  | { readonly kind: 'firm'; readonly sinceMs: number }
  | ReadResult & { readonly kind: 'unknown' };

/**
 * Looks, uncached, at what an object lives in. Deleting a definition or a namespace deletes the objects in it within milliseconds; that
 * says nothing about what anybody wants elsewhere.
 *
 * @throws ClusterUnavailableError
 */
export async function lookAtScope(client: KubeClient, discovery: Discovery, kind: ServedKind, key: ResourceKey, signal: AbortSignal): Promise<Scope> {
  try {
    const { namespace } = splitKey(key);
    const [definition, namespaceObject] = await Promise.all([
      client.find({ path: definitionPath(kind), accept: METADATA_ONLY }, signal),
      kind.namespaced ? client.find({ path: namespacePath(namespace), accept: METADATA_ONLY }, signal) : undefined,
    ]);
    if (definition === undefined && !(await isBuiltIn(discovery, kind, signal))) return notServed(key);
    if (isGoing(definition)) return going(key, 'its definition is being deleted');
    if (kind.namespaced && namespaceObject === undefined) return namespaceMissing(namespace);
    if (isGoing(namespaceObject)) return going(key, `the namespace ${namespace} is being deleted`);
    return { kind: 'firm', sinceMs: Math.max(...[definition, namespaceObject].map((object) => (object === undefined ? 0 : createdAtMs(object)))) };
  } catch (error) {
    throw asUnavailable(error, `whether ${printKey(key)} was deleted could not be told`);
  }
}

const isGoing = (object: JsonObject | undefined): boolean => object !== undefined && metadataOf(object)['deletionTimestamp'] !== undefined;

/** Served without a definition: the server's own, or one of a server behind it. */
async function isBuiltIn(discovery: Discovery, { group, kind }: ServedKind, signal: AbortSignal): Promise<boolean> {
  discovery.forget();
  return (await discovery.find(group, kind, signal)) !== undefined;
}

export const notServed = (key: ResourceKey): Scope & { kind: 'unknown' } => {
  const { group, kind } = splitKey(key);
  return { kind: 'unknown', absent: true, reason: 'KindNotServed', message: `this cluster has no ${kind} of ${group === '' ? 'the core API' : group}: its definition is missing; nothing is deleted elsewhere` };
};
export const namespaceMissing = (namespace: string): Scope & { kind: 'unknown' } =>
  ({ kind: 'unknown', absent: true, reason: 'NamespaceMissing', message: `the namespace ${namespace} is not there; nothing of it is deleted elsewhere. Create it, and its objects come back` });
const going = (key: ResourceKey, why: string): Scope & { kind: 'unknown' } =>
  ({ kind: 'unknown', absent: true, reason: 'Terminating', message: `${printKey(key)}: ${why}; nothing of it is deleted elsewhere` });
