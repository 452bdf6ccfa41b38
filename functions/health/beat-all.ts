import { beat } from '../../shared/replica/heartbeat.ts';
import { federationHealth } from '../../shared/replica/status.ts';
import { eachPeer } from '../region/each-peer.ts';
import type { Counts } from '../region/metrics.ts';
import type { OpenRegion } from '../region/open-region.ts';

/** A dead peer takes a place for as long as `healthCheck.timeout`; there are more places than a federation is likely to have members. */
const PEERS_AT_ONCE = 32;

/**
 * Exchanges heartbeats with every peer, and tells how the federation looks from here then. A region that has not started yet has none to
 * send: `sync` starts it.
 */
export async function beatAll(region: OpenRegion, signal: AbortSignal): Promise<Counts> {
  const { replica } = region;
  if ((await replica.store.state()).clock === undefined) return {};
  const answers = await eachPeer(region, PEERS_AT_ONCE, (peer) => beat(replica, peer, signal));
  const { phase, unhealthy, syncLagMs, conflictsPending, holds } = await federationHealth(replica);
  return {
    heartbeatFailures: answers.filter((answer) => answer === 'failed').length,
    membersUnhealthy: unhealthy,
    syncLagSeconds: syncLagMs / 1000,
    partitioned: phase === 'Partitioned' ? 1 : 0,
    conflictsPending,
    deletesHeld: holds,
  };
}
