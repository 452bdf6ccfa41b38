import { collect } from '../../shared/replica/collect.ts';
import { joinAllDeletes, publishDeletes } from '../../shared/replica/ledger-deletes.ts';
import type { Counts } from '../region/metrics.ts';
import type { OpenRegion } from '../region/open-region.ts';

/**
 * What is done once a minute: deletes that `push` did not publish and `doorbell` did not join, and collecting what everybody knows.
 * Each goes on where it stopped, so that running out of time costs a minute.
 */
export async function keepHouse({ replica }: OpenRegion): Promise<Counts> {
  const deletesPublished = await publishDeletes(replica);
  const deletesJoined = await joinAllDeletes(replica);
  const { rows } = await collect(replica);
  return { deletesPublished, deletesJoined, rowsCollected: rows };
}
