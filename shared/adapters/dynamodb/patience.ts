import { StoreBusyError, StoreUnreachableError } from '../../ports/errors.ts';
import { AwsCredentialsError } from '../aws/index.ts';
import type { Failure } from './failures.ts';
import { failureOf } from './failures.ts';

/** Attempts of one call. With the longest pauses these are about four seconds, less than any handler has left to live. */
const MAX_ATTEMPTS = 8;
/** Attempts after which nobody knows what happened: each may take a whole request timeout. */
const MAX_UNKNOWN_ATTEMPTS = 3;
const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 1000;

export interface PatienceOptions {
  /** Resolves after so many milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

/** How long a call is tried: pauses that double, each of random length so that those who collided do not meet again. */
export class Patience {
  readonly #options: PatienceOptions;

  constructor(options: PatienceOptions) { this.#options = options; }

  /**
   * Waits before the attempt after the `attempt`-th.
   *
   * @throws StoreBusyError when that were one too many
   */
  async pause(attempt: number, maxAttempts: number, what: string, cause?: unknown): Promise<void> {
    if (attempt >= maxAttempts) throw new StoreBusyError(`${what} found the table busy ${attempt.toString()} times; try again later`, { cause });
    await this.#options.sleep(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * this.#options.random());
  }
}

/**
 * Makes a call until it is answered, within bounds.
 *
 * @param repeatOn the failures after which it may be made again
 * @throws StoreBusyError | StoreUnreachableError when the bounds are reached; any other error at once
 */
export async function patiently<Answer>(patience: Patience, repeatOn: readonly Failure[], call: () => Promise<Answer>): Promise<Answer> {
  let unknown = 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof AwsCredentialsError) throw new StoreUnreachableError(`the table was not asked: ${error.message}`, { cause: error });
      const failure = failureOf(error);
      if (failure === 'condition' || failure === 'mistake') throw error;
      if (failure === 'unknown') unknown += 1;
      if (!repeatOn.includes(failure) || unknown >= MAX_UNKNOWN_ATTEMPTS) throw unreachable(error);
      // Once nobody knows, "busy" would promise too much.
      if (unknown > 0 && attempt >= MAX_ATTEMPTS) throw unreachable(error);
      await patience.pause(attempt, MAX_ATTEMPTS, 'a request', error);
    }
  }
}

const unreachable = (cause: unknown): StoreUnreachableError =>
  new StoreUnreachableError(`no answer from the table: the request may or may not have been carried out (${cause instanceof Error ? cause.message : String(cause)})`, { cause });
