import type { JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { federatedPart, groupOf, ManifestError, mayBeFederated } from '../../shared/model/federated-part.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { ResourceNameError, splitKey } from '../../shared/model/resource-key.ts';
import { CommandError } from '../errors.ts';
import { DEFAULT_NAMESPACE } from '../resources/resource-argument.ts';
import type { Manifest } from './parse-manifests.ts';

/** A manifest that can be sent. */
export interface Prepared { readonly where: string; readonly key: ResourceKey; readonly text: string }

/** Kinds of a whole cluster that a federation may carry; all others have a namespace. */
const WITHOUT_NAMESPACE: readonly string[] = [
  'GatewayClass.gateway.networking.k8s.io', 'IngressClass.networking.k8s.io', 'StorageClass.storage.k8s.io', 'PriorityClass.scheduling.k8s.io', 'RuntimeClass.node.k8s.io', 'ClusterIssuer.cert-manager.io', 'PersistentVolume',
];
/** What a region prints in place of a Secret's values. */
const REDACTED = '(redacted)';

/**
 * Checks a manifest before anything is sent, and gives it a namespace where it names none.
 *
 * @param namespace as `-n` says
 * @throws CommandError naming file, line and field
 */
export function prepareManifest({ where, value }: Manifest, namespace: string | undefined): Prepared {
  try {
    const placed = withNamespace(value, namespace, where);
    const { key } = federatedPart(placed);
    requireFederated(key, where);
    requireOwnValues(placed, key, where);
    return { where, key, text: JSON.stringify(placed) };
  } catch (cause) {
    if (cause instanceof ManifestError || cause instanceof ResourceNameError) throw new CommandError('invalid', `${where}: ${cause.message}`, { cause });
    throw cause;
  }
}

function withNamespace(value: JsonObject, asked: string | undefined, where: string): JsonObject {
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !isObject(metadata)) return value;
  const group = groupOf(apiVersion);
  if (WITHOUT_NAMESPACE.includes(group === '' ? kind : `${kind}.${group}`)) return value;
  const own = metadata['namespace'];
  if (own === undefined || own === null || own === '') return { ...value, metadata: { ...metadata, namespace: asked ?? DEFAULT_NAMESPACE } };
  if (asked !== undefined && own !== asked) throw new CommandError('invalid', `${where}: metadata.namespace is ${JSON.stringify(own)} and -n says ${JSON.stringify(asked)}: leave -n out`);
  return value;
}

function requireFederated(key: ResourceKey, where: string): void {
  const { group, kind } = splitKey(key);
  if (mayBeFederated(group, kind)) return;
  const instead = kind === 'NovaEdgeFederation' ? 'it configures one member: put it into that member\'s cluster (its folder), or change it with novactl federation set' : 'apply it in each cluster that needs it';
  throw new CommandError('invalid', `${where}: ${kind} is never federated; ${instead}`);
}

/** What `get` printed of a Secret must not come back as its value. */
function requireOwnValues(value: JsonObject, key: ResourceKey, where: string): void {
  if (splitKey(key).group !== '') return;
  for (const field of ['data', 'stringData', 'binaryData']) {
    const values = value[field];
    const redacted = isObject(values) ? Object.keys(values).find((name) => values[name] === REDACTED) : undefined;
    if (redacted !== undefined) throw new CommandError('invalid', `${where}: ${field}.${redacted} is ${REDACTED}, which stands for a value that novactl does not print; write the value itself`);
  }
}
