import { collect } from '../../shared/replica/collect.ts';
import { joinAllDeletes, publishDeletes } from '../../shared/replica/ledger-deletes.ts';
import type { Counts } from '../region/metrics.ts';
import type { OpenRegion } from '../region/open-region.ts';

/**
 * What is done once a minute: deletes that `push` did not publish and `doorbell` did not join, and collecting what everybody knows.
 * Each goes on where it stopped, so that running out of time costs a minute; what fails of them does not keep the others from being done.
 *
 * @throws what went wrong first, when all three were tried
 */
export async function keepHouse({ replica }: OpenRegion): Promise<Counts> {
  const failures: unknown[] = [];
  const attempt = (work: () => Promise<number>): Promise<number> => work().catch((error: unknown) => { failures.push(error); return 0; });
  const deletesPublished = await attempt(() => publishDeletes(replica));
  const deletesJoined = await attempt(() => joinAllDeletes(replica));
  const rowsCollected = await attempt(async () => (await collect(replica)).rows);
  if (failures.length > 0) throw failures[0];
  return { deletesPublished, deletesJoined, rowsCollected };
}
