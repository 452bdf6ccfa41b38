import type { Member } from '../model/ids.ts';
import type { Peer } from '../ports/peer.ts';
import { compareSummaries, repairDifferences } from './compare.ts';
import type { Repaired } from './compare.ts';
import { patient } from './patient-peer.ts';
import type { Replica } from './replica.ts';
import { loadSettings } from './settings.ts';
import { pullFrom } from './sync.ts';

/** Attempts to be level before comparing anyway: under constant traffic there is always a newer change. */
const CATCH_UP_ATTEMPTS = 3;

export interface ReconcileOutcome { readonly peer: Member; readonly outcome: 'same' | 'repaired' | 'failed'; readonly repaired: number; readonly reason: string | undefined }

/** How differences are repaired: by the spec, where nothing else is asked for. */
export interface ReconcileOptions { readonly repairMode: 'pull' | 'push' | 'bidirectional'; readonly batchSize: number }
const DEFAULTS: ReconcileOptions = { repairMode: 'bidirectional', batchSize: 100 };

/**
 * Verifies that a peer and this region hold the same, and repairs what does not: vectors first, catching up by pulling, then by the
 * Merkle index. It never has to be right for the others to be right.
 */
export async function reconcileWith(replica: Replica, called: Peer, signal: AbortSignal): Promise<ReconcileOutcome> {
  const peer = patient(replica, called);
  const { repairMode, batchSize } = (await loadSettings(replica)).spec?.antiEntropy ?? DEFAULTS;
  const way = { pull: repairMode !== 'push', push: repairMode !== 'pull', limit: batchSize };
  try {
    for (let attempt = 1; ; attempt += 1) {
      const compared = await compareSummaries(replica, peer, signal);
      if (compared.kind === 'same') return { peer: peer.member, outcome: 'same', repaired: 0, reason: undefined };
      if (compared.level || attempt >= CATCH_UP_ATTEMPTS) {
        const { pulled, pushed } = compared.rootsDiffer ? await repairDifferences(replica, peer, compared, way, signal) : nothing;
        if (pulled + pushed > 0) replica.logger.warn('anti-entropy-repaired', { member: peer.member, pulled, pushed, wasLevel: compared.level });
        return { peer: peer.member, outcome: pulled + pushed > 0 ? 'repaired' : 'same', repaired: pulled + pushed, reason: undefined };
      }
      await pullFrom(replica, peer, signal);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    replica.logger.warn('anti-entropy-failed', { member: peer.member, reason });
    return { peer: peer.member, outcome: 'failed', repaired: 0, reason };
  }
}

const nothing: Repaired = { pulled: 0, pushed: 0 };
