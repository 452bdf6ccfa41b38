import { AsyncLocalStorage } from 'node:async_hooks';
import type { SeededRandom } from './random.ts';

/** Microtasks given to running handlers before another one is let go on: about as many as lie between two calls of the store. */
const TICKS_BETWEEN_TURNS = 12;
/** Share of runs in which one handler stands still somewhere, until all others are through: most races need one that holds something old. */
const STALL_SHARE = 0.6;
/** The same where a story says which of them. */
const HOLDER_STALL_SHARE = 0.9;
/** Calls of the store after which it may stand still. */
const MAX_TURNS_BEFORE_STALL = 10;

/** Share of handlers that begin later than others, and turns by which they may be late. */
const LATE_SHARE = 0.5;
const MAX_LATE_TURNS = 30;

/** Writes after which it may stand still before the next one: what it goes by was read long ago then. */
const MAX_WRITES_BEFORE_STALL = 3;

/** A handler's next call of the store. */
interface Waiting { readonly job: number; readonly isWrite: boolean; readonly go: () => void }

/** The handler that may stand still, by its place, and before which calls. */
export interface Holder { readonly job: number; readonly before?: 'call' | 'write' }

/** The handler that is to stand still, before which kind of call, and how many of these it makes until then. */
interface Stall { readonly job: number; readonly before: 'call' | 'write'; left: number }

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
  take(isWrite: boolean): Promise<void> | undefined {
    const job = this.#isOn ? this.#job.getStore() : undefined;
    return job === undefined ? undefined : new Promise((resolve) => { this.#waiting.push({ job, isWrite, go: resolve }); });
  }

  /**
   * Runs jobs to their ends, in turns; some begin later than others, and one may stand still.
   *
   * @param holder the one that stands still, if one does: it holds something old then; and before which kind of call, where only one can matter
   * @returns what they threw
   */
  async run(jobs: readonly (() => Promise<unknown>)[], holder?: Holder): Promise<readonly Error[]> {
    const failures: Error[] = [];
    const running = new Set<number>();
    const toCome = jobs.map((job, at) => ({ at, job, fromTurn: this.#random.happens(LATE_SHARE) ? this.#random.below(MAX_LATE_TURNS) : 0 }));
    const stall = jobs.length > 1 && this.#random.happens(holder === undefined ? STALL_SHARE : HOLDER_STALL_SHARE) ? this.#stallOf(holder ?? { job: this.#random.below(jobs.length) }) : undefined;
    this.#isOn = true;
    for (let turn = 0; toCome.length > 0 || running.size > 0; turn += 1) {
      const isStill = stall !== undefined && running.has(stall.job) && this.#standsStill(stall);
      const isNobodyElse = running.size === (isStill ? 1 : 0);
      for (const { at, job } of takeOut(toCome, ({ fromTurn }) => fromTurn <= turn || isNobodyElse)) {
        running.add(at);
        void this.#job.run(at, job).catch((error: unknown) => { failures.push(asError(error)); }).finally(() => { running.delete(at); });
      }
      for (let tick = 0; tick < TICKS_BETWEEN_TURNS; tick += 1) await Promise.resolve();
      const next = this.#take(stall !== undefined && running.size > 1 && this.#standsStill(stall) ? stall.job : undefined);
      if (next !== undefined && next.job === stall?.job && (next.isWrite || stall.before === 'call')) stall.left -= 1;
      next?.go();
    }
    this.#isOn = false;
    return failures;
  }

  #stallOf({ job, before = this.#random.pick(['call', 'write'] as const) }: Holder): Stall {
    return { job, before, left: this.#random.below(before === 'call' ? MAX_TURNS_BEFORE_STALL : MAX_WRITES_BEFORE_STALL) };
  }

  #standsStill({ job, before, left }: Stall): boolean {
    return left <= 0 && (before === 'call' || this.#waiting.some((waiting) => waiting.job === job && waiting.isWrite));
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
