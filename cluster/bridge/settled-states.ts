import type { Hash, ResourceKey } from '../../shared/model/ids.ts';
import type { Target } from '../../shared/ports/region.ts';
import { SETTLED_KEYS } from './limits.ts';

/**
 * What a resource looked like when cluster and region last agreed on it. `hash` is what the cluster has, `shown` what the region
 * means by it; they differ only where the cluster reshapes what it is given.
 */
export type SettledState =
  | { readonly kind: 'live'; readonly hash: Hash; readonly token: string | undefined; readonly shown: Hash }
  | { readonly kind: 'gone' };

/**
 * Remembers the last agreement on each resource, so that our own writes, told back by the watch, are not sent. It is a shortcut
 * only: what is forgotten is sent and answered "unchanged".
 */
export class SettledStates {
  readonly #states = new Map<ResourceKey, { readonly state: SettledState; readonly moment: number }>();
  /** What the cluster has, by all that was seen since it was last listed. Names: some hundred bytes each. */
  readonly #present = new Set<ResourceKey>();
  #moment = 0;

  /** Rises with every agreement. */
  get moment(): number { return this.#moment; }

  /** Whether there was an agreement after a moment: what the region was asked for before that may be older. */
  isAgreedSince(key: ResourceKey, moment: number): boolean { return (this.#states.get(key)?.moment ?? 0) > moment; }

  /** How many objects the cluster has, for the status; an object that was never agreed on is missed until everything is listed. */
  get objects(): number { return this.#present.size; }

  /** Whether the cluster has it, by all that was seen since it was last listed. */
  isPresent(key: ResourceKey): boolean { return this.#present.has(key); }

  /** Everything is about to be listed anew. */
  beginListing(): void { this.#present.clear(); }

  /** These are there. */
  listed(keys: Iterable<ResourceKey>): void { for (const key of keys) this.#present.add(key); }

  put(key: ResourceKey, state: SettledState): void {
    if (state.kind === 'live') this.#present.add(key);
    else this.#present.delete(key);
    this.#states.delete(key);
    this.#moment += 1;
    this.#states.set(key, { state, moment: this.#moment });
    if (this.#states.size <= SETTLED_KEYS) return;
    const [oldest] = this.#states.keys();
    if (oldest !== undefined) this.#states.delete(oldest);
  }

  has(key: ResourceKey): boolean { return this.#states.has(key); }
  isGone(key: ResourceKey): boolean { return this.#states.get(key)?.state.kind === 'gone'; }

  /** Whether both agreed last on exactly this. */
  isAgreed(key: ResourceKey, show: Target['show']): boolean {
    const known = this.#states.get(key)?.state;
    return known?.kind === 'live' && show.kind === 'live' && known.shown === show.hash && known.token === show.token;
  }

  /** What the region means by an object that still looks as it did; undefined when it does not, or is not remembered. */
  shown(key: ResourceKey, hash: Hash, token: string | undefined): Hash | undefined {
    const known = this.#states.get(key)?.state;
    return known?.kind === 'live' && known.hash === hash && known.token === token ? known.shown : undefined;
  }

  /** Another cluster, or everything is to be looked at anew. */
  clear(): void {
    this.#states.clear();
    this.#present.clear();
  }
}
