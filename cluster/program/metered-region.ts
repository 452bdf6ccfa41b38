import { isObject } from '../../shared/model/content.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { Region } from '../../shared/ports/region.ts';
import type { BridgeMetrics, Direction } from './metrics.ts';

export interface MeterParts { readonly member: string; readonly metrics: BridgeMetrics; readonly clock: Clock; readonly logger: Logger }

/**
 * The region, each call counted and timed, and what it tells of the federation taken over into the metrics. A metric never breaks a
 * call: what cannot be measured is logged, and the answer goes on.
 */
export function meteredRegion(region: Region, { member, metrics, clock, logger }: MeterParts): Region {
  const measured = (type: string, measure: () => void): void => {
    try {
      measure();
    } catch (error) {
      logger.warn('answer-not-measured', { call: type, reason: error instanceof Error ? error.message : String(error) });
    }
  };
  const metered = <Request, Answer>(type: string, direction: Direction, call: (request: Request, signal: AbortSignal) => Promise<Answer>, onAnswer: (answer: Answer) => void = () => undefined, isTimed = true) =>
    async (request: Request, signal: AbortSignal): Promise<Answer> => {
      const startMs = clock.nowMs();
      metrics.called(type, direction);
      const answer = await call(request, signal).catch((error: unknown) => {
        if (!signal.aborted) metrics.failed(type, direction);
        throw error;
      });
      measured(type, () => {
        if (isTimed) metrics.took(member, (clock.nowMs() - startMs) / 1000);
        onAnswer(answer);
      });
      return answer;
    };
  return {
    putFederation: metered('federation', 'push', (request: Parameters<Region['putFederation']>[0], signal) => region.putFederation(request, signal)),
    // It waits for changes: its time tells nothing.
    pull: metered('incremental', 'pull', (request: Parameters<Region['pull']>[0], signal) => region.pull(request, signal), ({ targets }) => { metrics.received(member, targets.length); }, false),
    commit: metered('incremental', 'push', (request: Parameters<Region['commit']>[0], signal) => region.commit(request, signal)),
    compare: metered('full', 'push', (request: Parameters<Region['compare']>[0], signal) => region.compare(request, signal), ({ apply }) => { metrics.received(member, apply.length); }),
    viewAt: metered('view', 'pull', (request: Parameters<Region['viewAt']>[0], signal) => region.viewAt(request, signal)),
    cleanUp: metered('clean-up', 'pull', (request: Parameters<Region['cleanUp']>[0], signal) => region.cleanUp(request, signal)),
    reportApplied: metered('report', 'push', (request: Parameters<Region['reportApplied']>[0], signal) => region.reportApplied(request, signal)),
    reportStatus: metered('status', 'push', (request: Parameters<Region['reportStatus']>[0], signal) => region.reportStatus(request, signal), ({ status }) => {
      const value: unknown = status === undefined ? undefined : JSON.parse(status);
      if (isObject(value)) metrics.status(value);
    }),
  };
}
