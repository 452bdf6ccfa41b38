import type { Json, JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { TOKEN_ANNOTATION } from '../../shared/model/federated-part.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { printKey } from '../../shared/model/resource-key.ts';
import { MERGE_PATCH } from './client.ts';
import { FIELD_MANAGER, factsOf, metadataOf } from './object.ts';
import type { Parts } from './parts.ts';
import { isStatus } from './status-error.ts';

/** All that the bridge goes on owning of an object. Were nothing left, the server would invent an owner at a user's first server-side apply. */
const OUR_FIELDS: JsonObject = { 'f:metadata': { 'f:annotations': { [`f:${TOKEN_ANNOTATION}`]: {} } } };

/**
 * Gives up what a write has made the bridge the owner of, all but its token: whoever applies next, by server-side apply too, meets no
 * conflict with a program that only passes on what others decided. A second write, on exactly what the first has stored; where somebody
 * was faster their edit stands, and the next write of ours comes to it.
 *
 * @throws ClusterUnavailableError
 */
export async function releaseFields(parts: Parts, key: ResourceKey, path: string, stored: JsonObject, signal: AbortSignal): Promise<void> {
  const { client, logger } = parts;
  const { uid, resourceVersion } = factsOf(stored);
  const managedFields = withoutOurs(metadataOf(stored)['managedFields']);
  if (managedFields === undefined) return;
  try {
    const released = await client.json({ method: 'PATCH', path, query: { fieldManager: FIELD_MANAGER }, contentType: MERGE_PATCH, body: { metadata: { uid, resourceVersion, managedFields } } }, signal);
    noteWritten(parts, key, released);
  } catch (error) {
    if (isStatus(error, 409) || isStatus(error, 404)) return;
    // The object shows what it should; only an apply of the same fields may have to say --force-conflicts.
    logger.debug('field-ownership-not-released', { resource: printKey(key), reason: error instanceof Error ? error.message : String(error) });
    signal.throwIfAborted();
  }
}

/** What a write of ours has answered: the next that is asked of the object finds it at hand. */
export function noteWritten({ lastSeen, known }: Parts, key: ResourceKey, object: JsonObject): void {
  lastSeen.noteWritten(key, factsOf(object));
  known.put(key, object);
}

/** Undefined: there is nothing to give up. */
function withoutOurs(managedFields: Json | undefined): readonly JsonObject[] | undefined {
  if (!Array.isArray(managedFields)) return undefined;
  const entries = managedFields.filter(isObject);
  const isTooMuch = (entry: JsonObject): boolean => isOurs(entry) && JSON.stringify(entry['fieldsV1']) !== JSON.stringify(OUR_FIELDS);
  if (!entries.some(isTooMuch)) return undefined;
  return entries.map((entry) => (isOurs(entry) ? { ...entry, fieldsV1: OUR_FIELDS } : entry));
}

const isOurs = ({ manager, subresource }: JsonObject): boolean => manager === FIELD_MANAGER && subresource === undefined;
