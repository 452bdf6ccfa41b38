import type { Logger } from '../../shared/ports/logger.ts';
import type { Problem } from '../bridge/cluster-port.ts';

/** What may be wrong with the folder as a whole; one of them at a time. */
const OF_THE_ROOT: readonly string[] = ['RootMissing', 'RootReplaced', 'TakenOver', 'HiddenFileLost'];

/** Why nothing may be told of a folder or written into it at present. */
export class Holds {
  readonly #logger: Logger;
  /** Called when one came, went, or says something else. */
  readonly #changed: () => void;
  readonly #holds = new Map<string, Problem>();

  constructor(logger: Logger, changed: () => void) {
    this.#logger = logger;
    this.#changed = changed;
  }

  get all(): readonly Problem[] { return [...this.#holds.values()]; }
  get isHeld(): boolean { return this.#holds.size > 0; }
  has(reason: string): boolean { return this.#holds.has(reason); }

  hold(reason: string, message: string): void {
    const isNews = this.#holds.get(reason)?.message !== message;
    if (OF_THE_ROOT.includes(reason)) for (const other of OF_THE_ROOT) this.#holds.delete(other);
    this.#holds.set(reason, { key: undefined, reason, message });
    if (!isNews) return;
    this.#logger.error('folder-held', { reason, message });
    this.#changed();
  }

  releaseRoot(): void { this.release(...OF_THE_ROOT); }

  release(...reasons: readonly string[]): void {
    const released = reasons.filter((reason) => this.#holds.delete(reason));
    if (released.length === 0) return;
    this.#logger.info('folder-no-longer-held', { reasons: released.join(', ') });
    this.#changed();
  }

  /** The folder is begun anew. */
  clear(): void { this.#holds.clear(); }
}
