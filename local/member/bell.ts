/** Wakes one waiter; rings while nobody waits are kept, several as one. */
export class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Until it rings, the time is over, or the signal is aborted. */
  async wait(maxMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, Math.min(maxMs, 2 ** 31 - 1));
        function done(): void {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          resolve();
        }
        signal.addEventListener('abort', done, { once: true });
        this.#wake = done;
      });
    }
    this.#wake = undefined;
    this.#rung = false;
  }
}
