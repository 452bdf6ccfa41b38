import type { ResourceKey } from '../../shared/model/ids.ts';
import { splitKey } from '../../shared/model/resource-key.ts';
import type { ObjectVersion, WriteOutcome } from '../bridge/cluster-port.ts';
import { DELETE_MARK, factsOf } from './object.ts';
import type { Parts } from './parts.ts';
import { keyPath } from './paths.ts';
import { isStatus, refusalOf } from './status-error.ts';
import { annotate } from './write.ts';

/**
 * Deletes exactly the version that was read: marks it by a conditional write, so that whoever sees it go knows whose delete it was, and
 * deletes what the mark was written on. What it owns goes with it. Already gone is `ok`, and so is one that waits for its finalizers.
 *
 * @throws ClusterUnavailableError
 */
export async function deleteObject(parts: Parts, key: ResourceKey, version: ObjectVersion, signal: AbortSignal): Promise<WriteOutcome> {
  const { client, discovery, lastSeen, clock } = parts;
  const { group, kind: kindName } = splitKey(key);
  const kind = await discovery.find(group, kindName, signal);
  if (kind === undefined) return { kind: 'ok' };
  try {
    const marked = await client.json(annotate(kind, key, version, { [DELETE_MARK]: new Date(clock.nowMs()).toISOString() }), signal);
    const { uid, resourceVersion } = factsOf(marked);
    lastSeen.note(key, factsOf(marked));
    await client.json({ method: 'DELETE', path: keyPath(kind, key), body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions: { uid, resourceVersion } } }, signal);
    return { kind: 'ok' };
  } catch (error) {
    return isStatus(error, 404) ? { kind: 'ok' } : refusalOf(error);
  }
}
