import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Events, FederationEvent, Wakeups } from '../../shared/ports/events.ts';
import type { Logger } from '../../shared/ports/logger.ts';

/**
 * A commit wakes who waits after this: its own cluster was told with the answer, and the push of it, under way meanwhile, comes first. Below
 * what an operator notices; several commits are one wake.
 */
const COMMIT_REST_MS = 25;

/**
 * Events within one process: who waits for a change is woken, who listens is told. They go first, to the next clusters that the change has to
 * reach; whoever published goes on a turn later, to answer one that has it.
 */
export class LocalEvents implements Events, Wakeups {
  readonly #logger: Logger;
  readonly #listeners = new Set<(event: FederationEvent) => void>();
  readonly #sleepers = new Set<() => void>();
  #soon: NodeJS.Timeout | undefined;

  constructor(logger: Logger) { this.#logger = logger; }

  async publish(event: FederationEvent): Promise<void> {
    if (event.kind === 'Committed') this.#wakeSoon();
    else if (event.kind === 'RowsChanged' || event.kind === 'SpecChanged') this.#wakeAll();
    else this.#logger.info(event.kind, { ...event });
    for (const listener of this.#listeners) listener(event);
    await nextTurn();
  }

  /** Tells a listener of every event from now on. */
  onEvent(listener: (event: FederationEvent) => void): void { this.#listeners.add(listener); }

  arm(): { wait(maxMs: number, signal: AbortSignal): Promise<void> } {
    let wake: () => void = () => undefined;
    const woken = new Promise<void>((resolve) => { wake = resolve; });
    this.#sleepers.add(wake);
    return {
      wait: async (maxMs, signal) => {
        const timer = setTimeout(wake, maxMs);
        signal.addEventListener('abort', wake, { once: true });
        try {
          await woken;
        } finally {
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          this.#sleepers.delete(wake);
        }
      },
    };
  }

  #wakeSoon(): void {
    this.#soon ??= setTimeout(() => { this.#soon = undefined; this.#wakeAll(); }, COMMIT_REST_MS).unref();
  }

  /** Forgets those who armed and never waited as well. */
  #wakeAll(): void {
    const sleepers = [...this.#sleepers];
    this.#sleepers.clear();
    for (const wake of sleepers) wake();
  }
}
