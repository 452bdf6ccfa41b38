import type { JsonObject } from '../../shared/model/content.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import type { ObjectVersion } from '../bridge/cluster-port.ts';
import { KNOWN_BYTES } from './limits.ts';
import { factsOf } from './object.ts';

/**
 * Whole objects as they were last listed, told by a watch, read or written: the latest of them, up to so many bytes. It saves looks, never
 * a condition: whatever is done with such an object is done on that version or not at all.
 */
export class KnownObjects {
  readonly #objects = new Map<ResourceKey, { readonly object: JsonObject; readonly bytes: number }>();
  #bytes = 0;

  put(key: ResourceKey, object: JsonObject): void {
    this.forget(key);
    const bytes = JSON.stringify(object).length;
    this.#objects.set(key, { object, bytes });
    this.#bytes += bytes;
    while (this.#bytes > KNOWN_BYTES) {
      const [oldest] = this.#objects.keys();
      if (oldest === undefined) return;
      this.forget(oldest);
    }
  }

  /** A definition changed: the same version of an object may look different now. */
  clear(): void {
    this.#objects.clear();
    this.#bytes = 0;
  }

  /** The object at exactly this version. */
  get(key: ResourceKey, version: ObjectVersion | undefined): JsonObject | undefined {
    const object = this.#objects.get(key)?.object;
    if (object === undefined || version === undefined) return undefined;
    const { uid, resourceVersion } = factsOf(object);
    return uid === version.uid && resourceVersion === version.resourceVersion ? object : undefined;
  }

  forget(key: ResourceKey): void {
    const known = this.#objects.get(key);
    if (known === undefined) return;
    this.#bytes -= known.bytes;
    this.#objects.delete(key);
  }
}
