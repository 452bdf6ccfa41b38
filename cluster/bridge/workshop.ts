import type { ResourceKey } from '../../shared/model/ids.ts';
import { printKey, splitKey } from '../../shared/model/resource-key.ts';
import { passesFilter } from '../../shared/model/federated-part.ts';
import type { Filter } from '../../shared/model/federated-part.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { Target } from '../../shared/ports/region.ts';
import { ClusterUnavailableError } from './cluster-port.ts';
import type { Exceptions } from './exceptions.ts';
import { KEYS_IN_WORK } from './limits.ts';
import { KeyWork } from './key-work.ts';
import { LowerEpochError, RegionUnavailableError } from './region-caller.ts';
import type { Settle, Settlement } from './settle.ts';

export interface WorkshopParts {
  readonly settle: Settle;
  readonly exceptions: Exceptions;
  readonly filter: Filter;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** A change of the number of objects in the cluster. */
  readonly counted: (by: 1 | -1) => void;
}

type Clearing = 'always' | 'if-known';

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

  /** Sends what somebody did to a resource, and shows what had to wait for it. @throws LowerEpochError | TooManyExceptionsError */
  async sync(key: ResourceKey): Promise<void> {
    const { settle, exceptions, filter } = this.#parts;
    if (!passesFilter(filter, splitKey(key))) { exceptions.clear(key); return; }
    await this.#run(key, async () => {
      const waiting = exceptions.target(key);
      if (waiting !== undefined) return settle.show(waiting);
      return settle.observe(key, exceptions.has(key) ? 'send' : 'skip');
    });
  }

  /**
   * Sends a resource that a comparison asked for, even where both seem to agree. The region may remember an exception of a process
   * before this one, so that it is over is said in any case.
   */
  async send(key: ResourceKey): Promise<void> {
    await this.#run(key, () => this.#parts.settle.observe(key, 'send'), 'always');
  }

  /** Shows what a comparison asked for. */
  async showCompared(target: Target): Promise<void> {
    await this.#show(target, 'always');
  }

  /** Shows what the region's log asks for. */
  async show(target: Target): Promise<void> {
    await this.#show(target, 'if-known');
  }

  /** What the filter keeps out is not touched, whoever asks. */
  async #show(target: Target, clearing: Clearing): Promise<void> {
    if (!passesFilter(this.#parts.filter, splitKey(target.key))) {
      this.#parts.logger.warn('target-outside-the-filter-ignored', { resource: printKey(target.key) });
      return;
    }
    await this.#run(target.key, () => this.#parts.settle.show(target), clearing);
  }

  async #run(key: ResourceKey, task: () => Promise<Settlement>, clearing: Clearing = 'if-known'): Promise<void> {
    await this.#work.run(key, async () => {
      const settlement = await this.#attempt(key, task);
      this.#record(key, settlement, clearing);
      if (settlement.kind === 'settled' && settlement.change !== 'none') this.#parts.logger.info(`resource-${settlement.change}`, { resource: printKey(key) });
    });
  }

  /** Whatever goes wrong with one resource is that resource's exception, so that no other waits for it. */
  async #attempt(key: ResourceKey, task: () => Promise<Settlement>): Promise<Settlement> {
    const { exceptions, signal } = this.#parts;
    try {
      return await task();
    } catch (error) {
      if (signal.aborted || error instanceof LowerEpochError) throw error;
      return { kind: 'exception', reason: reasonOf(error), message: error instanceof Error ? error.message : String(error), target: exceptions.target(key) };
    }
  }

  #record(key: ResourceKey, settlement: Settlement, clearing: Clearing): void {
    const { exceptions, counted, logger } = this.#parts;
    if (settlement.kind === 'settled') {
      exceptions.clear(key, clearing === 'always');
      if (settlement.change === 'created') counted(1);
      if (settlement.change === 'deleted') counted(-1);
      return;
    }
    const isNews = exceptions.put({ key, reason: settlement.reason, message: settlement.message }, settlement.target);
    if (isNews) logger.warn('resource-is-an-exception', { resource: printKey(key), reason: settlement.reason, message: settlement.message });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof RegionUnavailableError) return 'RegionUnavailable';
  if (error instanceof ClusterUnavailableError) return 'ClusterUnavailable';
  return 'InternalError';
}
