import type { ResourceKey } from '../model/ids.ts';
import type { Dot } from '../model/version-vector.ts';
import type { Replica } from './replica.ts';

/** Segments of the own log looked through for a request that was answered before and is sent again. */
const REMEMBERED_SEGMENTS = 200;

/**
 * The write that a request has already led to, if it did. A request id is remembered in its segment, so that one sent again, after
 * its answer was lost, is answered as before and changes nothing. Looks back over this incarnation's last REMEMBERED_SEGMENTS commits.
 */
export async function writtenBefore(replica: Replica, requestId: string, key: ResourceKey): Promise<Dot | undefined> {
  const { clock } = await replica.store.state();
  if (clock === undefined) return undefined;
  const recent = await replica.store.segments(clock.incarnation, Math.max(0, clock.head - REMEMBERED_SEGMENTS), REMEMBERED_SEGMENTS);
  const entry = recent.find((segment) => segment.requestId === requestId)?.entries.find((touched) => touched.key === key);
  return entry === undefined ? undefined : { incarnation: clock.incarnation, counter: entry.counter };
}
