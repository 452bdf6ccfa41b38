import type { ResourceKey } from '../../shared/model/ids.ts';
import { LAST_SEEN_KEYS } from './limits.ts';
import type { Facts } from './object.ts';

/** A write, and giving up what it has made the bridge the owner of: both are told by the watch. */
const WRITES_OF_ONE = 2;

/** What is told of an object that is gone. */
export interface Departed { readonly uid: string; readonly token: string | undefined; readonly createdAtMs: number | undefined }

/**
 * The last state of each object that was read, written or told by a watch: uid, token, and whether it was on its way out by our own
 * hand. Newer states replace older ones; the oldest are forgotten.
 */
export class LastSeen {
  readonly #objects = new Map<ResourceKey, Facts>();
  /** Versions that the latest writes of ours left, of objects above; until anything else is seen of one, older or newer. */
  readonly #left = new Map<ResourceKey, readonly string[]>();

  /** As `note`, of what a write of ours has answered. */
  noteWritten(key: ResourceKey, facts: Facts): void {
    this.#left.set(key, [...(this.#left.get(key) ?? []), facts.resourceVersion].slice(-WRITES_OF_ONE));
    this.note(key, facts);
  }

  /**
   * Whether nothing was seen of an object since a write of ours but that write. An older version than ours may be late news, or all there is
   * in a cluster that was put back from a backup.
   */
  isAsLeft(key: ResourceKey): boolean {
    const version = this.#objects.get(key)?.resourceVersion;
    return version !== undefined && this.#left.get(key)?.at(-1) === version;
  }

  note(key: ResourceKey, facts: Facts): void {
    if (this.#left.get(key)?.includes(facts.resourceVersion) === false) this.#left.delete(key);
    const known = this.#objects.get(key);
    if (known !== undefined && BigInt(known.resourceVersion) > BigInt(facts.resourceVersion)) return;
    this.#objects.delete(key);
    this.#objects.set(key, facts);
    if (this.#objects.size <= LAST_SEEN_KEYS) return;
    const [oldest] = this.#objects.keys();
    if (oldest === undefined) return;
    this.#objects.delete(oldest);
    this.#left.delete(oldest);
  }

  get(key: ResourceKey): Facts | undefined { return this.#objects.get(key); }

  /**
   * Of an object that is not there. After a delete of our own the token says nothing about what a user knew: then only what was
   * reported as applied decides (DESIGN §11, own deletes).
   */
  departed(key: ResourceKey): Departed {
    const facts = this.#objects.get(key);
    if (facts === undefined) return { uid: '', token: undefined, createdAtMs: undefined };
    return { uid: facts.uid, token: facts.isOurDelete ? undefined : facts.token, createdAtMs: facts.createdAtMs };
  }
}
