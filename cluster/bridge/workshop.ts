import type { ResourceKey } from '../../shared/model/ids.ts';
import { printKey, splitKey } from '../../shared/model/resource-key.ts';
import { passesFilter } from '../../shared/model/federated-part.ts';
import type { Filter } from '../../shared/model/federated-part.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { ApplyException, Target } from '../../shared/ports/region.ts';
import { ClusterUnavailableError } from './cluster-port.ts';
import { TooManyExceptionsError } from './exceptions.ts';
import type { Exceptions } from './exceptions.ts';
import { KEYS_IN_WORK, TOKEN_REST_MS, UNLISTED_FAILURES } from './limits.ts';
import { KeyWork } from './key-work.ts';
import { LowerEpochError, RegionUnavailableError } from './region-caller.ts';
import type { Settle, Settlement } from './settle.ts';

export interface WorkshopParts {
  readonly settle: Settle;
  readonly exceptions: Exceptions;
  readonly filter: Filter;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Why an object cannot be settled, for those who look at the object. */
  readonly told: (key: ResourceKey, reason: string, message: string) => void;
}

/**
 * Who asks. What a comparison or the region's log asks for has to be shown or listed before `applied` may move; a change in the
 * cluster can wait.
 */
type Origin = 'comparison' | 'log' | 'change';
/** When a target that had to wait was asked for: nobody knows any more. */
const NEVER = -1;

/** Where resources are worked on: whatever asks for one, it goes through here, one task at a time for each resource. */
export class Workshop {
  readonly #parts: WorkshopParts;
  readonly #work = new KeyWork<ResourceKey>(KEYS_IN_WORK);

  constructor(parts: WorkshopParts) {
    this.#parts = parts;
  }

  /** Resources being worked on or waiting. */
  get pending(): number { return this.#work.pending; }
  idle(): Promise<void> { return this.#work.idle(); }

  /** For whoever has just committed an edit of this resource: a moment before its token is written, unless somebody asks for the resource. */
  rest(key: ResourceKey): Promise<void> { return this.#work.rest(key, TOKEN_REST_MS, this.#parts.clock, this.#parts.signal); }

  /** Sends what somebody did to a resource, and shows what had to wait for it. @throws LowerEpochError | TooManyExceptionsError */
  async sync(key: ResourceKey): Promise<void> {
    const { settle, exceptions, filter } = this.#parts;
    if (!passesFilter(filter, splitKey(key))) { exceptions.clear(key); return; }
    await this.#run(key, async () => {
      const waiting = exceptions.target(key);
      if (waiting !== undefined) return settle.show(waiting, NEVER, 'fresh');
      return exceptions.has(key) ? settle.observe(key, 'send', 'fresh') : settle.observe(key, 'skip');
    }, 'change');
  }

  /**
   * Sends a resource that a comparison asked for, even where both seem to agree. The region may remember an exception of a process
   * before this one, so that it is over is said in any case.
   */
  async send(key: ResourceKey): Promise<void> {
    await this.#run(key, () => this.#parts.settle.observe(key, 'send'), 'comparison');
  }

  /** Shows what a comparison asked for. */
  async showCompared(target: Target, asked: number): Promise<void> {
    await this.#show(target, asked, 'comparison');
  }

  /** Shows what the region's log asks for. */
  async show(target: Target, asked: number): Promise<void> {
    await this.#show(target, asked, 'log');
  }

  /** What the filter keeps out is not touched, whoever asks. */
  async #show(target: Target, asked: number, origin: Origin): Promise<void> {
    if (!passesFilter(this.#parts.filter, splitKey(target.key))) {
      this.#parts.logger.warn('target-outside-the-filter-ignored', { resource: printKey(target.key) });
      return;
    }
    await this.#run(target.key, () => this.#parts.settle.show(target, asked), origin);
  }

  async #run(key: ResourceKey, task: () => Promise<Settlement>, origin: Origin): Promise<void> {
    await this.#work.run(key, async () => {
      try {
        this.#record(key, await task(), origin);
      } catch (error) {
        this.#recordFailure(key, error, origin);
      }
    });
  }

  #record(key: ResourceKey, settlement: Settlement, origin: Origin): void {
    const { exceptions, logger } = this.#parts;
    if (settlement.kind === 'exception') {
      const { what, reason, message, target } = settlement;
      if (this.#list({ key, kind: what, reason, message }, target)) this.#parts.told(key, reason, message);
      return;
    }
    exceptions.clear(key, origin === 'comparison');
    if (settlement.change !== 'none') logger.info(`resource-${settlement.change}`, { resource: printKey(key) });
  }

  /** Whatever goes wrong with one resource is that resource's exception, so that no other waits for it. */
  #recordFailure(key: ResourceKey, error: unknown, origin: Origin): void {
    const { exceptions, signal } = this.#parts;
    if (signal.aborted || error instanceof LowerEpochError || error instanceof TooManyExceptionsError) throw error;
    // Where it failed is not known: perhaps after the region had answered with something to show.
    const exception: ApplyException = { key, kind: 'not-shown', reason: reasonOf(error), message: error instanceof Error ? error.message : String(error) };
    const isSoonOver = exception.reason !== 'InternalError' && exceptions.failures(key) < UNLISTED_FAILURES;
    if (!isSoonOver) { this.#list(exception, exceptions.target(key)); return; }
    exceptions.put(exception, exceptions.target(key), false);
    if (origin !== 'change') throw error;
  }

  /** Whether it is news. */
  #list(exception: ApplyException, target: Target | undefined): boolean {
    const isNews = this.#parts.exceptions.put(exception, target);
    const { key, kind, reason, message } = exception;
    if (isNews) this.#parts.logger.warn('resource-is-an-exception', { resource: printKey(key), kind, reason, message });
    return isNews;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof RegionUnavailableError) return 'RegionUnavailable';
  if (error instanceof ClusterUnavailableError) return 'ClusterUnavailable';
  return 'InternalError';
}
