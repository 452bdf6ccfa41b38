import type { JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { ManifestError } from '../../shared/model/federated-part.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { printKey, ResourceNameError, splitKey } from '../../shared/model/resource-key.ts';
import type { ReadResult } from '../bridge/cluster-port.ts';
import type { ServedKind } from './discovery.ts';
import { CLOCK_MARGIN_MS } from './limits.ts';
import { clusterObjectOf, factsOf, metadataOf, textOr, whyLocal, whyNameIsLocal } from './object.ts';
import type { Parts } from './parts.ts';
import { collectionPath, keyPath } from './paths.ts';
import { notServed } from './scope.ts';
import { asUnavailable, isStatus } from './status-error.ts';

/**
 * Reads one object: uncached, or, `known`, as it was last seen where that is at hand.
 *
 * @throws ClusterUnavailableError
 */
export async function readObject(parts: Parts, key: ResourceKey, how: 'fresh' | 'known', signal: AbortSignal): Promise<ReadResult> {
  const { client, discovery } = parts;
  const names = splitKey(key);
  const { group, kind: kindName } = names;
  const own = whyNameIsLocal(names, parts.namespace);
  if (own !== undefined) return ownedLocally(key, own);
  const kind = await discovery.find(group, kindName, signal);
  if (kind === undefined) return notServed(key);
  const known = how === 'known' ? asKnown(parts, key) : undefined;
  if (known !== undefined) return live(parts, kind, key, known);
  try {
    const object = await client.find({ path: keyPath(kind, key) }, signal);
    return object === undefined ? await readMissing(parts, kind, key, signal) : live(parts, kind, key, object);
  } catch (error) {
    if (isStatus(error, 403)) return { kind: 'unknown', reason: 'Forbidden', message: error.message };
    throw asUnavailable(error, `${printKey(key)} could not be read`);
  }
}

/** Not one that we mark to delete it: the mark is told of, and by then the object is on its way out or gone. */
function asKnown({ lastSeen, known }: Parts, key: ResourceKey): JsonObject | undefined {
  const seen = lastSeen.get(key);
  return seen?.isOurDelete === true ? undefined : known.get(key, seen);
}

function live({ lastSeen, known, marks, namespace }: Parts, kind: ServedKind, key: ResourceKey, object: JsonObject): ReadResult {
  const facts = factsOf(object);
  lastSeen.note(key, facts);
  if (facts.isTerminating) return { kind: 'unknown', reason: 'Terminating', message: `${printKey(key)} is being deleted and waits for its finalizers: ${finalizersOf(object)}` };
  const local = whyLocal(kind, object, namespace);
  if (local !== undefined) return ownedLocally(key, local);
  known.put(key, object);
  try {
    return { kind: 'live', object: clusterObjectOf(kind, object, marks()) };
  } catch (error) {
    if (error instanceof ManifestError || error instanceof ResourceNameError) return { kind: 'unknown', reason: 'Invalid', message: error.message };
    throw error;
  }
}

/**
 * The object is not there. That somebody deleted it is said only where nothing else can have: what it lives in was looked at after it
 * was found missing, stands, and is older than the object was. A namespace or definition that was deleted and made again while nobody
 * looked is younger than the objects it had.
 */
async function readMissing(parts: Parts, kind: ServedKind, key: ResourceKey, signal: AbortSignal): Promise<ReadResult> {
  const { client, scopes, lastSeen, watchedUntilMs, createNamespaces } = parts;
  const scope = await scopes.look(kind, key);
  if (scope.kind === 'unknown') return { ...scope, isCreatable: createNamespaces && scope.reason === 'NamespaceMissing' };
  const { namespace, name } = splitKey(key);
  // One key, read from the store: as good as a GET, and it comes with a resource version.
  const list = await client.json({ path: collectionPath(kind, kind.namespaced ? namespace : ''), query: { fieldSelector: `metadata.name=${name}` } }, signal);
  const [found] = Array.isArray(list['items']) ? list['items'].filter(isObject) : [];
  if (found !== undefined) return live(parts, kind, key, found);
  const { uid, token, createdAtMs } = lastSeen.departed(key);
  const wasThereMs = createdAtMs ?? (watchedUntilMs === undefined ? -Infinity : watchedUntilMs - CLOCK_MARGIN_MS);
  return { kind: 'gone', confirmed: scope.sinceMs <= wasThereMs, uid, token, resourceVersion: textOr(metadataOf(list)['resourceVersion'], '0') };
}

const ownedLocally = (key: ResourceKey, why: string): ReadResult => ({ kind: 'unknown', reason: 'OwnedLocally', message: `${printKey(key)} stays in this cluster: ${why}` });

function finalizersOf(object: JsonObject): string {
  const finalizers = metadataOf(object)['finalizers'];
  return Array.isArray(finalizers) ? finalizers.join(', ') : 'none';
}
