import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ResourceKey } from '../../shared/model/ids.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { Observation, ObservationResult } from '../../shared/ports/region.ts';
import { COMMIT_BYTES, COMMIT_GATHER_MS, COMMIT_OBSERVATIONS, COMMITS_IN_FLIGHT, SESSION_RENEWALS } from './limits.ts';
import type { RegionCaller } from './region-caller.ts';
import { LowerEpochError, RegionUnavailableError } from './region-caller.ts';

/** The write session in force, and how to get a new one. */
export interface Sessions {
  /** `newest`: one that knows of everything reported so far, which an observation without a token needs. */
  current(newest: boolean): string | undefined;
  renew(signal: AbortSignal): Promise<string>;
}

interface Waiting {
  readonly observation: Observation;
  readonly resolve: (result: ObservationResult) => void;
  readonly reject: (error: Error) => void;
}

interface CommitterParts {
  readonly region: RegionCaller;
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Whether no other resource is being worked on, or waits for it. */
  readonly isAlone: () => boolean;
}

/**
 * Gathers observations into commits: up to 97 in one, a few at once. Whoever submits holds its resource meanwhile, so that no two
 * commits speak of the same one.
 */
export class Committer {
  readonly #parts: CommitterParts;
  readonly #queue: Waiting[] = [];
  #inFlight = 0;
  #gathering = false;

  constructor(parts: CommitterParts) {
    this.#parts = parts;
  }

  /** @throws RegionUnavailableError | LowerEpochError | the signal's reason */
  submit(observation: Observation): Promise<ObservationResult> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ observation, resolve, reject });
      this.#gather();
    });
  }

  /** The first of several waits a moment for the others; what is left over while all places are taken goes as soon as one is free. */
  #gather(): void {
    if (this.#gathering || this.#queue.length === 0 || this.#inFlight >= COMMITS_IN_FLIGHT) return;
    this.#gathering = true;
    void this.#wait().then(() => { this.#gathering = false; this.#send(); }, (error: unknown) => { this.#gathering = false; this.#rejectAll(error as Error); });
  }

  async #wait(): Promise<void> {
    const { clock, signal, isAlone } = this.#parts;
    if (this.#queue.length >= COMMIT_OBSERVATIONS) return;
    // What was told in the same moment has been begun by then.
    await nextTurn();
    if (!isAlone()) await clock.sleep(COMMIT_GATHER_MS, signal);
  }

  #send(): void {
    const batch = this.#takeBatch();
    if (batch.length === 0) return;
    this.#inFlight += 1;
    void this.#commit(batch).finally(() => { this.#inFlight -= 1; this.#gather(); });
    this.#gather();
  }

  #takeBatch(): readonly Waiting[] {
    const batch: Waiting[] = [];
    let bytes = 0;
    for (let next = this.#queue[0]; next !== undefined && batch.length < COMMIT_OBSERVATIONS; next = this.#queue[0]) {
      bytes += bytesOf(next.observation);
      if (batch.length > 0 && bytes > COMMIT_BYTES) break;
      batch.push(next);
      this.#queue.shift();
    }
    return batch;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await this.#results(batch.map(({ observation }) => observation));
      for (const { observation, resolve, reject } of batch) {
        const result = results.get(observation.key);
        if (result === undefined) reject(new RegionUnavailableError(`commit answered nothing about ${observation.key}`));
        else resolve(result);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error as Error);
    }
  }

  async #results(observations: readonly Observation[]): Promise<ReadonlyMap<ResourceKey, ObservationResult>> {
    const { region, sessions, random, logger, signal } = this.#parts;
    const newest = observations.some(({ token }) => token === undefined);
    let session = sessions.current(newest) ?? await sessions.renew(signal);
    for (let renewals = 0; ; renewals += 1) {
      const requestId = Buffer.from(random.bytes(16)).toString('hex');
      const response = await region.commit({ session, requestId, observations }, signal);
      switch (response.kind) {
        case 'done': return new Map(response.results.map((result) => [result.key, result]));
        case 'lower-epoch': throw new LowerEpochError('another bridge speaks for this cluster now: its lease is newer than ours');
        case 'session-expired':
          if (renewals >= SESSION_RENEWALS) throw new RegionUnavailableError('the region keeps refusing the write session it gave');
          logger.info('write-session-expired', { requestId });
          session = await sessions.renew(signal);
      }
    }
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#queue.splice(0)) reject(error);
  }
}

const bytesOf = ({ state }: Observation): number => (state.kind === 'live' ? Buffer.byteLength(state.content) : 0) + 512;
