import type { Content, Json, JsonObject } from '../../shared/model/content.ts';
import { isObject, parseContent } from '../../shared/model/content.ts';
import { OWNERSHIP_MARKS, federatedPart, isLocalMark } from '../../shared/model/federated-part.ts';
import type { Hash, ResourceKey } from '../../shared/model/ids.ts';
import { splitKey } from '../../shared/model/resource-key.ts';

/**
 * The whole object that shows a content: what is federated comes from the content, what is local (status, the rest of metadata,
 * the marks of deployment tools) stays as the existing object has it.
 */
export function withContent(key: ResourceKey, content: JsonObject, existing: JsonObject | undefined, marks: readonly string[] = OWNERSHIP_MARKS): JsonObject {
  const { namespace, name } = splitKey(key);
  const { metadata: shown, apiVersion = '', kind = '', ...rest } = content;
  const { labels: _labels, annotations: _annotations, ...local } = objectOr(existing?.['metadata']);
  const labels = withLocalMarks(shown, existing, 'labels', marks);
  const annotations = withLocalMarks(shown, existing, 'annotations', marks);
  return {
    apiVersion, kind,
    metadata: { ...identity(local, namespace, name), ...(labels && { labels }), ...(annotations && { annotations }) },
    ...rest,
    ...(existing?.['status'] !== undefined && { status: existing['status'] }),
  };
}

/** A manifest that leaves its namespace out keeps doing so. */
function identity(local: JsonObject, namespace: string, name: string): JsonObject {
  const named = local['name'] !== undefined;
  return { ...local, name, ...(namespace !== '' && (!named || local['namespace'] !== undefined) && { namespace }) };
}

function withLocalMarks(shown: Json | undefined, existing: JsonObject | undefined, field: 'labels' | 'annotations', marks: readonly string[]): JsonObject | undefined {
  const local = Object.entries(objectOr(objectOr(existing?.['metadata'])[field])).filter(([name]) => isLocalMark(name, marks));
  const names = { ...Object.fromEntries(local), ...objectOr(objectOr(shown)[field]) };
  return Object.keys(names).length > 0 ? names : undefined;
}

const objectOr = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

/** Objects that a controller here made stay local: the controller makes them in the other cluster too. */
export function isOwnedLocally(manifest: JsonObject): boolean {
  const owners = objectOr(manifest['metadata'])['ownerReferences'];
  return Array.isArray(owners) && owners.some((owner: Json) => isObject(owner) && owner['controller'] === true);
}

/** A content that cannot be shown here as it is, and why. */
export class UnfaithfulError extends Error { override readonly name = 'UnfaithfulError' }

/**
 * Reads a content that came from elsewhere, and makes sure that an object made of it would be read back as the same.
 *
 * @throws UnfaithfulError | ManifestError | ResourceNameError | SyntaxError | TypeError
 */
export function requireFaithful(key: ResourceKey, content: string, hash: Hash, marks: readonly string[] = OWNERSHIP_MARKS): JsonObject {
  const value = parseContent(content);
  const back = federatedPart(withContent(key, value, undefined, marks), marks);
  if (back.key !== key) throw new UnfaithfulError(`the content names ${back.key}`);
  if (back.content.hash !== hash) throw new UnfaithfulError('the content has fields that stay in their cluster, or is not in canonical form');
  return value;
}

/** What is federated of a manifest, with the namespace a bare one goes to. */
export function partOf(manifest: JsonObject, defaultNamespace: (apiVersion: string, kind: string) => string, marks: readonly string[] = OWNERSHIP_MARKS): { readonly key: ResourceKey; readonly content: Content } {
  const { apiVersion, kind, metadata } = manifest;
  const bare = isObject(metadata) && metadata['namespace'] === undefined && typeof apiVersion === 'string' && typeof kind === 'string';
  if (!bare) return federatedPart(manifest, marks);
  const namespace = defaultNamespace(apiVersion, kind);
  return federatedPart(namespace === '' ? manifest : { ...manifest, metadata: { ...metadata, namespace } }, marks);
}
