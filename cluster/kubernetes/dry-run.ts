import type { Content, JsonObject } from '../../shared/model/content.ts';
import { parseContent } from '../../shared/model/content.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { splitKey } from '../../shared/model/resource-key.ts';
import { withContent } from '../bridge/manifest.ts';
import type { ServedKind } from './discovery.ts';
import { FIELD_MANAGER, clusterObjectOf, metadataOf } from './object.ts';
import type { Parts } from './parts.ts';
import { apiVersionOf, collectionPath, keyPath } from './paths.ts';
import { isStatus, StatusError } from './status-error.ts';
import { convertedTo } from './versions.ts';

/**
 * What a content would look like here: defaulted, pruned, converted and mutated by this cluster. Nothing is written.
 *
 * @returns undefined where the cluster would not take it (an immutable field, a webhook without dry run) and so does not say
 * @throws ClusterUnavailableError
 */
export async function wouldHoldHere(parts: Parts, key: ResourceKey, content: string, signal: AbortSignal): Promise<Content | undefined> {
  const { client, discovery, marks } = parts;
  const { group, kind: kindName } = splitKey(key);
  const kind = await discovery.find(group, kindName, signal);
  if (kind === undefined) return undefined;
  const given = parseContent(content);
  const value = given['apiVersion'] === apiVersionOf(kind) ? given : await convertedTo(client, kind, given, signal);
  if (value === undefined) return undefined;
  try {
    const stored = await tryOut(parts, kind, key, value, signal);
    return clusterObjectOf(kind, stored, marks()).content;
  } catch (error) {
    // Changed or gone in between: whoever asked will find that it is not what they read.
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

/**
 * Who owns which field is not asked: an API server that is told to forget it is spared the account of it, a sixth of its time for this.
 */
const withoutOwners = (object: JsonObject): JsonObject => ({ ...object, metadata: { ...metadataOf(object), managedFields: [{}] } });

/** Over the object that is there; as a new one where there is none. */
async function tryOut({ client, marks, known, lastSeen }: Parts, kind: ServedKind, key: ResourceKey, content: JsonObject, signal: AbortSignal): Promise<JsonObject> {
  const { namespace } = splitKey(key);
  const query = { dryRun: 'All', fieldManager: FIELD_MANAGER };
  const over = (existing: JsonObject): Promise<JsonObject> => client.json({ method: 'PUT', path: keyPath(kind, key), query, body: withoutOwners(withContent(key, content, existing, marks())) }, signal);
  const seen = known.get(key, lastSeen.get(key));
  if (seen !== undefined) {
    try {
      return await over(seen);
    } catch (error) {
      if (!isStatus(error, 409) && !isStatus(error, 404)) throw error;
    }
  }
  const existing = await client.find({ path: keyPath(kind, key) }, signal);
  if (existing !== undefined) return over(existing);
  const object = withContent(key, content, undefined, marks());
  return client.json({ method: 'POST', path: collectionPath(kind, kind.namespaced ? namespace : ''), query, body: object }, signal);
}
