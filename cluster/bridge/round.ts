import type { Filter } from '../../shared/model/federated-part.ts';
import { filterHashOf } from '../../shared/model/federated-part.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import { MAX_PULL_WAIT_MS } from '../../shared/ports/region.ts';
import type { BridgePullResponse } from '../../shared/ports/region.ts';
import type { Cluster } from './cluster-port.ts';
import { Committer } from './committer.ts';
import { compareAll } from './comparison.ts';
import type { DirtyKeys } from './dirty-keys.ts';
import type { Exceptions } from './exceptions.ts';
import type { Flaps } from './flaps.ts';
import { KEYS_IN_WORK, RETRY_TICK_MS } from './limits.ts';
import type { Notifier } from './notifier.ts';
import type { Position } from './position.ts';
import type { RegionCaller } from './region-caller.ts';
import { Reporter } from './reporter.ts';
import { Settle } from './settle.ts';
import type { ShownContents } from './shown-contents.ts';
import type { SettledStates } from './settled-states.ts';
import { Workshop } from './workshop.ts';

export interface RoundParts {
  readonly cluster: Cluster;
  readonly region: RegionCaller;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly filter: Filter;
  readonly position: Position;
  readonly dirty: DirtyKeys;
  /** Rung when `dirty` got something. */
  readonly doorbell: Notifier;
  readonly exceptions: Exceptions;
  readonly settled: SettledStates;
  readonly shown: ShownContents;
  readonly flaps: Flaps;
  readonly counts: Counts;
  /** Called when the region asks to compare: perhaps it goes by another filter than this round. */
  readonly compacted: () => void;
  /** Called when everything was compared and the round follows the region. */
  readonly following: () => void;
}

/** A number for the status. */
export interface Counts { inWork: () => number }

/**
 * One unbroken stretch of synchronizing: compare everything, then follow the region's log and the cluster's changes until something
 * fails. It ends by throwing; whatever was not finished is found by the next round's comparison, because nothing here is remembered
 * but names.
 */
export class Round {
  readonly #parts: RoundParts;
  /** Stops taking new work. */
  readonly #open: AbortSignal;
  readonly #workshop: Workshop;
  readonly #reporter: Reporter;
  #loops: readonly Promise<never>[] = [];

  /** @param open aborted to stop taking work @param signal aborted to stop work under way */
  constructor(parts: RoundParts, open: AbortSignal, signal: AbortSignal) {
    const { cluster, region, clock, random, logger, filter, position, exceptions, settled, shown, flaps, counts } = parts;
    const isAlone = (): boolean => this.#workshop.pending <= 1 && parts.dirty.size === 0;
    const committer = new Committer({ region, sessions: position, clock, random, logger, signal, isAlone });
    this.#parts = parts;
    this.#open = open;
    this.#workshop = new Workshop({
      settle: new Settle({ cluster, region, committer, settled, shown, flaps, marks: filter.ownershipMarks, rest: (key) => (isAlone() ? this.#workshop.rest(key) : Promise.resolve()), logger, signal }),
      exceptions, filter, clock, logger, signal,
      told: (key, reason, message) => { cluster.event(key, 'Warning', reason, message); },
    });
    this.#reporter = new Reporter(region, exceptions, () => { position.noteReported(); }, signal);
    counts.inWork = () => this.#workshop.pending;
  }

  /** Never resolves. @throws RegionUnavailableError | ClusterUnavailableError | LowerEpochError | `open`'s reason */
  async run(): Promise<never> {
    this.#parts.exceptions.makeDue();
    await this.#catchUp(await this.#parts.position.pull(0, this.#open));
    this.#parts.following();
    this.#loops = [this.#follow(), this.#sendChanges(), this.#retryExceptions()];
    return Promise.race(this.#loops);
  }

  /** Resolves when work under way is finished and reported; call it after `open` was aborted. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#loops);
    await this.#workshop.idle();
  }

  /** Tells the region of exceptions that came or went at the very end, so that the next bridge does not find old ones. */
  async lastReport(): Promise<void> {
    await this.#reporter.exceptions().catch((error: unknown) => {
      this.#parts.logger.debug('last-report-not-sent', { error: error instanceof Error ? error.message : String(error) });
    });
  }

  /** A session first, then everything is compared; what the page asked for is found by the comparison too. */
  async #catchUp(page: BridgePullResponse): Promise<void> {
    const { cluster, region, filter, logger } = this.#parts;
    this.#parts.dirty.takeOverflow();
    const compared = await compareAll({ cluster, region, workshop: this.#workshop, settled: this.#parts.settled, filter, signal: this.#open });
    await this.#reporter.applied(page.upTo, { resourceVersion: compared.listResourceVersion, filterHash: filterHashOf(filter) });
    this.#parts.position.moveTo(page.upTo);
    logger.info('compared', { objects: compared.objects, sent: compared.sent, applied: compared.applied });
  }

  async #follow(): Promise<never> {
    for (;;) {
      const asked = this.#parts.settled.moment;
      const page = await this.#parts.position.pull(MAX_PULL_WAIT_MS, this.#open);
      if (page.kind === 'compacted') {
        this.#parts.compacted();
        await this.#catchUp(page);
      } else {
        await this.#apply(page, asked);
      }
    }
  }

  async #apply(page: BridgePullResponse, asked: number): Promise<void> {
    await Promise.all(page.targets.map((target) => this.#workshop.show(target, asked)));
    await this.#reporter.applied(page.upTo, undefined);
    this.#parts.position.moveTo(page.upTo);
  }

  async #sendChanges(): Promise<never> {
    const { dirty, doorbell } = this.#parts;
    const running = new Set<Promise<void>>();
    let failure: { readonly error: unknown } | undefined;
    for (;;) {
      if (failure !== undefined) throw failure.error;
      if (dirty.takeOverflow()) throw new ListAgainError('more changes at once than are kept by name');
      const key = running.size < KEYS_IN_WORK ? dirty.take() : undefined;
      if (key === undefined) {
        await doorbell.wait(this.#open);
        continue;
      }
      const task: Promise<void> = this.#workshop.sync(key)
        .catch((error: unknown) => { failure ??= { error }; })
        .finally(() => { running.delete(task); doorbell.notify(); });
      running.add(task);
    }
  }

  async #retryExceptions(): Promise<never> {
    const { exceptions, clock, dirty, doorbell } = this.#parts;
    for (;;) {
      await this.#reporter.exceptions();
      await clock.sleep(RETRY_TICK_MS, this.#open);
      const due = exceptions.takeDue(KEYS_IN_WORK);
      if (due.length === 0) continue;
      dirty.add(due);
      doorbell.notify();
    }
  }
}

/** Names of changed objects were lost. */
export class ListAgainError extends Error { override readonly name = 'ListAgainError' }
