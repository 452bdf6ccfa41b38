import type { Json, JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { TOKEN_ANNOTATION, federatedPart } from '../../shared/model/federated-part.ts';
import type { ResourceName } from '../../shared/model/resource-key.ts';
import type { ClusterObject, ObjectVersion } from '../bridge/cluster-port.ts';
import { isOwnedLocally } from '../bridge/manifest.ts';
import type { ServedKind } from './discovery.ts';
import { apiVersionOf } from './paths.ts';

/** The name under which the bridge writes, as `kubectl get --show-managed-fields` has it. */
export const FIELD_MANAGER = 'novaedge-bridge';

/** Written onto an object right before we delete it, so that whoever sees it go knows that no user did it. */
export const DELETE_MARK = 'federation.novaedge.io/deleted-by-federation';

/** What metadata alone tells of an object. */
export interface Facts extends ObjectVersion {
  readonly namespace: string;
  readonly name: string;
  readonly token: string | undefined;
  readonly isTerminating: boolean;
  readonly isOurDelete: boolean;
  readonly createdAtMs: number;
}

export const metadataOf = (object: JsonObject): JsonObject => objectOr(object['metadata']);
const objectOr = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
export const textOr = (value: Json | undefined, otherwise = ''): string => (typeof value === 'string' ? value : otherwise);
export const annotationsOf = (object: JsonObject): JsonObject => objectOr(metadataOf(object)['annotations']);

export function factsOf(object: JsonObject): Facts {
  const metadata = metadataOf(object);
  const annotations = annotationsOf(object);
  const token = annotations[TOKEN_ANNOTATION];
  return {
    namespace: textOr(metadata['namespace']),
    name: textOr(metadata['name']),
    uid: textOr(metadata['uid']),
    resourceVersion: textOr(metadata['resourceVersion'], '0'),
    token: typeof token === 'string' && token !== '' ? token : undefined,
    isTerminating: metadata['deletionTimestamp'] !== undefined,
    isOurDelete: annotations[DELETE_MARK] !== undefined,
    createdAtMs: createdAtMs(object),
  };
}

/** To the second, as Kubernetes keeps it. */
export const createdAtMs = (object: JsonObject): number => Date.parse(textOr(metadataOf(object)['creationTimestamp'], '1970-01-01T00:00:00Z'));

/** Items of a list leave out what all of them are. */
export const withKind = (kind: ServedKind, object: JsonObject): JsonObject => ({ ...object, apiVersion: apiVersionOf(kind), kind: kind.kind });

/**
 * An object as the bridge knows it.
 *
 * @throws ManifestError | ResourceNameError for one that cannot be federated
 */
export function clusterObjectOf(kind: ServedKind, object: JsonObject, marks: readonly string[]): ClusterObject {
  const { uid, resourceVersion, token } = factsOf(object);
  return { ...federatedPart(withKind(kind, object), marks), uid, resourceVersion, token, lastWriter: lastWriterOf(object) };
}

/** The field manager with the latest time, the status and our own writes aside: ours are taken out again at once. */
function lastWriterOf(object: JsonObject): string | undefined {
  const { managedFields } = metadataOf(object);
  const entries = (Array.isArray(managedFields) ? managedFields : []).filter(isObject);
  const writers = entries.filter(({ manager, subresource }) => typeof manager === 'string' && manager !== FIELD_MANAGER && subresource === undefined);
  const [last] = writers.toSorted((a, b) => (textOr(a['time']) < textOr(b['time']) ? 1 : -1));
  return last === undefined ? undefined : textOr(last['manager']);
}

/** Why whatever has this name is its cluster's own; undefined for others. @param bridgeNamespace where the bridge is */
export function whyNameIsLocal({ group, kind, namespace }: Pick<ResourceName, 'group' | 'kind' | 'namespace'>, bridgeNamespace: string): string | undefined {
  if (group === '' && kind === 'Secret' && namespace === bridgeNamespace) return 'private keys of this member are in Secrets of the bridge\'s namespace';
  return undefined;
}

/**
 * Why an object is its cluster's own whatever the filter says; undefined for others. Metadata is enough to tell.
 *
 * @param bridgeNamespace where the bridge is
 */
export function whyLocal({ group, kind }: ServedKind, object: JsonObject, bridgeNamespace: string): string | undefined {
  if (isOwnedLocally(object)) return 'a controller of this cluster made it and keeps it';
  const { namespace, name } = factsOf(object);
  if (group !== '') return undefined;
  const byName = whyNameIsLocal({ group, kind, namespace }, bridgeNamespace);
  if (byName !== undefined) return byName;
  if (kind === 'Secret' && annotationsOf(object)['kubernetes.io/service-account.name'] !== undefined) return 'it is a token of a service account of this cluster';
  if (kind === 'Secret' && name.startsWith('sh.helm.release.')) return 'it is Helm\'s record of a release in this cluster';
  if (kind === 'ConfigMap' && name === 'kube-root-ca.crt') return 'it holds the authority of this cluster';
  return undefined;
}
