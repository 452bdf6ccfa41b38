import { asClusterId } from '../model/ids.ts';
import type { ClusterId } from '../model/ids.ts';
import { emptyVector } from '../model/version-vector.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { BridgeIdentity } from '../ports/region.ts';
import type { BridgeRecord, ClusterFacts } from './bridge-record.ts';
import { dropException, putRecord, readClusterFacts } from './bridge-record.ts';
import { dropAllHeld } from './holds.ts';
import type { Replica } from './replica.ts';

/** The facts about the cluster that is calling; its record always exists. */
export type CallingCluster = ClusterFacts & { readonly record: BridgeRecord; readonly revision: number };

/** The number of a cluster's life, counted up when it turns out to have been restored. */
const LIFE_MARK = '~';
const ATTEMPTS = 10;

/** The cluster's own ID, without the number of its life. */
const ownId = (id: ClusterId): string => id.split(LIFE_MARK)[0] ?? '';

/**
 * The record of the cluster a bridge speaks for. Another cluster than before starts anew: nothing was shown in it, so all of its
 * objects are first contacts (DESIGN §11).
 *
 * @throws ReplicaError `invalid` for an ID that cannot be one
 */
export async function callingCluster(replica: Replica, { clusterId, leaseEpoch }: BridgeIdentity): Promise<CallingCluster> {
  if (!/^[A-Za-z0-9-]{1,64}$/.test(clusterId)) throw new ReplicaError('invalid', 'clusterId: expected 1 to 64 letters, digits or "-", such as the UID of the kube-system namespace');
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const facts = await readClusterFacts(replica);
    const { record, revision } = facts;
    if (record !== undefined && revision !== 'absent' && ownId(record.clusterId) === clusterId) return { ...facts, record, revision };
    await startRecord(replica, facts, asClusterId(clusterId), leaseEpoch);
  }
  throw new ReplicaError('busy', 'two clusters claim to be this member\'s; give each cluster a member of its own');
}

/** As `callingCluster`, for calls that must not make a cluster this member's: a late commit of a bridge whose cluster is gone. */
export async function knownCluster(replica: Replica, { clusterId }: BridgeIdentity): Promise<CallingCluster | undefined> {
  const facts = await readClusterFacts(replica);
  const { record, revision } = facts;
  return record !== undefined && revision !== 'absent' && ownId(record.clusterId) === clusterId ? { ...facts, record, revision } : undefined;
}

/** The cluster was restored to an earlier state: its resource versions went back. Everything in it is a first contact. */
export async function startNewLife(replica: Replica, facts: CallingCluster): Promise<CallingCluster> {
  const id = facts.record.clusterId;
  const life = Number(id.split(LIFE_MARK)[1] ?? '1') + 1;
  await startRecord(replica, facts, asClusterId(`${ownId(id)}${LIFE_MARK}${life.toString()}`), facts.record.leaseEpoch);
  replica.logger.warn('cluster-restored', { clusterId: id, life });
  return callingCluster(replica, { clusterId: asClusterId(ownId(id)), leaseEpoch: facts.record.leaseEpoch });
}

async function startRecord(replica: Replica, facts: ClusterFacts, clusterId: ClusterId, leaseEpoch: number): Promise<void> {
  const record: BridgeRecord = { clusterId, leaseEpoch, applied: emptyVector, listResourceVersion: undefined, filter: undefined, epochsBefore: await epochsBefore(replica, facts, clusterId), reportedAtMs: replica.clock.nowMs() };
  if ((await putRecord(replica, record, facts.revision)) !== 'ok') return;
  for (const key of facts.exceptions.keys()) await dropException(replica, key);
  await dropAllHeld(replica);
}

/** A restored cluster goes on with its lease; another one begins with a lease of its own. */
async function epochsBefore(replica: Replica, { record }: ClusterFacts, clusterId: ClusterId): Promise<number> {
  if (record !== undefined && ownId(record.clusterId) === ownId(clusterId)) return record.epochsBefore;
  return (await replica.store.state()).clock?.bridgeEpoch ?? 0;
}
