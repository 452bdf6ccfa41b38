import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { PutFederationResponse } from '../../shared/ports/region.ts';
import { backoffMs } from './backoff.ts';
import type { Cluster, FederationObject } from './cluster-port.ts';
import { FEDERATION_RESEND_MS, REGION_BACKOFF } from './limits.ts';
import { Notifier } from './notifier.ts';
import type { RegionCaller } from './region-caller.ts';

/** What cluster and region have agreed on. */
export type Agreement =
  | { readonly kind: 'none' }
  | { readonly kind: 'paused'; readonly response: PutFederationResponse }
  /** Also while a spec was refused: then the last good one is in force. */
  | { readonly kind: 'in-force'; readonly response: PutFederationResponse };

export interface AgreementParts {
  readonly cluster: Cluster;
  readonly region: RegionCaller;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Called when the agreement is another than before. */
  readonly changed: (agreement: Agreement) => void;
}

/**
 * Sends the federation object at start, whenever it changes and every half minute, and keeps what the region answered. Without an
 * answer the last one holds.
 */
export class AgreementKeeper {
  readonly #parts: AgreementParts;
  readonly #changed = new Notifier();
  #last: Agreement = { kind: 'none' };
  #unreadable: string | undefined;

  constructor(parts: AgreementParts) {
    this.#parts = parts;
  }

  /** The object changed. */
  notice(): void { this.#changed.notify(); }

  /** Runs until the signal is aborted. @throws LowerEpochError | the signal's reason */
  async run(signal: AbortSignal): Promise<never> {
    for (let failures = 0; ;) {
      const outcome = await this.#send(signal);
      failures = outcome === 'sent' ? 0 : failures + 1;
      const { clock, random } = this.#parts;
      await this.#changed.waitAtMost(outcome === 'sent' ? FEDERATION_RESEND_MS : backoffMs(REGION_BACKOFF, failures, random), clock, signal);
    }
  }

  async #send(signal: AbortSignal): Promise<'sent' | 'failed'> {
    const { cluster, region, logger } = this.#parts;
    try {
      const object = await cluster.federation(signal);
      if (object.kind === 'unknown') return this.#keepLast(object);
      this.#unreadable = undefined;
      const request = object.kind === 'gone' ? { manifest: undefined, generation: object.generation, schemaGaps: [] } : { manifest: object.manifest, generation: object.generation, schemaGaps: object.schemaGaps };
      this.#take(await region.putFederation(request, signal));
      return 'sent';
    } catch (error) {
      signal.throwIfAborted();
      logger.warn('federation-object-not-sent', { error: error instanceof Error ? error.message : String(error) });
      return 'failed';
    }
  }

  /** An unreadable object is not a missing one: it must not pause the member. */
  #keepLast({ reason, message }: FederationObject & { kind: 'unknown' }): 'sent' {
    if (this.#unreadable !== message) this.#parts.logger.warn('federation-object-unreadable', { reason, message });
    this.#unreadable = message;
    return 'sent';
  }

  #take(response: PutFederationResponse): void {
    const agreement: Agreement = { kind: response.paused ? 'paused' : 'in-force', response };
    const isSame = JSON.stringify(agreement) === JSON.stringify(this.#last);
    this.#last = agreement;
    if (isSame) return;
    const problems = response.conditions.filter(({ status }) => status === 'False').map(({ reason, message }) => `${reason}: ${message}`);
    this.#parts.logger.info('federation-agreed', { accepted: response.accepted, paused: response.paused, mode: response.mode, hub: response.isHub, problems: problems.join('; ') || undefined });
    this.#parts.changed(agreement);
  }
}
