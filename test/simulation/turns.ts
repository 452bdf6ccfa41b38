import { AsyncLocalStorage } from 'node:async_hooks';
import type { SeededRandom } from './random.ts';

/** Microtasks given to running handlers before another one is let go on: about as many as lie between two calls of the store. */
const TICKS_BETWEEN_TURNS = 12;
/** Share of runs in which one handler stands still somewhere, until all others are through: most races need one that holds something old. */
const STALL_SHARE = 0.6;
/** Calls of the store after which it may stand still. */
const MAX_TURNS_BEFORE_STALL = 14;

/** Share of handlers that begin later than others, and turns by which they may be late. */
const LATE_SHARE = 0.5;
const MAX_LATE_TURNS = 30;

/** A handler's next call of the store. */
interface Waiting { readonly job: number; readonly go: () => void }

/** Lets handlers of one member run at the same time: at every call of the store one of those that wait goes on, at random. */
export class Turns {
  readonly #random: SeededRandom;
  readonly #waiting: Waiting[] = [];
  readonly #job = new AsyncLocalStorage<number>();
  #isOn = false;

  constructor(random: SeededRandom) { this.#random = random; }

  /** Whether several handlers run. */
  get isOn(): boolean { return this.#isOn; }

  /** Called before every call of the store. */
  take(): Promise<void> | undefined {
    const job = this.#isOn ? this.#job.getStore() : undefined;
    return job === undefined ? undefined : new Promise((resolve) => { this.#waiting.push({ job, go: resolve }); });
  }

  /** Runs jobs to their ends, in turns; some begin later than others. Returns what they threw. */
  async run(jobs: readonly (() => Promise<unknown>)[]): Promise<readonly Error[]> {
    const failures: Error[] = [];
    const running = new Set<number>();
    const toCome = jobs.map((job, at) => ({ at, job, fromTurn: this.#random.happens(LATE_SHARE) ? this.#random.below(MAX_LATE_TURNS) : 0 }));
    const stalled = jobs.length > 1 && this.#random.happens(STALL_SHARE) ? this.#random.below(jobs.length) : undefined;
    let turnsLeft = this.#random.below(MAX_TURNS_BEFORE_STALL);
    this.#isOn = true;
    for (let turn = 0; toCome.length > 0 || running.size > 0; turn += 1) {
      const isStill = stalled !== undefined && turnsLeft <= 0 && running.has(stalled);
      const isNobodyElse = running.size === (isStill ? 1 : 0);
      for (const { at, job } of takeOut(toCome, ({ fromTurn }) => fromTurn <= turn || isNobodyElse)) {
        running.add(at);
        void this.#job.run(at, job).catch((error: unknown) => { failures.push(asError(error)); }).finally(() => { running.delete(at); });
      }
      for (let tick = 0; tick < TICKS_BETWEEN_TURNS; tick += 1) await Promise.resolve();
      const next = this.#take(isStill && running.size > 1 ? stalled : undefined);
      if (next?.job === stalled) turnsLeft -= 1;
      next?.go();
    }
    this.#isOn = false;
    return failures;
  }

  /** Any of those that wait, but one. */
  #take(except: number | undefined): Waiting | undefined {
    const open = this.#waiting.filter(({ job }) => job !== except);
    if (open.length === 0) return undefined;
    const next = this.#random.pick(open);
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    return next;
  }
}

/** Takes out of a list what fits. */
function takeOut<Item>(items: Item[], fits: (item: Item) => boolean): readonly Item[] {
  const taken = items.filter(fits);
  for (const item of taken) items.splice(items.indexOf(item), 1);
  return taken;
}

export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
