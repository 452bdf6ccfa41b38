import { reconcileWith } from '../../shared/replica/anti-entropy.ts';
import { loadSettings } from '../../shared/replica/settings.ts';
import { eachPeer } from '../region/each-peer.ts';
import type { Counts } from '../region/metrics.ts';
import type { OpenRegion } from '../region/open-region.ts';

/** Two repairs of the same rows at once would only get in each other's way. */
const PEERS_AT_ONCE = 2;

/** Compares with every peer and repairs what differs, where the spec asks for it. */
export async function compareWithPeers(region: OpenRegion, signal: AbortSignal): Promise<Counts> {
  const { spec } = await loadSettings(region.replica);
  if (spec?.antiEntropy.enabled !== true) return {};
  const outcomes = await eachPeer(region, PEERS_AT_ONCE, (peer) => reconcileWith(region.replica, peer, signal));
  return {
    comparisonFailures: outcomes.filter(({ outcome }) => outcome === 'failed').length,
    rowsRepaired: outcomes.reduce((sum, { repaired }) => sum + repaired, 0),
  };
}
