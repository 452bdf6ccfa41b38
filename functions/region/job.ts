import { invoke } from './invocation.ts';
import type { LambdaHandler } from './lambda.ts';
import type { Counts } from './metrics.ts';
import type { OpenRegion } from './open-region.ts';

/** An event of the region's bus, as far as the functions read it. */
export interface BusInvocation { readonly detail?: Readonly<Record<string, unknown>> }

/** A function that a tick starts. Nothing it does depends on the tick, so that a lost, late or doubled one does no harm. */
export const jobHandler = (region: OpenRegion, job: (signal: AbortSignal) => Promise<Counts>): LambdaHandler<BusInvocation, void> => async (event, context) => {
  await invoke(region, context, event.detail?.['correlationId'], async (signal) => ({ counts: await job(signal) }));
};
