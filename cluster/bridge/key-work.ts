import type { Clock } from '../../shared/ports/clock.ts';
import { Notifier } from './notifier.ts';

/** Tasks of one name: how many run or wait, and the end of the last. */
interface Queue { readonly length: number; readonly tail: Promise<void> }

/**
 * Runs tasks on named things: one at a time for each name, and at most `limit` in all. A task that waits for another of its own name
 * takes no place. Tasks of one name run in the order they came.
 */
export class KeyWork<Key extends string> {
  readonly #limit: number;
  readonly #queues = new Map<Key, Queue>();
  /** Tasks that rest, to be woken when another of their name comes. */
  readonly #resting = new Map<Key, Notifier>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Names with a task that runs or waits. */
  get pending(): number { return this.#queues.size; }

  /** Resolves or rejects with the task. */
  async run<T>(key: Key, task: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(key);
    const result = (before?.tail ?? Promise.resolve()).then(() => this.#inPlace(task));
    this.#queues.set(key, { length: (before?.length ?? 0) + 1, tail: result.then(() => undefined, () => undefined) });
    this.#resting.get(key)?.notify();
    try {
      return await result;
    } finally {
      this.#leave(key);
    }
  }

  /** For the task of this name that runs: resolves after `ms`, or as soon as another waits for it. @throws the signal's reason */
  async rest(key: Key, ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
    if ((this.#queues.get(key)?.length ?? 0) > 1) return;
    const awaited = new Notifier();
    this.#resting.set(key, awaited);
    try {
      await awaited.waitAtMost(ms, clock, signal);
    } finally {
      this.#resting.delete(key);
    }
  }

  /** Resolves when nothing runs or waits any more. */
  async idle(): Promise<void> {
    while (this.#queues.size > 0) await Promise.all([...this.#queues.values()].map(({ tail }) => tail));
  }

  #leave(key: Key): void {
    const queue = this.#queues.get(key);
    if (queue === undefined || queue.length === 1) this.#queues.delete(key);
    else this.#queues.set(key, { ...queue, length: queue.length - 1 });
  }

  async #inPlace<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await task();
    } finally {
      // A place is handed on, not given back and taken again.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
