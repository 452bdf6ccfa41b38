import type { ResourceKey } from '../model/ids.ts';
import type { Target } from '../ports/region.ts';
import { dropException, putException } from './bridge-record.ts';
import type { ClusterFacts } from './bridge-record.ts';
import { MASS_DELETE_HELD, dropHeld, heldDelete, isWithheld } from './holds.ts';
import { judgeDeletes } from './mass-delete.ts';
import type { Replica } from './replica.ts';

/** A target that takes something away from the cluster. */
const isDelete = ({ show, before }: Target): boolean => show.kind === 'gone' && before.kind === 'live';

/**
 * The guard against mass deletion on the way down: which of these targets the cluster is not told of until somebody decides, and why.
 * Each is an exception of something not shown, so that whatever becomes of the object is not taken for an answer to the delete.
 */
export async function withhold(replica: Replica, facts: ClusterFacts, targets: readonly Target[]): Promise<ReadonlyMap<ResourceKey, string>> {
  // The object is another one by now, or was deleted here too: the delete is nobody's business any more.
  for (const target of targets) if (isWithheld(facts, target.key) && !isDelete(target)) await release(replica, target.key);
  const verdicts = await judgeDeletes(replica, 'down', targets.filter(isDelete).map(({ key }) => key));
  const withheld = new Map<ResourceKey, string>();
  for (const [key, verdict] of verdicts) {
    if (verdict.kind !== 'held') {
      // The guard was turned off: it goes on without a decision. The exception stays until the cluster has been told.
      if (isWithheld(facts, key) && (await heldDelete(replica, 'down', key))?.state === 'held') await dropHeld(replica, 'down', key);
      continue;
    }
    withheld.set(key, verdict.message);
    const known = facts.exceptions.get(key);
    if (isWithheld(facts, key) && known?.message === verdict.message) continue;
    await putException(replica, { key, kind: 'not-shown', reason: MASS_DELETE_HELD, message: verdict.message, sinceMs: known?.sinceMs ?? replica.clock.nowMs() });
  }
  return withheld;
}

/** Targets without those that are withheld. */
export async function withoutWithheld(replica: Replica, facts: ClusterFacts, targets: readonly Target[]): Promise<readonly Target[]> {
  const withheld = await withhold(replica, facts, targets);
  return targets.filter(({ key }) => !withheld.has(key));
}

/** Only for what the cluster still has to be shown, or does not have itself: else a delete would count as shown that nobody told it of. */
async function release(replica: Replica, key: ResourceKey): Promise<void> {
  await dropHeld(replica, 'down', key);
  await dropException(replica, key);
}
