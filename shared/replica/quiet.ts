import type { LocalLog } from '../model/ids.ts';
import { covers } from '../model/version-vector.ts';
import type { VersionVector } from '../model/version-vector.ts';
import type { RegionState } from '../ports/store.ts';
import { positionOf, seenOf } from './position.ts';
import type { Replica } from './replica.ts';

/** For how long "nothing new" may be said again without a look: the grain of a bridge's waiting, and of the settings. */
export const QUIET_LIFE_MS = 1000;

/**
 * Where the region stood when a pull last found nothing new. A follower that has all of that gets what a look at that time would have
 * said: "nothing new", at most a second late. Followers rely on no answer being new (DESIGN §3), only on none being wrong.
 *
 * One process's; `changes` counts what it did itself, so that a look from before a change is not remembered after it.
 */
export interface QuietMemory { changes: number; position: { readonly seen: VersionVector; readonly all: VersionVector; readonly log: LocalLog | undefined; readonly readAtMs: number } | undefined }

const memoryOf = ({ memory }: Replica): QuietMemory => (memory.quiet ??= { changes: 0, position: undefined });

/** Begins a look: to be called before the store is read; what it answers notes a look that found nothing. */
export function lookForQuiet(replica: Replica): (state: RegionState) => void {
  const memory = memoryOf(replica);
  const { changes } = memory;
  const readAtMs = replica.clock.nowMs();
  return (state) => {
    if (memory.changes === changes) memory.position = { seen: seenOf(state), all: positionOf(state), log: state.local?.log, readAtMs };
  };
}

/** For how long still it may be said, without a look, that there is nothing beyond `since`; 0 where a look is needed. */
export function quietForMs(replica: Replica, since: VersionVector, scope: 'peer' | 'local', maxAgeMs: number = QUIET_LIFE_MS): number {
  const { position } = memoryOf(replica);
  if (position === undefined) return 0;
  const ageMs = replica.clock.nowMs() - position.readAtMs;
  // Clocks are set back; and another name of the region's own log is to be told.
  if (ageMs < 0 || (scope === 'local' && position.log !== undefined && !since.has(position.log))) return 0;
  return covers(since, scope === 'local' ? position.all : position.seen) ? Math.max(0, Math.min(maxAgeMs, QUIET_LIFE_MS) - ageMs) : 0;
}

/** Does what may move the region's position, and forgets where it stood, however that ends. */
export async function moving<Outcome>(replica: Replica, move: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await move();
  } finally {
    const memory = memoryOf(replica);
    memory.changes += 1;
    memory.position = undefined;
  }
}
