import { systemClock, systemRandom } from '../shared/adapters/system/index.ts';
import type { Member } from '../shared/model/ids.ts';
import type { Events, Wakeups } from '../shared/ports/events.ts';
import type { Ledger } from '../shared/ports/ledger.ts';
import type { Logger } from '../shared/ports/logger.ts';
import type { Peers } from '../shared/ports/peer.ts';
import type { Store } from '../shared/ports/store.ts';
import { newProcessMemory } from '../shared/replica/process-memory.ts';
import { DEFAULT_LIMITS } from '../shared/replica/replica.ts';
import type { Replica } from '../shared/replica/replica.ts';
import { FEDERATION } from './pair.ts';

const nothing = (): void => undefined;
/** Warnings are shown: a figure of a federation that repairs itself meanwhile is worth nothing. */
export const benchLogger: Logger = {
  debug: nothing, info: nothing,
  warn: (event, fields) => { console.error('warn', event, fields); },
  error: (event, fields) => { console.error('error', event, fields); },
};

/** As `benchLogger`, until a member is stopped: what its open connections say afterwards is no news. */
export const loggerUntil = (stopping: AbortSignal): Logger => ({
  ...benchLogger,
  warn: (event, fields) => { if (!stopping.aborted) benchLogger.warn(event, fields); },
  error: (event, fields) => { if (!stopping.aborted) benchLogger.error(event, fields); },
});

const noEvents: Events & Wakeups = { publish: () => Promise.resolve(), arm: () => ({ wait: () => Promise.resolve() }) };
const noPeers: Peers = { peer: () => undefined };

/** A member's replica over given parts, alone unless it is told of peers. */
export const benchReplica = (parts: { readonly member: Member; readonly store: Store; readonly ledger: Ledger; readonly peers?: Peers; readonly events?: Events & Wakeups; readonly logger?: Logger }): Replica => ({
  identity: { federationId: FEDERATION, member: parts.member, hub: undefined },
  limits: DEFAULT_LIMITS,
  store: parts.store, ledger: parts.ledger, peers: parts.peers ?? noPeers,
  clock: systemClock, random: systemRandom,
  events: parts.events ?? noEvents, wakeups: parts.events ?? noEvents,
  logger: parts.logger ?? benchLogger, memory: newProcessMemory(),
});
