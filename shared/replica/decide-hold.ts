import { contentOf, hashText } from '../model/content.ts';
import type { ResourceKey } from '../model/ids.ts';
import { editProvenance } from '../model/provenance.ts';
import { splitKey } from '../model/resource-key.ts';
import { ReplicaError } from '../ports/errors.ts';
import { MAX_COMMIT_ROWS } from '../ports/store.ts';
import { dropException, readClusterFacts, shownOf, view } from './bridge-record.ts';
import type { ClusterFacts } from './bridge-record.ts';
import { commit } from './commit.ts';
import type { Decision } from './commit.ts';
import { storeContent } from './contents.ts';
import type { HeldDelete } from './holds.ts';
import { deletesOf, directionOf, forEachKey, listHolds, putHeld } from './holds.ts';
import { closeHold } from './mass-delete.ts';
import { requireWritable } from './operator-writes.ts';
import type { Replica } from './replica.ts';
import { showAnew } from './reshow.ts';

/**
 * Lets the deletes of a hold go on: up, each is committed when the bridge sends it again (within half a minute); down, the cluster
 * is told of them now. Approved twice, it is done once.
 *
 * @throws ReplicaError `not-found` naming the holds there are, `busy`
 */
export async function approveHold(replica: Replica, hold: string): Promise<{ readonly resources: number }> {
  const deletes = await requireHold(replica, hold, 'approved');
  await rule(replica, hold, deletes, 'approved');
  if (directionOf(hold) === 'down') {
    await forEachKey(deletes.keys(), async (key) => {
      // Once it stands in the log, nothing of this row counts as shown until the cluster has followed that far. A row that was collected
      // has no log entry: the bridge asks again, and the exception says until then that the cluster was not told.
      if (await showAnew(replica, key)) await dropException(replica, key);
    });
  }
  await replica.events.publish({ kind: 'RowsChanged' });
  replica.logger.info('mass-delete-approved', { hold, count: deletes.size });
  return { resources: deletes.size };
}

/**
 * Drops the deletes of a hold. Up, the federation still has the objects, and the cluster is shown them when the bridge sends the
 * absence again. Down, the federation has deleted them: what this cluster holds is written anew, which covers the deletes, so
 * the objects come back in every cluster.
 *
 * @throws ReplicaError `not-found` naming the holds there are, `busy`; down also as `requireWritable` and `commit`
 */
export async function rejectHold(replica: Replica, hold: string, reason: string, requestId: string): Promise<{ readonly resources: number }> {
  const deletes = await requireHold(replica, hold, 'rejected');
  if (directionOf(hold) === 'down') await writeAnew(replica, [...deletes.keys()], requestId);
  await rule(replica, hold, deletes, 'rejected');
  if (directionOf(hold) === 'down') await forEachKey(deletes.keys(), (key) => dropException(replica, key));
  replica.logger.info('mass-delete-rejected', { hold, reason, count: deletes.size });
  return { resources: deletes.size };
}

async function requireHold(replica: Replica, hold: string, decided: 'approved' | 'rejected'): Promise<ReadonlyMap<ResourceKey, HeldDelete>> {
  const deletes = await deletesOf(replica, hold, decided);
  if (deletes.size > 0) return deletes;
  const ids = (await listHolds(replica)).map(({ id }) => id).join(', ');
  throw new ReplicaError('not-found', `nothing is held at ${replica.identity.member} under ${hold}; ${ids === '' ? 'nothing is held at all' : `there are ${ids}`}`);
}

/** The hold is closed first: what comes meanwhile is another one's, which nobody has decided on. */
async function rule(replica: Replica, hold: string, deletes: ReadonlyMap<ResourceKey, HeldDelete>, state: 'approved' | 'rejected'): Promise<void> {
  const direction = directionOf(hold);
  if (direction === undefined) return;
  await closeHold(replica, direction, hold);
  const ruledAtMs = replica.clock.nowMs();
  await forEachKey(deletes.keys(), (key) => putHeld(replica, direction, key, { hold, atMs: deletes.get(key)?.atMs ?? ruledAtMs, state, ruledAtMs }));
}

async function writeAnew(replica: Replica, keys: readonly ResourceKey[], requestId: string): Promise<void> {
  const facts = await readClusterFacts(replica);
  for (const key of keys) await requireWritable(replica, key);
  for (let at = 0; at < keys.length; at += MAX_COMMIT_ROWS) {
    const part = keys.slice(at, at + MAX_COMMIT_ROWS);
    // The parts of a repeated call may be others, and a request id stands for one set of rows.
    const partId = `${requestId}-${hashText(part.join('\n')).slice(0, 12)}`;
    await commit<undefined>(replica, part, { requestId: partId }, (key, row) => asBefore(replica, key, row, facts));
  }
}

/** What the cluster was shown, as a new version; nothing where the object lives already, or its content is lost. */
async function asBefore(replica: Replica, key: ResourceKey, row: Parameters<typeof shownOf>[2], facts: ClusterFacts): Promise<Decision<undefined>> {
  const shown = await shownOf(replica, key, row, facts);
  if (row === undefined || shown?.hash === undefined) return { answer: undefined };
  if ((await view(replica, key, row, { clusterId: undefined, shownHash: undefined })).body.kind === 'live') return { answer: undefined };
  const text = shown.content ?? (await replica.store.content(key, shown.hash));
  if (text === undefined) throw new ReplicaError('unavailable', `the content that ${key} had is not here any more; apply its manifest instead, and reject again`);
  const content = contentOf(text);
  const inline = await storeContent(replica, key, content);
  return {
    write: {
      context: row.context,
      origin: 'operator',
      firstContact: false,
      body: (write) => ({ kind: 'live', hash: content.hash, content: inline, bytes: content.bytes, fields: editProvenance(splitKey(key).kind, write, undefined, content.text, undefined) }),
      observed: undefined,
      shown: () => shown,
    },
    answer: () => undefined,
  };
}
