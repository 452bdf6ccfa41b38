import type { Hash, ResourceKey } from '../../shared/model/ids.ts';
import { SHOWN_BYTES } from './limits.ts';

/** What an object says whose token this is. */
export interface ShownContent { readonly token: string; readonly hash: Hash; readonly content: string }

/**
 * What was shown of objects last, the latest up to so many bytes: whoever edits one wrote onto that, and the region need not be asked what
 * its token stands for. A token names its content's hash, so what is kept cannot be out of date.
 */
export class ShownContents {
  readonly #contents = new Map<ResourceKey, ShownContent>();
  #bytes = 0;

  put(key: ResourceKey, shown: ShownContent): void {
    this.#forget(key);
    this.#contents.set(key, shown);
    this.#bytes += shown.content.length;
    while (this.#bytes > SHOWN_BYTES) {
      const [oldest] = this.#contents.keys();
      if (oldest === undefined) return;
      this.#forget(oldest);
    }
  }

  get(key: ResourceKey, token: string): ShownContent | undefined {
    const shown = this.#contents.get(key);
    return shown?.token === token ? shown : undefined;
  }

  #forget(key: ResourceKey): void {
    this.#bytes -= this.#contents.get(key)?.content.length ?? 0;
    this.#contents.delete(key);
  }
}
