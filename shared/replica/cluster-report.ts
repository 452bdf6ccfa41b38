import { filterHashOf, isSameFilter } from '../model/federated-part.ts';
import { meetVectors, mergeVectors, sameVector } from '../model/version-vector.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { ResourceKey } from '../model/ids.ts';
import type { HeldRow } from '../model/row.ts';
import type { ApplyException, ExceptionKind, ReportAppliedRequest } from '../ports/region.ts';
import { dropException, isApplied, putException, putRecord } from './bridge-record.ts';
import type { BridgeRecord, ClusterFacts } from './bridge-record.ts';
import { callingCluster } from './cluster-identity.ts';
import { knownClocks, knownLogs } from './known-members.ts';
import { dropHeld, forEachKey, heldDelete, isWithheld } from './holds.ts';
import { isHolding } from './mass-delete.ts';
import { filterInForce } from './policy.ts';
import { positionOf } from './position.ts';
import type { Replica } from './replica.ts';
import { loadSettings } from './settings.ts';

const ATTEMPTS = 10;
/** As the bridge names objects that are written back and forth. */
const FLAPPING = 'Flapping';

/**
 * Takes note of what the cluster shows now. Exceptions are written before the applied vector passes them, and dropped after, so that
 * nobody can read one as applied (see `readClusterFacts`).
 */
export async function recordApplied(replica: Replica, request: ReportAppliedRequest): Promise<void> {
  const nowMs = replica.clock.nowMs();
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const facts = await callingCluster(replica, request);
    const { record } = facts;
    if (request.leaseEpoch < record.leaseEpoch) throw new ReplicaError('refused', `another bridge holds the lease of this cluster: epoch ${record.leaseEpoch.toString()}, yours is ${request.leaseEpoch.toString()}`);
    const rows = await replica.store.rows(request.exceptions.map(({ key }) => key));
    for (const exception of request.exceptions) {
      const { key } = exception;
      // What the guard withholds the cluster does not show, whatever else a bridge has to say of the object.
      if (isWithheld(facts, key)) continue;
      await putException(replica, { ...exception, message: await messageOf(replica, exception, rows.get(key), facts), kind: kindOf(exception, rows.get(key), facts), sinceMs: facts.exceptions.get(key)?.sinceMs ?? nowMs });
    }
    const position = positionOf(await replica.store.state());
    const filter = filterInForce(await loadSettings(replica));
    const next: BridgeRecord = {
      ...record,
      leaseEpoch: request.leaseEpoch,
      applied: mergeVectors(record.applied, meetVectors(request.applied, position)),
      listResourceVersion: request.listResourceVersion ?? record.listResourceVersion,
      filter: request.filterHash !== undefined && request.filterHash === filterHashOf(filter) ? filter : record.filter,
      reportedAtMs: nowMs,
    };
    // A report of nothing new leaves the record as it is, and with it the write sessions that were issued under it.
    if (!saysTheSame(record, next) && (await putRecord(replica, next, facts.revision)) === 'stale') continue;
    // Both agree on the object: it is there again, or its delete is committed.
    if (request.cleared.length > 0 && (await isHolding(replica, 'up'))) await forEachKey(request.cleared, (key) => dropHeld(replica, 'up', key));
    for (const key of request.cleared) await settleException(replica, key, facts);
    return;
  }
  throw new ReplicaError('busy', 'the applied record kept changing; report again');
}

/** Of a fight only the region knows who is on the other side. */
async function messageOf(replica: Replica, { reason, message }: ApplyException, row: HeldRow | undefined, { record }: ClusterFacts): Promise<string> {
  const theirs = row?.siblings.filter(({ origin }) => origin !== record?.clusterId) ?? [];
  if (reason !== FLAPPING || theirs.length === 0) return message;
  const logs = knownLogs(await knownClocks(replica));
  const authors = new Set(theirs.map(({ dot }) => logs.get(dot.incarnation)?.owner ?? 'a member that is not known here'));
  return `${message}. What it is fought over with was written at ${[...authors].sort().join(' and ')}`;
}

/** An object that both agree on is no exception any more, unless the cluster was not told of its delete. */
async function settleException(replica: Replica, key: ResourceKey, facts: ClusterFacts): Promise<void> {
  if (isWithheld(facts, key) && (await heldDelete(replica, 'down', key))?.state === 'held') return;
  await dropException(replica, key);
}

/**
 * That something could not be sent is believed only of what was applied before this report: in a comparison the bridge sends what
 * differs, and cannot know whether it was ever shown what this report's vector passes.
 */
function kindOf({ key, kind }: ApplyException, row: HeldRow | undefined, facts: ClusterFacts): ExceptionKind {
  return kind === 'not-sent' && (row === undefined || isApplied(row, facts, key)) ? 'not-sent' : 'not-shown';
}

const saysTheSame = (a: BridgeRecord, b: BridgeRecord): boolean =>
  sameVector(a.applied, b.applied) && a.leaseEpoch === b.leaseEpoch && a.listResourceVersion === b.listResourceVersion && a.filter !== undefined && b.filter !== undefined && isSameFilter(a.filter, b.filter);
