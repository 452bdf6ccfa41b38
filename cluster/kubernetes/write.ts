import type { JsonObject } from '../../shared/model/content.ts';
import { ContentError } from '../../shared/model/content.ts';
import { groupOf, ManifestError, TOKEN_ANNOTATION } from '../../shared/model/federated-part.ts';
import type { Hash, ResourceKey } from '../../shared/model/ids.ts';
import { printKey, ResourceNameError, splitKey } from '../../shared/model/resource-key.ts';
import type { ObjectVersion, WriteOutcome, WriteRequest } from '../bridge/cluster-port.ts';
import { requireFaithful, UnfaithfulError, withContent } from '../bridge/manifest.ts';
import { MERGE_PATCH } from './client.ts';
import type { ServedKind } from './discovery.ts';
import { noteWritten, releaseFields } from './field-ownership.ts';
import { annotationsOf, clusterObjectOf, DELETE_MARK, FIELD_MANAGER, factsOf, metadataOf, textOr, whyNameIsLocal } from './object.ts';
import type { Parts } from './parts.ts';
import { apiVersionOf, collectionPath, keyPath, NAMESPACES } from './paths.ts';
import { isStatus, refusalOf } from './status-error.ts';
import { convertedTo } from './versions.ts';

/**
 * Makes an object show a content: what is federated of it becomes exactly that, removals included, everything else stays. It is done
 * on the version that was read or not at all. Then the bridge gives up its ownership of the fields, so that a user's next apply meets
 * no conflict.
 *
 * @throws ClusterUnavailableError
 */
export async function writeObject(parts: Parts, request: WriteRequest, signal: AbortSignal): Promise<WriteOutcome> {
  const { key, replaces } = request;
  const names = splitKey(key);
  const { group, kind: kindName } = names;
  const own = whyNameIsLocal(names, parts.namespace);
  if (own !== undefined) return { kind: 'refused', reason: 'OwnedLocally', message: `${printKey(key)} stays as it is here: ${own}` };
  const kind = await parts.discovery.find(group, kindName, signal);
  if (kind === undefined) return { kind: 'refused', reason: 'KindNotServed', message: `this cluster has no ${kindName} of ${group || 'the core API'}` };
  const content = await contentToWrite(parts, kind, request, signal);
  if ('reason' in content) return content;
  try {
    const stored = replaces === undefined ? await create(parts, kind, request, content.value, signal) : await replace(parts, kind, request, content.value, replaces, signal);
    if (stored === undefined) return { kind: 'conflict' };
    noteWritten(parts, key, stored);
    await releaseFields(parts, key, keyPath(kind, key), stored, signal);
    return stateOf(parts, kind, request.hash, stored);
  } catch (error) {
    return refusalOf(error);
  }
}

/** Writes the token alone, and takes a mark of ours away. @throws ClusterUnavailableError */
export async function writeTokenOf(parts: Parts, key: ResourceKey, token: string, version: ObjectVersion, signal: AbortSignal): Promise<WriteOutcome> {
  const { group, kind: kindName } = splitKey(key);
  const kind = await parts.discovery.find(group, kindName, signal);
  if (kind === undefined) return { kind: 'refused', reason: 'KindNotServed', message: `this cluster has no ${kindName} of ${group}` };
  try {
    const stored = await parts.client.json(annotate(kind, key, version, { [TOKEN_ANNOTATION]: token, [DELETE_MARK]: null }), signal);
    noteWritten(parts, key, stored);
    return { kind: 'ok' };
  } catch (error) {
    // Gone meanwhile: read it again.
    return isStatus(error, 404) ? { kind: 'conflict' } : refusalOf(error);
  }
}

/** A patch of annotations on exactly one version of an object. */
export const annotate = (kind: ServedKind, key: ResourceKey, { uid, resourceVersion }: ObjectVersion, annotations: Readonly<Record<string, string | null>>): Parameters<Parts['client']['json']>[0] => ({
  method: 'PATCH', path: keyPath(kind, key), query: { fieldManager: FIELD_MANAGER }, contentType: MERGE_PATCH,
  body: { metadata: { uid, resourceVersion, annotations } },
});

async function contentToWrite({ client, marks }: Parts, kind: ServedKind, { key, content, hash }: WriteRequest, signal: AbortSignal): Promise<{ readonly value: JsonObject } | WriteOutcome & { kind: 'refused' }> {
  let value: JsonObject;
  try {
    value = requireFaithful(key, content, hash, marks());
  } catch (error) {
    if (error instanceof UnfaithfulError || error instanceof ManifestError || error instanceof ResourceNameError || error instanceof ContentError) return { kind: 'refused', reason: 'Invalid', message: error.message };
    throw error;
  }
  if (value['apiVersion'] === apiVersionOf(kind)) return { value };
  const converted = await convertedTo(client, kind, value, signal);
  if (converted !== undefined) return { value: converted };
  return { kind: 'refused', reason: 'VersionNotServed', message: `${printKey(key)} is in version ${textOr(value['apiVersion'])}; this cluster prefers ${apiVersionOf(kind)} and converts between them by a webhook: install the same versions of ${kind.kind}.${groupOf(apiVersionOf(kind))} everywhere` };
}

/** Undefined: there is one already. */
async function create(parts: Parts, kind: ServedKind, { key, token }: WriteRequest, content: JsonObject, signal: AbortSignal): Promise<JsonObject | undefined> {
  const { namespace } = splitKey(key);
  const body = withToken(withContent(key, content, undefined, parts.marks()), token);
  const post = (): Promise<JsonObject> => parts.client.json({ method: 'POST', path: collectionPath(kind, kind.namespaced ? namespace : ''), query: { fieldManager: FIELD_MANAGER }, body }, signal);
  try {
    return await post();
  } catch (error) {
    if (isStatus(error, 409) && error.reason === 'AlreadyExists') return undefined;
    if (!parts.createNamespaces || !isStatus(error, 404) || error.about !== 'namespaces') throw error;
  }
  await createNamespace(parts, namespace, signal);
  return post();
}

async function createNamespace({ client, logger }: Parts, name: string, signal: AbortSignal): Promise<void> {
  try {
    await client.json({ method: 'POST', path: NAMESPACES, body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } }, signal);
    logger.info('namespace-created', { namespace: name });
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
  }
}

/** Undefined: it is not at that version any more. */
async function replace(parts: Parts, kind: ServedKind, { key, token }: WriteRequest, content: JsonObject, version: ObjectVersion, signal: AbortSignal): Promise<JsonObject | undefined> {
  const existing = parts.known.get(key, version) ?? await parts.client.find({ path: keyPath(kind, key) }, signal);
  if (existing === undefined) return undefined;
  const { uid, resourceVersion } = factsOf(existing);
  if (uid !== version.uid || resourceVersion !== version.resourceVersion) return undefined;
  const body = withToken(withContent(key, content, existing, parts.marks()), token);
  try {
    return await parts.client.json({ method: 'PUT', path: keyPath(kind, key), query: { fieldManager: FIELD_MANAGER }, body }, signal);
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** The object as it is to be, with its new token and without a mark of ours that a delete has left which then did not happen. */
export function withToken(object: JsonObject, token: string): JsonObject {
  const { [DELETE_MARK]: _mark, ...annotations } = annotationsOf(object);
  return { ...object, metadata: { ...metadataOf(object), annotations: { ...annotations, [TOKEN_ANNOTATION]: token } } };
}

/** With the hash of what is stored, where the cluster made something else of it. */
function stateOf({ marks }: Parts, kind: ServedKind, wanted: Hash, stored: JsonObject): WriteOutcome {
  const { hash } = clusterObjectOf(kind, stored, marks()).content;
  return hash === wanted ? { kind: 'ok' } : { kind: 'ok', hash };
}
