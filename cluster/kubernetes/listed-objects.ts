import type { JsonObject } from '../../shared/model/content.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import type { ObjectVersion } from '../bridge/cluster-port.ts';
import { LISTED_BYTES } from './limits.ts';
import { factsOf } from './object.ts';

/**
 * Objects as the last pages of a list had them, for whoever is asked about them while these are compared. The latest are kept, up to so
 * many bytes of content; what they were compared for is done on that version or not at all.
 */
export class ListedObjects {
  readonly #objects = new Map<ResourceKey, { readonly object: JsonObject; readonly bytes: number }>();
  #bytes = 0;

  /** @param bytes of its federated content, about */
  put(key: ResourceKey, object: JsonObject, bytes: number): void {
    this.#forget(key);
    this.#objects.set(key, { object, bytes });
    this.#bytes += bytes;
    while (this.#bytes > LISTED_BYTES) {
      const [oldest] = this.#objects.keys();
      if (oldest === undefined) return;
      this.#forget(oldest);
    }
  }

  /** The object, if it is the one of that version; it is given out once. */
  take(key: ResourceKey, { uid, resourceVersion }: ObjectVersion): JsonObject | undefined {
    const found = this.#objects.get(key);
    if (found === undefined) return undefined;
    this.#forget(key);
    const facts = factsOf(found.object);
    return facts.uid === uid && facts.resourceVersion === resourceVersion ? found.object : undefined;
  }

  #forget(key: ResourceKey): void {
    const known = this.#objects.get(key);
    if (known === undefined) return;
    this.#bytes -= known.bytes;
    this.#objects.delete(key);
  }
}
