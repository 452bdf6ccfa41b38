import type { JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import type { KubeClient } from './client.ts';
import type { ServedKind } from './discovery.ts';
import { apiVersionOf, definitionPath } from './paths.ts';

/**
 * A content in the version in which this cluster's objects are read. Where the definition converts nothing (strategy None, the
 * default) versions differ by their name only; undefined where a webhook converts, which cannot be asked.
 */
export async function convertedTo(client: KubeClient, kind: ServedKind, content: JsonObject, signal: AbortSignal): Promise<JsonObject | undefined> {
  const definition = await client.find({ path: definitionPath(kind) }, signal);
  const spec = definition?.['spec'];
  const conversion = isObject(spec) ? spec['conversion'] : undefined;
  const isPlain = definition !== undefined && (!isObject(conversion) || conversion['strategy'] === 'None');
  return isPlain ? { ...content, apiVersion: apiVersionOf(kind) } : undefined;
}
