import { isObject } from '../model/content.ts';
import { ManifestError, federatedPart, mayBeFederated } from '../model/federated-part.ts';
import type { ResourceKey } from '../model/ids.ts';
import { editProvenance } from '../model/provenance.ts';
import { ResourceNameError, splitKey } from '../model/resource-key.ts';
import { ReplicaError } from '../ports/errors.ts';
import { viewHash } from '../model/view.ts';
import { emptyVector } from '../model/version-vector.ts';
import type { Dot } from '../model/version-vector.ts';
import { readClusterFacts, shownOf, view } from './bridge-record.ts';
import { commit } from './commit.ts';
import { storeContent } from './contents.ts';
import { writtenBefore } from './earlier-request.ts';
import { filterInForce, isSpoke } from './policy.ts';
import type { Replica } from './replica.ts';
import { loadSettings } from './settings.ts';
import { versionNames } from './versions.ts';

export type Applied = { readonly key: ResourceKey; readonly version: string; readonly outcome: 'created' | 'configured' | 'unchanged' };

/**
 * Writes a manifest as an operator, who sees the region's view and so covers all versions of it. The cluster is shown the result.
 *
 * @throws ReplicaError `invalid` naming the field, `refused` on a spoke, `paused`, and what `commit` throws
 */
export async function applyManifest(replica: Replica, manifest: string, requestId: string): Promise<Applied> {
  const { key, content } = readManifest(manifest, filterInForce(await loadSettings(replica)).ownershipMarks);
  await requireWritable(replica, key);
  const facts = await readClusterFacts(replica);
  const inline = await storeContent(replica, key, content);
  let written: Dot | undefined;
  const answers = await commit<Applied['outcome']>(replica, [key], { requestId }, async (_key, row) => {
    written = await writtenBefore(replica, requestId, key);
    if (written !== undefined) return { answer: 'unchanged' };
    const shown = await shownOf(replica, key, row, facts);
    const current = row === undefined ? undefined : (await view(replica, key, row, { clusterId: undefined, shownHash: undefined })).body;
    if (current !== undefined && viewHash(current) === content.hash && row?.siblings.length === 1) return { answer: 'unchanged' };
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
  const dot = written ?? row?.siblings.at(-1)?.dot;
  return { key, version: dot === undefined ? '' : (await versionNames(replica)).of(dot).version, outcome: answers.get(key) ?? 'unchanged' };
}

/** Deletes a resource everywhere, as an operator. */
export async function deleteResource(replica: Replica, key: ResourceKey, requestId: string): Promise<'deleted' | 'not-found'> {
  await requireWritable(replica, key);
  const facts = await readClusterFacts(replica);
  const answers = await commit<'deleted' | 'not-found'>(replica, [key], { requestId }, async (_key, row) => {
    if ((await writtenBefore(replica, requestId, key)) !== undefined) return { answer: 'deleted' };
    if (row === undefined || (await view(replica, key, row, { clusterId: undefined, shownHash: undefined })).body.kind !== 'live') return { answer: 'not-found' };
    const shown = await shownOf(replica, key, row, facts);
    return {
      write: { context: row.context, origin: 'operator', firstContact: false, body: () => ({ kind: 'deleted' }), observed: undefined, shown: () => shown },
      answer: () => 'deleted',
    };
  });
  return answers.get(key) ?? 'not-found';
}

function readManifest(manifest: string, marks: readonly string[]): ReturnType<typeof federatedPart> {
  try {
    const parsed: unknown = JSON.parse(manifest);
    if (!isObject(parsed)) throw new ManifestError('the manifest is not an object');
    return federatedPart(parsed, marks);
  } catch (error) {
    if (error instanceof ManifestError || error instanceof ResourceNameError || error instanceof SyntaxError) throw new ReplicaError('invalid', error.message, { cause: error });
    throw error;
  }
}

/**
 * What an operator asks for is written only where a cluster's edit would be.
 *
 * @throws ReplicaError `invalid` for a kind that is never federated, `refused` on a spoke, `paused`
 */
export async function requireWritable(replica: Replica, key: ResourceKey): Promise<void> {
  const { group, kind } = splitKey(key);
  if (!mayBeFederated(group, kind)) throw new ReplicaError('invalid', `${kind} is never federated`);
  const settings = await loadSettings(replica);
  if (isSpoke(replica, settings)) throw new ReplicaError('refused', `this member is a spoke: do it at the hub, ${replica.identity.hub ?? ''}`);
  if (settings.paused) throw new ReplicaError('paused', `the federation is paused at ${replica.identity.member}, so nothing was written: set spec.paused to false in its federation object (or put that back, where it was removed), or do it at another member`);
}
