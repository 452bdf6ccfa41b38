import type { Json } from '../../shared/model/content.ts';
import type { MemberStatus } from '../../shared/ports/operator.ts';
import type { StatusWithPartition } from './partition-text.ts';
import { partitionStateOf } from './partition-text.ts';
import { printResource } from './resource-name.ts';
import { isoTime } from './times.ts';

/** A federation's status as scripts read it; the names are those of the federation object's status where it has them. */
export const statusJson = (status: StatusWithPartition): Json => ({
  federationID: status.federationId,
  localMember: status.localMember,
  phase: status.phase,
  mode: status.mode,
  strategy: status.strategy,
  conflictsPending: status.conflictsPending,
  resources: status.resources,
  lastSyncTime: isoTime(status.lastSyncMs),
  observedGeneration: status.observedGeneration,
  recovering: status.recovering,
  merkleRoot: status.merkleRoot,
  localVectorClock: status.localVectorClock,
  splitBrain: splitBrainJson(status),
  members: status.members.map(memberJson),
  conditions: status.conditions.map(({ type, status: value, reason, message }) => ({ type, status: value, reason, message })),
  holds: status.holds.map(({ id, direction, reason, message, sinceMs, resources, examples }) => ({ id, direction, reason, message, since: isoTime(sinceMs), resources, examples: examples.map(printResource) })),
  exceptions: status.exceptions.map(({ key, reason, message }) => ({ resource: printResource(key), key, reason, message })),
});

const memberJson = (member: MemberStatus): Json => ({
  name: member.name,
  region: member.region,
  endpoint: member.endpoint,
  local: member.isLocal,
  healthy: member.healthy,
  error: member.error ?? null,
  lastSeen: isoTime(member.lastSeenMs),
  lastSyncTime: isoTime(member.lastSyncMs),
  syncLagSeconds: member.syncLagMs === undefined ? null : member.syncLagMs / 1000,
  agentCount: member.agents,
  vectorClock: member.vectorClock,
});

function splitBrainJson(status: StatusWithPartition): Json {
  const peers = status.members.filter(({ isLocal }) => !isLocal);
  const { splitBrain } = status;
  return {
    partitionState: partitionStateOf(status) ?? null,
    quorumMode: splitBrain?.quorumMode ?? null,
    haveQuorum: splitBrain?.haveQuorum ?? null,
    writesFenced: status.writesFenced,
    readsAllowed: true,
    reachablePeers: peers.filter(({ healthy }) => healthy).map(({ name }) => name),
    unreachablePeers: peers.filter(({ healthy }) => !healthy).map(({ name }) => name),
    agentQuorum: splitBrain?.agentQuorum === undefined ? null : { ...splitBrain.agentQuorum },
  };
}
