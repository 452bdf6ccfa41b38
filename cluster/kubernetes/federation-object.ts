import type { Json, JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { NOVAEDGE_GROUP } from '../../shared/model/federated-part.ts';
import type { FederationObject, WriteOutcome } from '../bridge/cluster-port.ts';
import type { ServedKind } from './discovery.ts';
import { createdAtMs, factsOf, metadataOf, withKind } from './object.ts';
import type { Parts } from './parts.ts';
import { collectionPath, objectPath } from './paths.ts';
import { mergeConditions } from './status-conditions.ts';
import type { OwnCondition } from './status-conditions.ts';
import { asUnavailable, isStatus, refusalOf } from './status-error.ts';

export const FEDERATION_KIND = 'NovaEdgeFederation';

/** The federation objects of a cluster: the one that counts, and all others. */
interface Found { readonly kind: ServedKind; readonly active: JsonObject | undefined; readonly others: readonly JsonObject[] }

/**
 * Reads the federation object that counts: the oldest in the bridge's namespace. Others are told so in their status. None, or no
 * definition of such objects, is `gone`, which pauses and deletes nothing.
 *
 * @throws ClusterUnavailableError
 */
export async function readFederation(parts: Parts, signal: AbortSignal): Promise<FederationObject> {
  try {
    const found = await findAll(parts, signal);
    if (found === undefined) return { kind: 'gone', generation: 0 };
    await Promise.all(found.others.map((other) => turnDown(parts, found, other, signal)));
    if (found.active === undefined) return { kind: 'gone', generation: 0 };
    const { name, namespace } = factsOf(found.active);
    const { apiVersion = '', kind = '', spec = {} } = found.active;
    const schemaGaps = await parts.gaps.of(found.kind, signal);
    return { kind: 'live', manifest: JSON.stringify({ apiVersion, kind, metadata: { name, namespace }, spec }), generation: generationOf(found.active), schemaGaps };
  } catch (error) {
    throw asUnavailable(error, 'the NovaEdgeFederation could not be read');
  }
}

/**
 * Writes the status of the object that counts, where it would say something new. Times of conditions are kept while they say the same.
 *
 * @param status what the region says; undefined leaves what it said before
 * @param own conditions of the bridge itself
 * @throws ClusterUnavailableError
 */
export async function writeFederationStatus(parts: Parts, status: JsonObject | undefined, own: readonly OwnCondition[], signal: AbortSignal): Promise<WriteOutcome> {
  try {
    const found = await findAll(parts, signal);
    if (found?.active === undefined) return { kind: 'conflict' };
    const accepted: OwnCondition = { type: 'Accepted', status: 'True', reason: 'Active', message: 'this object is the federation\'s configuration here' };
    const before = isObject(found.active['status']) ? found.active['status'] : {};
    const conditions = mergeConditions(before['conditions'], [accepted, ...own, ...ownConditions(status?.['conditions'])], generationOf(found.active), parts.clock.nowMs(), status !== undefined);
    return await putStatus(parts, found.kind, found.active, { ...(status ?? before), conditions }, signal);
  } catch (error) {
    if (isStatus(error, 404)) return { kind: 'refused', reason: 'NoStatus', message: 'the definition of NovaEdgeFederation has no status subresource: install the current definitions' };
    return refusalOf(error);
  }
}

const ownConditions = (value: Json | undefined): readonly OwnCondition[] => (Array.isArray(value) ? (value.filter(isObject) as unknown as OwnCondition[]) : []);

export const generationOf = (object: JsonObject): number => Number(metadataOf(object)['generation'] ?? 0);

/** Undefined: the cluster has no such kind. */
async function findAll({ client, discovery, namespace }: Parts, signal: AbortSignal): Promise<Found | undefined> {
  const kind = await discovery.find(NOVAEDGE_GROUP, FEDERATION_KIND, signal);
  if (kind === undefined) return undefined;
  const list = await client.find({ path: collectionPath(kind) }, signal);
  if (list === undefined) { discovery.forget(); return undefined; }
  const objects = (Array.isArray(list['items']) ? list['items'].filter(isObject) : []).map((item) => withKind(kind, item)).filter((object) => !factsOf(object).isTerminating);
  const [active] = objects.filter((object) => factsOf(object).namespace === namespace).sort(byAge);
  return { kind, active, others: objects.filter((object) => object !== active) };
}

const byAge = (a: JsonObject, b: JsonObject): number => createdAtMs(a) - createdAtMs(b) || (factsOf(a).name < factsOf(b).name ? -1 : 1);

async function turnDown(parts: Parts, { kind, active }: Found, other: JsonObject, signal: AbortSignal): Promise<void> {
  const { namespace, name } = factsOf(other);
  const where = active === undefined ? `the bridge looks in the namespace ${parts.namespace} only` : `${parts.namespace}/${factsOf(active).name} is in force in this cluster, and there can be one`;
  const status = isObject(other['status']) ? other['status'] : {};
  const conditions = mergeConditions(status['conditions'], [{ type: 'Accepted', status: 'False', reason: active === undefined ? 'OtherNamespace' : 'NotTheOnlyOne', message: where }], generationOf(other), parts.clock.nowMs(), false);
  try {
    await putStatus(parts, kind, other, { ...status, conditions }, signal);
  } catch (error) {
    signal.throwIfAborted();
    parts.logger.warn('federation-object-not-turned-down', { namespace, name, reason: error instanceof Error ? error.message : String(error) });
  }
}

/** Nothing is written that is there already. */
async function putStatus({ client }: Parts, kind: ServedKind, object: JsonObject, status: JsonObject, signal: AbortSignal): Promise<WriteOutcome> {
  if (isSame(object['status'], status)) return { kind: 'ok' };
  const { namespace, name } = factsOf(object);
  await client.json({ method: 'PUT', path: `${objectPath(kind, namespace, name)}/status`, query: { fieldManager: 'novaedge-bridge-status' }, body: { ...object, status } }, signal);
  return { kind: 'ok' };
}

/** Whatever order its fields are in. */
const isSame = (a: Json | undefined, b: Json): boolean => a !== undefined && JSON.stringify(ordered(a)) === JSON.stringify(ordered(b));
function ordered(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => ordered(item));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((field) => [field, ordered(value[field] ?? null)]));
}
