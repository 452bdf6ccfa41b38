import type { ResourceKey } from '../../shared/model/ids.ts';
import { printKey } from '../../shared/model/resource-key.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { CleanedUp, Observation, ObservationResult, Target } from '../../shared/ports/region.ts';
import type { Cluster } from './cluster-port.ts';
import { Flaps } from './flaps.ts';
import { KeyWork } from './key-work.ts';
import { KEYS_IN_WORK } from './limits.ts';
import type { RegionCaller } from './region-caller.ts';
import { Settle } from './settle.ts';
import { SettledStates } from './settled-states.ts';
import { ShownContents } from './shown-contents.ts';

export interface CleanUpParts {
  readonly cluster: Cluster;
  readonly region: RegionCaller;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Labels and annotations that stay local. */
  readonly marks: readonly string[];
  readonly signal: AbortSignal;
}

/** Looks at an object that changes meanwhile, before it is left alone. */
const LOOKS = 3;
const EDITED = 'it is not as the federation last showed it: somebody edited it here, or put another in its place';

/**
 * Takes from the cluster what came from others, once its member has left and that was asked for. An object that is not exactly what was
 * last shown is somebody's and stays; it is told, with everything that cannot be removed. Safe to begin anew at any point.
 *
 * @throws RegionUnavailableError | ClusterUnavailableError | LowerEpochError | the signal's reason
 */
export async function cleanUp(parts: CleanUpParts): Promise<void> {
  const { cluster, region, clock, logger, marks, signal } = parts;
  await cluster.keepLocal(marks, signal);
  // Nothing was agreed on before: what stands there is looked at.
  const settled = new SettledStates();
  const settle = new Settle({ cluster, region, committer: NOTHING_GOES_UP, settled, shown: new ShownContents(), flaps: new Flaps(clock), marks, rest: () => Promise.resolve(), logger, signal });
  const work = new KeyWork<ResourceKey>(KEYS_IN_WORK);
  const counts = { removed: 0, kept: 0 };
  let after: ResourceKey | undefined;
  let done: readonly CleanedUp[] = [];
  for (;;) {
    const { remove, next } = await region.cleanUp({ done, after }, signal);
    done = await Promise.all(remove.map((target) => work.run(target.key, () => removed(parts, settle, target, settled.moment))));
    counts.removed += done.filter(({ kept }) => kept === undefined).length;
    counts.kept += done.filter(({ kept }) => kept !== undefined).length;
    if (remove.length > 0) continue;
    if (next === undefined) break;
    after = next;
  }
  logger.info('cleaned-up-after-leaving', counts);
}

async function removed({ cluster, logger }: CleanUpParts, settle: Settle, target: Target, asked: number): Promise<CleanedUp> {
  const { key } = target;
  let settlement = await settle.show(target, asked, 'fresh');
  // What changed under our hands, its status perhaps, is looked at anew.
  for (let look = 1; settlement.kind === 'exception' && look < LOOKS; look += 1) settlement = await settle.show(target, asked, 'fresh');
  if (settlement.kind === 'settled') {
    logger.info('resource-removed-on-leaving', { resource: printKey(key) });
    return { key, kept: undefined };
  }
  const { reason, message } = settlement;
  logger.warn('resource-kept-on-leaving', { resource: printKey(key), reason, message });
  cluster.event(key, 'Warning', 'KeptOnLeaving', message);
  return { key, kept: message };
}

/** A member that has left sends nothing any more: what would have to be sent first is not removed. */
const NOTHING_GOES_UP = {
  submit: ({ key }: Observation): Promise<ObservationResult> => Promise.resolve({ key, outcome: 'refused', reason: 'Paused', message: EDITED, target: undefined }),
};
