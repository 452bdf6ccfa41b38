import type { JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import { backoffMs } from '../bridge/backoff.ts';
import type { KubeClient } from './client.ts';
import { METADATA_LIST, METADATA_ONLY } from './client.ts';
import { WATCH_BACKOFF, WATCH_GRACE_MS, WATCH_SECONDS } from './limits.ts';
import { factsOf, metadataOf, textOr } from './object.ts';
import { isStatus, StatusError } from './status-error.ts';

export type WatchEvent = { readonly type: 'changed' | 'deleted'; readonly object: JsonObject };

export interface KindWatchParts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** All objects of one kind, or of one namespace. */
  readonly path: string;
  /** What is told of each: all of it, for kinds whose objects are read when they change; metadata is a fraction of the bytes. */
  readonly shape: 'whole' | 'metadata';
  readonly onEvent: (event: WatchEvent) => void;
  /** Events may have been missed: what is there has to be listed. */
  readonly onLost: (reason: string) => void;
  /** Why it cannot be watched at present; undefined when it can again. */
  readonly onTrouble: (message: string | undefined) => void;
}

/**
 * Watches all objects of a kind for as long as the signal lasts, whatever happens: a refused or cut connection, a
 * silent one, a server that has forgotten where we were (410), a kind that is not served for a while.
 */
export class KindWatch {
  readonly #parts: KindWatchParts;
  #resourceVersion: string | undefined;
  /** False until the first attempt: nobody can have missed what was before. */
  #isBegun = false;

  constructor(parts: KindWatchParts) {
    this.#parts = parts;
  }

  /** Resolves once every later change will be told. @throws StatusError | ClusterUnavailableError: then `run` tries again */
  async begin(signal: AbortSignal): Promise<void> {
    const { client, path } = this.#parts;
    this.#isBegun = true;
    const list = await client.json({ path, query: { limit: '1' }, accept: METADATA_LIST }, signal);
    this.#resourceVersion = textOr(metadataOf(list)['resourceVersion'], '0');
  }

  /** Resolves when the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; ;) {
      if (signal.aborted) return;
      try {
        await this.#once(signal, () => { failures = 0; this.#parts.onTrouble(undefined); });
      } catch (error) {
        failures += 1;
        await this.#after(error, failures, signal);
      }
    }
  }

  async #once(signal: AbortSignal, onConnected: () => void): Promise<void> {
    if (this.#resourceVersion === undefined) {
      const hadBegun = this.#isBegun;
      await this.begin(signal);
      if (hadBegun) this.#parts.onLost('the watch had to begin anew');
    }
    const { client, path, clock, shape } = this.#parts;
    const watchdog = new AbortController();
    const patience = clock.sleep(WATCH_SECONDS * 1000 + WATCH_GRACE_MS, watchdog.signal).then(() => { watchdog.abort(new SilentSocketError('the watch ended neither in time nor by itself')); }, () => undefined);
    const query = { watch: 'true', allowWatchBookmarks: 'true', resourceVersion: this.#resourceVersion, timeoutSeconds: WATCH_SECONDS.toString() };
    try {
      let isConnected = false;
      for await (const event of client.lines({ path, query, ...(shape === 'metadata' && { accept: METADATA_ONLY }) }, AbortSignal.any([signal, watchdog.signal]))) {
        if (!isConnected) { isConnected = true; onConnected(); }
        this.#take(event);
      }
      onConnected();
    } finally {
      watchdog.abort();
      await patience;
    }
  }

  #take({ type, object }: JsonObject): void {
    if (!isObject(object)) return;
    if (type === 'ERROR') throw new StatusError(typeof object['code'] === 'number' ? object['code'] : 500, object);
    const { onEvent } = this.#parts;
    if (type !== 'BOOKMARK') onEvent({ type: type === 'DELETED' ? 'deleted' : 'changed', object });
    this.#resourceVersion = factsOf(object).resourceVersion;
  }

  async #after(error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    const { clock, random, logger, path, onTrouble } = this.#parts;
    const message = error instanceof Error ? error.message : String(error);
    logger.debug('watch-interrupted', { path, error: message, failures });
    if (error instanceof StatusError) {
      // 410: the server keeps changes for minutes only. 404: the kind is not served; once it is again, it is another one.
      this.#resourceVersion = undefined;
      if (!isStatus(error, 410)) onTrouble(message);
      if (isStatus(error, 410) && failures === 1) return;
    }
    await clock.sleep(backoffMs(WATCH_BACKOFF, failures, random), signal).catch(() => undefined);
  }
}

/** Nothing came any more, not even the end. */
export class SilentSocketError extends Error { override readonly name = 'SilentSocketError' }
