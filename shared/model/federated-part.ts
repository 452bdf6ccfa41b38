import type { Content, Json, JsonObject } from './content.ts';
import { canonicalContent, ContentError, hashText, isObject } from './content.ts';
import type { ResourceKey } from './ids.ts';
import { resourceKey } from './resource-key.ts';

/** Our own annotations: the token, the mark of a delete of our own, the request to reconcile. */
export const TOKEN_ANNOTATION = 'federation.novaedge.io/token';
const OUR_DOMAINS = ['federation.novaedge.io/', 'novaedge.io/force-reconcile'];
/** What kubectl keeps of the last `apply` says nothing in another cluster, whatever list is in force. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Labels and annotations by which deployment tools mark what they own (DESIGN §11). A copied mark makes the other cluster's tool
 * prune the object, so they stay where they are. A name that ends in `/` or `.` stands for everything below it. The list is what
 * `sync.ownershipMarks` means where it is not given.
 */
export const OWNERSHIP_MARKS: readonly string[] = [
  'app.kubernetes.io/instance', 'app.kubernetes.io/managed-by',
  'argocd.argoproj.io/', 'fluxcd.io/', 'kustomize.toolkit.fluxcd.io/', 'helm.toolkit.fluxcd.io/',
  'meta.helm.sh/', 'helm.sh/', 'applyset.kubernetes.io/', 'velero.io/', 'objectset.rio.cattle.io/', 'field.cattle.io/',
];

/** A manifest that cannot be federated, and why. */
export class ManifestError extends Error { override readonly name = 'ManifestError' }

/** What of an object travels, under which key. */
export interface FederatedPart { readonly key: ResourceKey; readonly content: Content }

/**
 * What is federated of an object (DESIGN §11, last paragraph but two): every top-level field but status; of metadata only labels
 * and annotations, without ours and without the ownership marks of deployment tools.
 *
 * @param manifest an object as the API server or a file has it
 * @param marks names of labels and annotations that stay local, besides ours and kubectl's
 * @throws ManifestError | ResourceNameError naming the field
 */
export function federatedPart(manifest: JsonObject, marks: readonly string[] = OWNERSHIP_MARKS): FederatedPart {
  const { apiVersion, kind, metadata, status: _status, ...rest } = manifest;
  if (typeof apiVersion !== 'string' || apiVersion === '') throw new ManifestError('apiVersion is missing: expected a text such as "novaedge.io/v1alpha1"');
  if (typeof kind !== 'string' || kind === '') throw new ManifestError('kind is missing: expected a text such as "ProxyRoute"');
  if (!isObject(metadata)) throw new ManifestError('metadata is missing: expected an object with a name');
  const { name, namespace } = metadata;
  if (typeof name !== 'string') throw new ManifestError('metadata.name is missing: expected a text');
  if (namespace !== undefined && typeof namespace !== 'string') throw new ManifestError('metadata.namespace is not a text');
  const key = resourceKey({ group: groupOf(apiVersion), kind, namespace: namespace ?? '', name });
  const labels = withoutMarks(metadata['labels'], marks);
  const annotations = withoutMarks(metadata['annotations'], marks);
  const kept: Record<string, Json> = { ...(labels && { labels }), ...(annotations && { annotations }) };
  return { key, content: contentOfPart({ ...rest, apiVersion, kind, ...(Object.keys(kept).length > 0 && { metadata: kept }) }) };
}

function contentOfPart(part: JsonObject): Content {
  try {
    return canonicalContent(part);
  } catch (cause) {
    if (cause instanceof ContentError) throw new ManifestError(cause.message, { cause });
    throw cause;
  }
}

/** The API group of an `apiVersion`; the core API has none. */
export const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '');

/** Whether a label or annotation stays where it is. */
export const isLocalMark = (name: string, marks: readonly string[] = OWNERSHIP_MARKS): boolean =>
  [...OUR_DOMAINS, LAST_APPLIED, ...marks].some((mark) => (mark.endsWith('/') || mark.endsWith('.') ? name.startsWith(mark) : name === mark));

/** A content as it is where these marks stay local, though it was made where others did. */
export function withoutLocalMarks(content: JsonObject, marks: readonly string[]): JsonObject {
  const { metadata, ...rest } = content;
  if (!isObject(metadata)) return content;
  const labels = withoutMarks(metadata['labels'], marks);
  const annotations = withoutMarks(metadata['annotations'], marks);
  return { ...rest, ...((labels ?? annotations) && { metadata: { ...(labels && { labels }), ...(annotations && { annotations }) } }) };
}

function withoutMarks(names: Json | undefined, marks: readonly string[]): JsonObject | undefined {
  if (!isObject(names)) return undefined;
  const kept = Object.entries(names).filter(([name]) => !isLocalMark(name, marks));
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

/** Never federated, whoever asks (DESIGN §10). */
const NEVER_GROUPS = ['rbac.authorization.k8s.io', 'admissionregistration.k8s.io', 'apiextensions.k8s.io', 'coordination.k8s.io', 'apps', 'batch', 'apiregistration.k8s.io', 'certificates.k8s.io'];
const NEVER_KINDS = ['ServiceAccount', 'Pod', 'ReplicationController', 'Node', 'Namespace', 'NovaEdgeFederation', 'NovaEdgeRemoteCluster', 'NovaEdgeCluster'];

/** Whether a kind may be federated at all. */
export const mayBeFederated = (group: string, kind: string): boolean => !NEVER_GROUPS.includes(group) && !NEVER_KINDS.includes(kind);

/** What `sync.resourceTypes` means where it is not given. */
export const DEFAULT_RESOURCE_TYPES: readonly string[] = ['ProxyGateway', 'ProxyRoute', 'ProxyBackend', 'ProxyPolicy', 'ProxyVIP'];

/** The API group of NovaEdge's own kinds, which a bare `Kind` in `sync.resourceTypes` names first. */
export const NOVAEDGE_GROUP = 'novaedge.io';

/** What a cluster exchanges with its region: which resources, and which labels and annotations of these stay where they are. */
export interface Filter { readonly resourceTypes: readonly string[]; readonly excludeNamespaces: readonly string[]; readonly ownershipMarks: readonly string[] }

/**
 * Whether a resource passes a filter. `Kind` names that kind in NovaEdge's group, or in the core group for Secret and ConfigMap;
 * `Kind.group` names any other.
 */
export function passesFilter(filter: Pick<Filter, 'resourceTypes' | 'excludeNamespaces'>, parts: { group: string; kind: string; namespace: string }): boolean {
  if (!mayBeFederated(parts.group, parts.kind) || filter.excludeNamespaces.includes(parts.namespace)) return false;
  const types = filter.resourceTypes.length > 0 ? filter.resourceTypes : DEFAULT_RESOURCE_TYPES;
  return types.some((type) => (type.includes('.') ? type === `${parts.kind}.${parts.group}` : type === parts.kind && (parts.group === NOVAEDGE_GROUP || parts.group === '')));
}

/** A filter's name, by which bridge and region tell that they mean the same. */
export const filterHashOf = (filter: Filter): string => hashText(JSON.stringify([filter.resourceTypes, filter.excludeNamespaces, filter.ownershipMarks])).slice(0, 16);

/** Whether two filters are the same. */
export const isSameFilter = (a: Filter, b: Filter): boolean =>
  a === b || (isSameList(a.resourceTypes, b.resourceTypes) && isSameList(a.excludeNamespaces, b.excludeNamespaces) && isSameList(a.ownershipMarks, b.ownershipMarks));

const isSameList = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((value, at) => value === b[at]);
