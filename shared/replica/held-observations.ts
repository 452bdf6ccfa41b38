import type { ResourceKey } from '../model/ids.ts';
import type { HeldRow } from '../model/row.ts';
import type { Observation, ObservationResult } from '../ports/region.ts';
import type { RegionState } from '../ports/store.ts';
import { putException } from './bridge-record.ts';
import type { CallingCluster } from './cluster-identity.ts';
import type { Decision } from './commit.ts';
import { MASS_DELETE_HELD, forEachKey } from './holds.ts';
import { judgeDeletes } from './mass-delete.ts';
import type { Verdict } from './mass-delete.ts';
import { observe } from './observe.ts';
import type { Observed } from './observe.ts';
import type { Replica } from './replica.ts';
import { withhold } from './withhold.ts';

/** What the guard says of the deletes among some observations. */
export type Verdicts = ReadonlyMap<ResourceKey, Verdict>;

/**
 * The guard against mass deletion on the way up: which missing objects are deletes, and what becomes of each. Only what would be
 * committed is counted, so a retry of a delete that is done, and absence that is none, are nothing to the guard.
 */
export async function judgeObservations(replica: Replica, observations: readonly Observation[], facts: CallingCluster): Promise<Verdicts> {
  const missing = observations.filter(({ state }) => state.kind === 'gone' && state.confirmed);
  if (missing.length === 0) return new Map();
  const { rows, ...state } = await replica.store.picture(missing.map(({ key }) => key));
  const deletes: ResourceKey[] = [];
  for (const observation of missing) {
    const decision = await observe(replica, observation, rows.get(observation.key), state, facts);
    if ('write' in decision) deletes.push(observation.key);
  }
  const verdicts = await judgeDeletes(replica, 'up', deletes);
  await forEachKey(deletes, async (key) => {
    const verdict = verdicts.get(key);
    const known = facts.exceptions.get(key);
    if (verdict?.kind !== 'held' || known?.reason === MASS_DELETE_HELD || known?.kind === 'not-shown') return;
    // As the bridge will report it: that it is over is then told by a report, too, even if that one is the first to arrive.
    await putException(replica, { key, kind: 'not-sent', reason: MASS_DELETE_HELD, message: verdict.message, sinceMs: known?.sinceMs ?? replica.clock.nowMs() });
  });
  return verdicts;
}

/** What is committed of an observation: a delete only if the guard let it through. */
export async function observeGuarded(replica: Replica, observation: Observation, verdicts: Verdicts, row: HeldRow | undefined, state: RegionState, facts: CallingCluster): Promise<Decision<Observed>> {
  const decision = await observe(replica, observation, row, state, facts);
  if (observation.state.kind === 'live' || !('write' in decision)) return decision;
  const verdict = verdicts.get(observation.key);
  switch (verdict?.kind) {
    case 'pass': return decision;
    case 'put-back': return { answer: { kind: 'show', row } };
    case 'held': return { answer: { kind: 'refused', reason: 'Held', message: verdict.message } };
    case undefined: return { answer: { kind: 'refused', reason: 'Busy', message: 'the resource changed meanwhile; send it again' } };
  }
}

/** Answers whose target the guard withholds from the cluster: the object stays as it is, and is asked for again. */
export async function withoutWithheldTargets(replica: Replica, facts: CallingCluster, results: readonly ObservationResult[]): Promise<readonly ObservationResult[]> {
  const withheld = await withhold(replica, facts, results.map(({ target }) => target).filter((target) => target !== undefined));
  return results.map((result) => {
    const message = withheld.get(result.key);
    return message === undefined ? result : { key: result.key, outcome: 'refused', reason: 'Held', message, target: undefined };
  });
}
