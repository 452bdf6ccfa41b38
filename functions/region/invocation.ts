import { isCorrelationId, withCorrelation } from '../../shared/wire/correlation.ts';
import type { LambdaContext } from './lambda.ts';
import { deadlineOf } from './lambda.ts';
import type { Counts } from './metrics.ts';
import { tellMetrics } from './metrics.ts';
import type { OpenRegion } from './open-region.ts';

/**
 * Runs one invocation that nobody waits for: under the correlation id of what caused it, with certificates and peers ready, until
 * shortly before its time is over. What it throws, Lambda sees; how it ended is one line of the log.
 *
 * @param correlationId the cause's, as far as it is one
 */
export function invoke<Outcome extends { readonly counts: Counts }>(region: OpenRegion, context: LambdaContext, correlationId: unknown, work: (signal: AbortSignal) => Promise<Outcome>): Promise<Outcome> {
  const id = typeof correlationId === 'string' && isCorrelationId(correlationId) ? correlationId : context.awsRequestId;
  return withCorrelation(id, async () => {
    const { logger, replica: { clock } } = region;
    const startedMs = clock.nowMs();
    const signal = deadlineOf(context);
    try {
      await region.prepare(signal);
      const outcome = await work(signal);
      tellMetrics(region, outcome.counts);
      logger.debug('invocation', { name: context.functionName, durationMs: clock.nowMs() - startedMs, ...outcome.counts });
      return outcome;
    } catch (error) {
      logger.error('invocation-failed', { name: context.functionName, durationMs: clock.nowMs() - startedMs, error: error instanceof Error ? error.name : typeof error, reason: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  });
}
