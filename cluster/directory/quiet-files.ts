import type { FileStat } from './file-stat.ts';
import { sameStat } from './file-stat.ts';
import { QUIET_MS, VANISH_PATIENCE_MS } from './limits.ts';

interface Suspect { stat: FileStat | undefined; quietSinceMs: number; readonly firstMs: number }

/** A file that has stayed as it is for long enough to be read; without a stat it is gone. */
export interface QuietFile { readonly path: string; readonly stat: FileStat | undefined }

/**
 * Files that seem to have changed, until they are quiet: an editor may be in the middle of saving one, a copy in the middle of a
 * folder. What vanished waits until nothing else is on the move, so that a renamed file is seen in both places at once and a folder
 * that is being removed is seen to be removed.
 */
export class QuietFiles {
  readonly #suspects = new Map<string, Suspect>();

  get size(): number { return this.#suspects.size; }
  has(path: string): boolean { return this.#suspects.has(path); }
  clear(): void { this.#suspects.clear(); }

  suspect(path: string, stat: FileStat | undefined, nowMs: number): void {
    const known = this.#suspects.get(path);
    if (known !== undefined && sameStat(known.stat, stat)) return;
    this.#suspects.set(path, { stat, quietSinceMs: nowMs, firstMs: known?.firstMs ?? nowMs });
  }

  /** Whether something vanished after a moment: then only a look at everything tells whether it has moved. */
  hasVanishedSince(ms: number): boolean { return [...this.#suspects.values()].some(({ stat, firstMs }) => stat === undefined && firstMs >= ms); }

  /**
   * Takes out the files that are quiet, looking at each again.
   *
   * @param scannedMs when the last look at everything began; what vanished after it stays
   */
  takeQuiet(nowMs: number, scannedMs: number, look: (path: string) => FileStat | undefined): readonly QuietFile[] {
    for (const [path, suspect] of this.#suspects) {
      // The clock was set back.
      if (suspect.quietSinceMs > nowMs) suspect.quietSinceMs = nowMs;
      this.suspect(path, look(path), nowMs);
    }
    const isQuiet = ({ quietSinceMs }: Suspect): boolean => nowMs - quietSinceMs >= QUIET_MS;
    const isAllQuiet = [...this.#suspects.values()].every(isQuiet);
    const quiet: QuietFile[] = [];
    for (const [path, suspect] of this.#suspects) {
      const mayGo = suspect.firstMs < scannedMs && (isAllQuiet || nowMs - suspect.firstMs >= VANISH_PATIENCE_MS);
      const isTaken = isQuiet(suspect) && (suspect.stat !== undefined || mayGo);
      if (!isTaken) continue;
      quiet.push({ path, stat: suspect.stat });
      this.#suspects.delete(path);
    }
    return quiet;
  }
}
