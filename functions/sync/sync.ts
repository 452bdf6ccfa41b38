import { pulledFrom } from '../../shared/replica/pulled-from.ts';
import { QUIET_LIFE_MS } from '../../shared/replica/quiet.ts';
import { ensureServing } from '../../shared/replica/recover.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import { eachOf } from '../region/each-peer.ts';
import type { Counts } from '../region/metrics.ts';
import type { OpenRegion } from '../region/open-region.ts';

/** Each holds a page of a megabyte and what becomes of it. */
const PEERS_AT_ONCE = 8;

/** Takes the next step towards serving where that is needed, then pulls from every peer what it has that is not here. */
export async function sync(region: OpenRegion, signal: AbortSignal): Promise<Counts> {
  const state = await ensureServing(region.replica, signal);
  if (state === 'recovering') return { recovering: 1 };
  const outcomes = await eachOf(region, await pulledFrom(region.replica), PEERS_AT_ONCE, (peer) => pullFrom(region.replica, peer, signal, { maxAgeMs: QUIET_LIFE_MS }));
  return {
    recovering: 0,
    pullFailures: outcomes.filter(({ outcome }) => outcome === 'failed').length,
    changesPulled: outcomes.reduce((sum, { changes }) => sum + changes, 0),
  };
}
