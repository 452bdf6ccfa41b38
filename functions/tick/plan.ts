import type { FederationSpec } from '../../shared/model/federation-spec.ts';
import type { Job } from '../names.ts';

export const MINUTE_MS = 60_000;
/** Until there is a spec, and peers, a region looks this often whether it has something to do. */
const EAGER_MS = 10_000;
/** A spec may ask for less; SQS delays by whole seconds. */
const SHORTEST_MS = 1000;

/** When a job is to run. */
export interface PlannedTick { readonly job: Job; readonly atMs: number }

/** How often each job runs, by the spec in force. */
export function intervalsOf(spec: FederationSpec | undefined): ReadonlyMap<Job, number> {
  const intervals = new Map<Job, number>([['sync', spec?.sync.intervalMs ?? EAGER_MS], ['garbage-collect', MINUTE_MS]]);
  if (spec !== undefined) intervals.set('health', spec.healthCheck.intervalMs);
  if (spec?.antiEntropy.enabled === true) intervals.set('anti-entropy', spec.antiEntropy.intervalMs);
  return intervals;
}

/**
 * What is due from `fromMs` on for a minute. A job is due at every whole multiple of its interval since 1970, so that every minute's
 * plan follows from the spec alone, whoever makes it and however often.
 */
export function planMinute(spec: FederationSpec | undefined, fromMs: number): readonly PlannedTick[] {
  return [...intervalsOf(spec)].flatMap(([job, intervalMs]) => {
    const stepMs = Math.max(SHORTEST_MS, intervalMs);
    const ticks: PlannedTick[] = [];
    for (let atMs = Math.ceil(fromMs / stepMs) * stepMs; atMs < fromMs + MINUTE_MS; atMs += stepMs) ticks.push({ job, atMs });
    return ticks;
  });
}
