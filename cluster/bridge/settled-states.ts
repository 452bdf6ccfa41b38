import type { Hash, ResourceKey } from '../../shared/model/ids.ts';
import { SETTLED_KEYS } from './limits.ts';

/** What a resource looked like when cluster and region last agreed on it. */
export type SettledState = { readonly kind: 'live'; readonly hash: Hash; readonly token: string | undefined } | { readonly kind: 'gone' };

/**
 * Remembers the last agreement on each resource, so that our own writes, told back by the watch, are not sent. It is a shortcut
 * only: what is forgotten is sent and answered "unchanged".
 */
export class SettledStates {
  readonly #states = new Map<ResourceKey, SettledState>();

  put(key: ResourceKey, state: SettledState): void {
    this.#states.delete(key);
    this.#states.set(key, state);
    if (this.#states.size <= SETTLED_KEYS) return;
    const [oldest] = this.#states.keys();
    if (oldest !== undefined) this.#states.delete(oldest);
  }

  has(key: ResourceKey, state: SettledState): boolean {
    const known = this.#states.get(key);
    if (known === undefined) return false;
    if (known.kind === 'gone' || state.kind === 'gone') return known.kind === state.kind;
    return known.hash === state.hash && known.token === state.token;
  }

  /** Another cluster, or everything is to be looked at anew. */
  clear(): void { this.#states.clear(); }
}
