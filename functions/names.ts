import { EVENT_SOURCE } from '../shared/adapters/eventbridge/event-schema.ts';

/** The functions of a region by name. Apart from the catalog, so that no bundle carries that for the sake of a name. */
export const FUNCTION_NAMES = ['peer-api', 'cluster-api', 'bridge-pull', 'operator-api', 'operator-sync', 'agent-api', 'sync', 'anti-entropy', 'health', 'garbage-collect', 'tick', 'push', 'doorbell'] as const;
export type FunctionName = (typeof FUNCTION_NAMES)[number];

/** Work that is done at intervals; each is the function of that name. */
export const JOBS = ['sync', 'anti-entropy', 'health', 'garbage-collect'] as const satisfies readonly FunctionName[];
export type Job = (typeof JOBS)[number];

export { EVENT_SOURCE };
/** The `detail-type` of the event that starts a job; `detail.job` names it. */
export const TICK_EVENT = 'Tick';
