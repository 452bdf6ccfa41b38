import { currentCorrelation } from '../../wire/correlation.ts';
import type { Member } from '../../model/ids.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Events, FederationEvent } from '../../ports/events.ts';
import type { Logger } from '../../ports/logger.ts';
import type { EventBus } from './event-bus.ts';
import { EVENT_SOURCE, busEventOf } from './event-schema.ts';

/** A commit waits for this before it is answered; the bus takes some 10 ms. */
const PUT_TIMEOUT_MS = 2000;

export interface EventBridgeEventsOptions {
  readonly bus: EventBus;
  readonly federationId: string;
  readonly member: Member;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of every event, also of those that are not put on the bus. */
  readonly onEvent?: (event: FederationEvent) => void;
}

/**
 * The federation's events on the region's bus. A bus that does not take one fails nobody: pushes are made up for by the ledger and the
 * schedule, everything else is in the status as well.
 */
export class EventBridgeEvents implements Events {
  readonly #options: EventBridgeEventsOptions;

  constructor(options: EventBridgeEventsOptions) { this.#options = options; }

  async publish(event: FederationEvent): Promise<void> {
    const { bus, federationId, member, clock, logger, onEvent } = this.#options;
    onEvent?.(event);
    const told = busEventOf(event, { federation: federationId, member, atMs: clock.nowMs(), correlationId: currentCorrelation() });
    if (told === undefined) return;
    try {
      const [refused] = await bus.put([{ source: EVENT_SOURCE, ...told }], AbortSignal.timeout(PUT_TIMEOUT_MS));
      if (refused !== undefined) logger.error('event-not-put', { kind: event.kind, reason: refused });
    } catch (error) {
      logger.error('event-not-put', { kind: event.kind, reason: error instanceof Error ? error.message : String(error) });
    }
  }
}
