import { hashText } from '../model/content.ts';
import { formatDuration } from '../model/duration.ts';
import type { FederationStatus, MemberStatus } from '../ports/operator.ts';
import type { ReportStatusResponse } from '../ports/region.ts';

/**
 * The status of the NovaEdgeFederation object, with the guides' fields (`kubectl get fed`), as JSON text; undefined when it has not
 * changed since `ifNot`. Times are left out of what counts as a change, or it would be written at every report.
 */
export function crdStatus(status: FederationStatus, ifNot: string | undefined): ReportStatusResponse {
  const peers = status.members.filter(({ isLocal }) => !isLocal);
  const steady = {
    phase: status.phase,
    observedGeneration: status.observedGeneration,
    conflictsPending: status.conflictsPending,
    memberCount: status.members.length,
    syncedCount: status.members.filter((member) => member.isLocal || (member.healthy && member.syncLagMs === 0)).length,
    localVectorClock: status.localVectorClock,
    conditions: status.conditions,
    splitBrain: {
      writesFenced: status.writesFenced,
      reachablePeers: peers.filter(({ healthy }) => healthy).map(({ name }) => name),
      unreachablePeers: peers.filter(({ healthy }) => !healthy).map(({ name }) => name),
    },
  };
  const statusHash = hashText(JSON.stringify([steady, peers.map(({ name, healthy, error }) => [name, healthy, error])]));
  if (statusHash === ifNot) return { status: undefined, statusHash };
  return { status: JSON.stringify({ ...steady, members: peers.map(crdMember), lastSyncTime: isoTime(status.lastSyncMs) }), statusHash };
}

const crdMember = (member: MemberStatus): Readonly<Record<string, unknown>> => ({
  name: member.name,
  healthy: member.healthy,
  error: member.error,
  lastSeen: isoTime(member.lastSeenMs),
  lastSyncTime: isoTime(member.lastSyncMs),
  syncLag: member.syncLagMs === undefined ? undefined : formatDuration(member.syncLagMs),
  agentCount: member.agents,
  vectorClock: member.vectorClock,
});

const isoTime = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : new Date(ms).toISOString());
