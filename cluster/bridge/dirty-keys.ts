import type { ResourceKey } from '../../shared/model/ids.ts';
import { DIRTY_KEYS } from './limits.ts';

/** Resources that changed in the cluster and wait for their turn: names only, each once. */
export class DirtyKeys {
  readonly #keys = new Set<ResourceKey>();
  #overflowed = false;

  get size(): number { return this.#keys.size; }

  add(keys: readonly ResourceKey[]): void {
    for (const key of keys) this.#keys.add(key);
    if (this.#keys.size <= DIRTY_KEYS) return;
    this.#keys.clear();
    this.#overflowed = true;
  }

  /** Names that were lost; only a comparison of everything finds them again. */
  overflow(): void {
    this.#keys.clear();
    this.#overflowed = true;
  }

  take(): ResourceKey | undefined {
    const [first] = this.#keys;
    if (first !== undefined) this.#keys.delete(first);
    return first;
  }

  /** Whether names were lost since this was last asked. */
  takeOverflow(): boolean {
    const was = this.#overflowed;
    this.#overflowed = false;
    return was;
  }
}
