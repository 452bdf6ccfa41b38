import type { JsonObject } from '../../shared/model/content.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import type { ObjectVersion } from '../bridge/cluster-port.ts';
import { RECENT_OBJECTS } from './limits.ts';
import { factsOf } from './object.ts';

/** Objects as they were read a moment ago, because what is read is mostly written next: it saves a read, never a condition. */
export class RecentObjects {
  readonly #objects = new Map<ResourceKey, JsonObject>();

  put(key: ResourceKey, object: JsonObject): void {
    this.#objects.delete(key);
    this.#objects.set(key, object);
    if (this.#objects.size <= RECENT_OBJECTS) return;
    const [oldest] = this.#objects.keys();
    if (oldest !== undefined) this.#objects.delete(oldest);
  }

  /** The object, if it is the one of that version; it is given out once. */
  take(key: ResourceKey, { uid, resourceVersion }: ObjectVersion): JsonObject | undefined {
    const object = this.#objects.get(key);
    this.#objects.delete(key);
    if (object === undefined) return undefined;
    const facts = factsOf(object);
    return facts.uid === uid && facts.resourceVersion === resourceVersion ? object : undefined;
  }
}
