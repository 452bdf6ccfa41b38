import type { Json, JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import type { KubeClient } from './client.ts';
import type { ServedKind } from './discovery.ts';
import { annotationsOf } from './object.ts';

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** Named in one condition. */
const MAX_GAPS = 20;

/**
 * Fields that somebody applied and the cluster's definition does not know: the server has dropped them without a word, so the object
 * shows nothing of them. What was applied is in kubectl's annotation; server-side apply refuses unknown fields by itself.
 *
 * @returns paths such as `spec.splitBrain.fenceWrites`
 * @throws StatusError | ClusterUnavailableError
 */
export async function schemaGapsOf(client: KubeClient, kind: ServedKind, object: JsonObject, signal: AbortSignal): Promise<readonly string[]> {
  const applied = appliedOf(object);
  if (applied === undefined) return [];
  const document = await client.json({ path: `/openapi/v3/apis/${kind.group}/${kind.version}` }, signal);
  const schema = schemaIn(document, kind);
  return schema === undefined ? [] : gaps(schema, { spec: applied['spec'] ?? {} }, '').slice(0, MAX_GAPS);
}

function appliedOf(object: JsonObject): JsonObject | undefined {
  const text = annotationsOf(object)[LAST_APPLIED];
  if (typeof text !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Schemas say which kinds they are for. */
function schemaIn(document: JsonObject, { group, version, kind }: ServedKind): JsonObject | undefined {
  const components = isObject(document['components']) ? document['components'] : {};
  const schemas = isObject(components['schemas']) ? Object.values(components['schemas']) : [];
  return schemas.filter(isObject).find((schema) => {
    const kinds = schema['x-kubernetes-group-version-kind'];
    return Array.isArray(kinds) && kinds.filter(isObject).some((one) => one['group'] === group && one['version'] === version && one['kind'] === kind);
  });
}

/** Where a schema says nothing of an object's fields, it keeps none or all of them. */
function gaps(schema: JsonObject, value: Json, at: string): readonly string[] {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return [];
  if (Array.isArray(value)) {
    const { items } = schema;
    return isObject(items) ? [...new Set(value.flatMap((item: Json) => gaps(items, item, `${at}[]`)))] : [];
  }
  if (!isObject(value)) return [];
  const properties = isObject(schema['properties']) ? schema['properties'] : {};
  const others = schema['additionalProperties'];
  return Object.entries(value).flatMap(([field, child]) => {
    const path = at === '' ? field : `${at}.${field}`;
    const inner = properties[field] ?? others;
    if (isObject(inner)) return gaps(inner, child, path);
    return inner === true ? [] : [path];
  });
}
