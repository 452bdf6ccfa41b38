import type { SeededRandom } from './random.ts';

/** Microtasks given to running handlers before another one is let go on: about as many as lie between two calls of the store. */
const TICKS_BETWEEN_TURNS = 12;

/** Lets handlers of one member run at the same time: at every call of the store one of those that wait goes on, at random. */
export class Turns {
  readonly #random: SeededRandom;
  readonly #waiting: (() => void)[] = [];
  #isOn = false;

  constructor(random: SeededRandom) { this.#random = random; }

  /** Whether several handlers run. */
  get isOn(): boolean { return this.#isOn; }

  /** Called before every call of the store. */
  take(): Promise<void> | undefined {
    return this.#isOn ? new Promise((resolve) => { this.#waiting.push(resolve); }) : undefined;
  }

  /** Runs jobs to their ends, in turns. Returns what they threw. */
  async run(jobs: readonly (() => Promise<unknown>)[]): Promise<readonly Error[]> {
    const failures: Error[] = [];
    let running = jobs.length;
    this.#isOn = true;
    for (const job of jobs) void job().catch((error: unknown) => { failures.push(asError(error)); }).finally(() => { running -= 1; });
    while (running > 0) {
      for (let tick = 0; tick < TICKS_BETWEEN_TURNS; tick += 1) await Promise.resolve();
      this.#waiting.splice(this.#random.below(this.#waiting.length), 1)[0]?.();
    }
    this.#isOn = false;
    return failures;
  }
}

export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
