import { contentOf } from '../model/content.ts';
import type { Hash } from '../model/ids.ts';
import type { Observation, ObservationResult, Target } from '../ports/region.ts';
import type { RegionState } from '../ports/store.ts';
import { shownOf } from './bridge-record.ts';
import type { CallingCluster } from './cluster-identity.ts';
import { tokenOf } from './observe.ts';
import type { Replica } from './replica.ts';
import { targetAfter } from './targets.ts';

/**
 * What a spoke answers to what its cluster has (DESIGN §4, "Filters"): local edits of the hub's objects are put back, and the hub's
 * deletes go through whatever was edited here. What only the spoke has is left alone; nothing is written in any case.
 */
export async function answerAtSpoke(replica: Replica, observation: Observation, facts: CallingCluster): Promise<ObservationResult> {
  const { key, state } = observation;
  const here = state.kind === 'live' ? contentOf(state.content).hash : undefined;
  const target = await hubsTarget(replica, observation, facts, here);
  const wanted = target?.show.kind === 'live' ? target.show.hash : undefined;
  if (target !== undefined && wanted === here) return { key, outcome: 'unchanged', target: undefined };
  const message = target?.show.kind === 'gone' ? 'the hub has deleted it; the local edit goes with it' : 'only the hub changes what it federates; the local edit is put back';
  return { key, outcome: 'refused', reason: 'SpokeReadOnly', message, target };
}

/** Undefined for what is not the hub's. */
async function hubsTarget(replica: Replica, observation: Observation, facts: CallingCluster, here: Hash | undefined): Promise<Target | undefined> {
  const { key } = observation;
  const row = (await replica.store.rows([key])).get(key);
  const before: Target['before'] = here === undefined ? { kind: 'nothing' } : { kind: 'live', hash: here };
  const isMarked = (await tokenOf(replica, observation, facts.record)) !== undefined;
  if (row === undefined) {
    // Deleted and collected. But not where rows may be missing because they were lost.
    const isDeleted = isMarked && isServing(await replica.store.state());
    return isDeleted ? { key, show: { kind: 'gone' }, before } : undefined;
  }
  const target = await targetAfter(replica, key, row, facts.record.clusterId, { hash: here });
  if (target.show.kind === 'live' || here === undefined) return target;
  const wasShown = (await shownOf(replica, key, row, facts))?.hash !== undefined;
  return isMarked || wasShown ? target : undefined;
}

const isServing = ({ clock, tableId }: RegionState): boolean => clock?.state === 'serving' && clock.tableId === tableId;
