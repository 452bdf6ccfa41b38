import { emptyVector } from '../../shared/model/version-vector.ts';
import type { VersionVector } from '../../shared/model/version-vector.ts';
import type { Exceptions } from './exceptions.ts';
import { REPORT_EXCEPTIONS } from './limits.ts';
import type { RegionCaller } from './region-caller.ts';

/** Of the last complete list, for the region to tell a restored cluster and a changed filter by. */
export interface ListFacts { readonly resourceVersion: string; readonly filterHash: string }

/**
 * Tells the region what the cluster shows. `applied` (which the region never moves back) moves only in a report that carries, or follows, every exception up to there;
 * reports go one after the other.
 */
export class Reporter {
  readonly #region: RegionCaller;
  readonly #exceptions: Exceptions;
  readonly #onReported: () => void;
  readonly #signal: AbortSignal;
  #last: Promise<void> = Promise.resolve();

  constructor(region: RegionCaller, exceptions: Exceptions, onReported: () => void, signal: AbortSignal) {
    this.#region = region;
    this.#exceptions = exceptions;
    this.#onReported = onReported;
    this.#signal = signal;
  }

  /** @throws RegionUnavailableError | LowerEpochError */
  applied(applied: VersionVector, list: ListFacts | undefined): Promise<void> {
    return this.#inTurn(async () => {
      while (this.#exceptions.unreported > REPORT_EXCEPTIONS) await this.#send(emptyVector, undefined);
      await this.#send(applied, list);
    });
  }

  /** Reports exceptions that came or went while nothing was applied. */
  async exceptions(): Promise<void> {
    if (this.#exceptions.unreported > 0) await this.#inTurn(() => this.#send(emptyVector, undefined));
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(task);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #send(applied: VersionVector, list: ListFacts | undefined): Promise<void> {
    const report = this.#exceptions.takeReport(REPORT_EXCEPTIONS);
    this.#onReported();
    try {
      await this.#region.reportApplied({ applied, ...report, listResourceVersion: list?.resourceVersion, filterHash: list?.filterHash }, this.#signal);
    } catch (error) {
      this.#exceptions.giveBack(report);
      throw error;
    }
  }
}
