import type { Clock } from '../../shared/ports/clock.ts';

/**
 * Wakes whoever waits. A notice given while nobody waits is kept, so that it is not lost between looking and waiting; several are
 * one. For one waiter at a time.
 */
export class Notifier {
  #noticed = false;
  #wake: (() => void) | undefined;

  notify(): void {
    this.#noticed = true;
    this.#wake?.();
  }

  /** Resolves at the next notice, or at once when there was one since the last wait; rejects when the signal is aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#noticed) await this.#nextNotice(signal);
    this.#noticed = false;
  }

  /** As `wait`, and resolves after `ms` in any case. */
  async waitAtMost(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const early = new AbortController();
    const abort = (): void => early.abort(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      await Promise.race([clock.sleep(ms, early.signal), this.wait(early.signal)]);
    } finally {
      signal.removeEventListener('abort', abort);
      early.abort();
    }
  }

  #nextNotice(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => { this.#wake = undefined; reject(signal.reason as Error); };
      signal.addEventListener('abort', abort, { once: true });
      this.#wake = () => {
        this.#wake = undefined;
        signal.removeEventListener('abort', abort);
        resolve();
      };
    });
  }
}
