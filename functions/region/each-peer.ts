import type { Member } from '../../shared/model/ids.ts';
import type { Peer } from '../../shared/ports/peer.ts';
import { loadSettings } from '../../shared/replica/settings.ts';
import type { OpenRegion } from './open-region.ts';

/**
 * Does work with every peer of the spec in force, so many at once; what fails with one is logged and does not touch the others.
 *
 * @param only leaves out the peers it answers false for
 * @returns what came of it, for the peers it came to an end with
 */
export async function eachPeer<Result>(region: OpenRegion, atOnce: number, work: (peer: Peer) => Promise<Result>, only: (member: Member) => boolean = () => true): Promise<readonly Result[]> {
  const { others } = await loadSettings(region.replica);
  return eachOf(region, others.filter(only), atOnce, work);
}

/** The same with members of one's own choice. */
export async function eachOf<Result>({ replica, logger }: OpenRegion, members: readonly Member[], atOnce: number, work: (peer: Peer) => Promise<Result>): Promise<readonly Result[]> {
  const waiting = [...members];
  const results: Result[] = [];
  const worker = async (): Promise<void> => {
    for (let member = waiting.shift(); member !== undefined; member = waiting.shift()) {
      const peer = replica.peers.peer(member);
      if (peer === undefined) { logger.error('peer-not-called', { member, reason: 'its endpoint is outside the domains that this region may call (NOVAEDGE_PEER_DOMAINS)' }); continue; }
      try {
        results.push(await work(peer));
      } catch (error) {
        logger.warn('peer-work-failed', { member, reason: error instanceof Error ? error.message : String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, waiting.length) }, worker));
  return results;
}
