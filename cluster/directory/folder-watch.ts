import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { join } from 'node:path';
import type { Identity } from './file-stat.ts';
import { identityAt, isSameThing } from './file-stat.ts';
import type { Logger } from '../../shared/ports/logger.ts';

/**
 * Tells that something happened at a path. Node's recursive watch loses a file on Linux once it was replaced by a rename (seen with
 * Node 24.21), which is how most editors save; a watch for each folder does not. Rescans cover what this misses.
 */
export class FolderWatch {
  readonly #root: string;
  readonly #logger: Logger;
  readonly #notice: (path: string | undefined) => void;
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher; readonly identity: Identity | undefined }>();
  #complained = false;

  /** @param notice called with the relative path; undefined where the system does not name it */
  constructor(root: string, logger: Logger, notice: (path: string | undefined) => void) {
    this.#root = root;
    this.#logger = logger;
    this.#notice = notice;
  }

  /** Watches exactly these folders. Returns those that were not watched before: what is in them may have changed unseen. */
  follow(folders: ReadonlySet<string>): readonly string[] {
    for (const [folder, { identity }] of this.#watchers) {
      const isStill = folders.has(folder) && isSameThing(identity, identityAt(join(this.#root, folder)));
      if (!isStill) this.#close(folder);
    }
    return [...folders].filter((folder) => !this.#watchers.has(folder) && this.#open(folder));
  }

  close(): void {
    for (const folder of [...this.#watchers.keys()]) this.#close(folder);
  }

  /** A folder that was removed and made again is another one, and its old watch is deaf. */
  #open(folder: string): boolean {
    try {
      const identity = identityAt(join(this.#root, folder));
      const watcher = watch(join(this.#root, folder), { persistent: false }, (_event, name) => {
        this.#notice(name === null ? undefined : folder === '' ? name : `${folder}/${name}`);
      });
      watcher.on('error', () => { this.#close(folder); this.#notice(undefined); });
      this.#watchers.set(folder, { watcher, identity });
      return true;
    } catch (error) {
      if (!this.#complained) this.#logger.warn('folder-not-watched', { folder, error: error instanceof Error ? error.message : String(error) });
      this.#complained = true;
      return false;
    }
  }

  #close(folder: string): void {
    this.#watchers.get(folder)?.watcher.close();
    this.#watchers.delete(folder);
  }
}
