import type { Clock } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { Cluster } from './cluster-port.ts';
import { STATUS_FAILURES_TOLD, STATUS_INTERVAL_MS } from './limits.ts';
import type { Notifier } from './notifier.ts';
import type { RegionCaller } from './region-caller.ts';

export interface StatusParts {
  readonly cluster: Cluster;
  readonly region: RegionCaller;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  /** Rung when there is reason to look before the time. */
  readonly soon: Notifier;
  /** Called when the region's status is another than before. */
  readonly changed: () => void;
  readonly numbers: () => { readonly objects: number; readonly dirty: number };
}

/** Brings the region's view of the federation into the federation object, every few seconds and only when it changed. */
export async function writeStatusRegularly(parts: StatusParts, signal: AbortSignal): Promise<never> {
  let written: string | undefined;
  let failures = 0;
  for (;;) {
    try {
      written = await writeOnce(parts, written, signal);
      failures = 0;
    } catch (error) {
      signal.throwIfAborted();
      failures += 1;
      // The region's own absence is told by the round; this only lets the status grow old, and must not go on unheard.
      parts.logger[failures === STATUS_FAILURES_TOLD ? 'warn' : 'debug']('status-not-written', { failures, error: error instanceof Error ? error.message : String(error) });
    }
    await parts.soon.waitAtMost(STATUS_INTERVAL_MS, parts.clock, signal);
  }
}

async function writeOnce({ cluster, region, logger, version, numbers, changed }: StatusParts, written: string | undefined, signal: AbortSignal): Promise<string | undefined> {
  const { status, statusHash } = await region.reportStatus({ ...numbers(), version, ifNot: written }, signal);
  if (status === undefined) return written;
  changed();
  const outcome = await cluster.writeStatus(status, signal);
  if (outcome.kind === 'ok') return statusHash;
  if (outcome.kind === 'refused') logger.warn('status-refused', { reason: outcome.reason, message: outcome.message });
  return written;
}
