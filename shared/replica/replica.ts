import type { Member } from '../model/ids.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { Events, Wakeups } from '../ports/events.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Logger } from '../ports/logger.ts';
import type { Peers } from '../ports/peer.ts';
import type { Store } from '../ports/store.ts';
import type { ProcessMemory } from './process-memory.ts';

/** Who a region acts for; given at deploy time, never by a spec (DESIGN §9). */
export interface Identity {
  readonly federationId: string;
  readonly member: Member;
  /** The hub in hub-spoke; a spoke without a federation object of its own follows the hub's. */
  readonly hub: Member | undefined;
  /** Domains that endpoints of a spec may be in; empty or left out: any. */
  readonly peerDomains?: readonly string[];
}

/** Bounds of what one member does, with the reasons beside the defaults. */
export interface Limits {
  /** A tombstoneTTL below this is refused. */
  readonly minimumTombstoneTtlMs: number;
  /** How long a log's segments are kept; a follower further behind resynchronizes. */
  readonly logRetentionMs: number;
  /** Attempts of a write whose conditions keep failing before `busy` is answered. */
  readonly writeAttempts: number;
  /** Pages of one pull before it makes way for other work. */
  readonly pullRounds: number;
  /** A peer that has not answered a call by then does not delay the rest; a spec's `sync.timeout` and `healthCheck.timeout` go before it. */
  readonly peerTimeoutMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  minimumTombstoneTtlMs: 20 * 60 * 1000, // twice the life of a write session, and more than twice Lambda's 5 minutes we give a handler
  logRetentionMs: 24 * 60 * 60 * 1000, // a day's outage is caught up from logs, a longer one by comparison
  writeAttempts: 12,
  pullRounds: 100,
  peerTimeoutMs: 30_000, // the guides' default of sync.timeout
};

/**
 * One member's parts: what every function of this room is given. Holds no state of its own but caches; all state is in the store,
 * so any number of handlers may act for one member at once.
 */
export interface Replica {
  readonly identity: Identity;
  readonly limits: Limits;
  readonly store: Store;
  readonly ledger: Ledger;
  readonly peers: Peers;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: Events;
  readonly wakeups: Wakeups;
  readonly logger: Logger;
  readonly memory: ProcessMemory;
}
