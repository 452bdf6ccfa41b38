import { isObject } from '../model/content.ts';
import { ManifestError, federatedPart, mayBeFederated } from '../model/federated-part.ts';
import type { ResourceKey } from '../model/ids.ts';
import { editProvenance } from '../model/provenance.ts';
import { ResourceNameError, splitKey } from '../model/resource-key.ts';
import { ReplicaError } from '../ports/errors.ts';
import { viewHash } from '../model/view.ts';
import { emptyVector } from '../model/version-vector.ts';
import { readClusterFacts, shownOf, view } from './bridge-record.ts';
import { commit } from './commit.ts';
import { storeContent } from './contents.ts';
import { isSpoke } from './policy.ts';
import type { Replica } from './replica.ts';
import { loadSettings } from './settings.ts';
import { versionNames } from './versions.ts';

/** Segments of the own log looked through for a request that was answered before and is sent again. */
const REMEMBERED_SEGMENTS = 200;

export type Applied = { readonly key: ResourceKey; readonly version: string; readonly outcome: 'created' | 'configured' | 'unchanged' };

/**
 * Writes a manifest as an operator, who sees the region's view and so covers all versions of it. The cluster is shown the result.
 *
 * @throws ReplicaError `invalid` naming the field, `refused` on a spoke, and what `commit` throws
 */
export async function applyManifest(replica: Replica, manifest: string, requestId: string): Promise<Applied> {
  const { key, content } = readManifest(manifest);
  await requireWritable(replica, key);
  const facts = await readClusterFacts(replica);
  const inline = await storeContent(replica, key, content);
  const done = await doneBefore(replica, requestId);
  const answers = await commit<Applied['outcome']>(replica, [key], { requestId }, async (_key, row) => {
    const shown = await shownOf(replica, key, row, facts);
    const current = row === undefined ? undefined : (await view(replica, key, row, { clusterId: undefined, shownHash: undefined })).body;
    if (current !== undefined && viewHash(current) === content.hash && row?.siblings.length === 1) return { answer: 'unchanged' };
    if (done) return { answer: 'unchanged' };
    const base = current?.kind === 'live' && current.content !== undefined ? { content: current.content, fields: current.fields } : undefined;
    return {
      write: {
        context: row?.context ?? emptyVector,
        origin: 'operator',
        firstContact: false,
        body: (write) => ({ kind: 'live', hash: content.hash, content: inline, bytes: content.bytes, fields: editProvenance(splitKey(key).kind, write, base, content.text, undefined) }),
        observed: undefined,
        shown: () => shown,
      },
      answer: () => (current?.kind === 'live' ? 'configured' : 'created'),
    };
  });
  const row = (await replica.store.rows([key])).get(key);
  const newest = row?.siblings.at(-1);
  return { key, version: newest === undefined ? '' : (await versionNames(replica)).of(newest.dot).version, outcome: answers.get(key) ?? 'unchanged' };
}

/** Deletes a resource everywhere, as an operator. */
export async function deleteResource(replica: Replica, key: ResourceKey, requestId: string): Promise<'deleted' | 'not-found'> {
  await requireWritable(replica, key);
  const facts = await readClusterFacts(replica);
  const answers = await commit<'deleted' | 'not-found'>(replica, [key], { requestId }, async (_key, row) => {
    if (row === undefined || (await view(replica, key, row, { clusterId: undefined, shownHash: undefined })).body.kind !== 'live') return { answer: 'not-found' };
    const shown = await shownOf(replica, key, row, facts);
    return {
      write: { context: row.context, origin: 'operator', firstContact: false, body: () => ({ kind: 'deleted' }), observed: undefined, shown: () => shown },
      answer: () => 'deleted',
    };
  });
  return answers.get(key) ?? 'not-found';
}

function readManifest(manifest: string): ReturnType<typeof federatedPart> {
  try {
    const parsed: unknown = JSON.parse(manifest);
    if (!isObject(parsed)) throw new ManifestError('the manifest is not an object');
    return federatedPart(parsed);
  } catch (error) {
    if (error instanceof ManifestError || error instanceof ResourceNameError || error instanceof SyntaxError) throw new ReplicaError('invalid', error.message, { cause: error });
    throw error;
  }
}

async function requireWritable(replica: Replica, key: ResourceKey): Promise<void> {
  const { group, kind } = splitKey(key);
  if (!mayBeFederated(group, kind)) throw new ReplicaError('invalid', `${kind} is never federated`);
  if (isSpoke(replica, await loadSettings(replica))) throw new ReplicaError('refused', `this member is a spoke: apply it at the hub, ${replica.identity.hub ?? ''}`);
}

/** A request id is remembered in its segment: one sent again, after its answer was lost, changes nothing. */
async function doneBefore(replica: Replica, requestId: string): Promise<boolean> {
  const { clock } = await replica.store.state();
  if (clock === undefined) return false;
  const recent = await replica.store.segments(clock.incarnation, Math.max(0, clock.head - REMEMBERED_SEGMENTS), REMEMBERED_SEGMENTS);
  return recent.some((segment) => segment.requestId === requestId);
}
