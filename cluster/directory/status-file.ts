import { rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { Json } from '../../shared/model/content.ts';
import type { Problem } from '../bridge/cluster-port.ts';
import { printKey } from '../../shared/model/resource-key.ts';
import { TEMPORARY_PREFIX } from './atomic-file.ts';
import { EVENTS } from './limits.ts';

export const STATUS_FILE = '.novaedge-status.json';

interface Told { readonly time: string; readonly resource: string; readonly reason: string; readonly message: string }

/**
 * What people can look at: the federation's status, what is wrong in the folder, what was done to whose objects. Beside the
 * manifests and not in them; a status that cannot be written is logged and no reason to stop.
 */
export class StatusFile {
  readonly #root: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  #status: Json = null;
  #problems: readonly Problem[] = [];
  #events: readonly Told[] = [];
  #last = Promise.resolve();
  #written: string | undefined;

  constructor(root: string, { clock, random, logger }: { readonly clock: Clock; readonly random: Random; readonly logger: Logger }) {
    this.#root = root;
    this.#clock = clock;
    this.#random = random;
    this.#logger = logger;
  }

  setStatus(status: Json): Promise<void> {
    this.#status = status;
    return this.#write();
  }

  setProblems(problems: readonly Problem[]): Promise<void> {
    this.#problems = problems;
    return this.#write();
  }

  tell(resource: string, reason: string, message: string): Promise<void> {
    this.#events = [...this.#events, { time: new Date(this.#clock.nowMs()).toISOString(), resource, reason, message }].slice(-EVENTS);
    return this.#write();
  }

  /** Resolves when everything told so far is written. */
  idle(): Promise<void> { return this.#last; }

  #write(): Promise<void> {
    this.#last = this.#last.then(() => this.#replace()).catch((error: unknown) => {
      this.#logger.warn('status-file-not-written', { error: error instanceof Error ? error.message : String(error) });
    });
    return this.#last;
  }

  async #replace(): Promise<void> {
    const problems = this.#problems.map(({ key, reason, message }) => ({ ...(key !== undefined && { resource: printKey(key) }), reason, message }));
    const text = `${JSON.stringify({ status: this.#status, problems, events: this.#events }, null, 2)}\n`;
    if (text === this.#written) return;
    const temporary = join(this.#root, TEMPORARY_PREFIX + Buffer.from(this.#random.bytes(8)).toString('hex'));
    try {
      await writeFile(temporary, text, { flag: 'wx' });
      await rename(temporary, join(this.#root, STATUS_FILE));
    } catch (error) {
      await unlink(temporary).catch(() => undefined);
      throw error;
    }
    this.#written = text;
  }
}
