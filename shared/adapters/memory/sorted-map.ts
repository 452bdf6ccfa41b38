/** A map that can also be read in key order. Keys are sorted when they are first asked for after one came or went. */
export class SortedMap<Key extends string, Value> {
  readonly #values: Map<Key, Value>;
  #sorted: readonly Key[] | undefined;

  constructor(values: Iterable<readonly [Key, Value]> = []) { this.#values = new Map(values); }

  get(key: Key): Value | undefined { return this.#values.get(key); }
  has(key: Key): boolean { return this.#values.has(key); }
  get size(): number { return this.#values.size; }
  entries(): IterableIterator<[Key, Value]> { return this.#values.entries(); }

  set(key: Key, value: Value): void {
    if (!this.#values.has(key)) this.#sorted = undefined;
    this.#values.set(key, value);
  }

  delete(key: Key): void {
    if (this.#values.delete(key)) this.#sorted = undefined;
  }

  copy(): SortedMap<Key, Value> { return new SortedMap(this.#values); }

  /** The entries from the first key that is after `after` (or from the start), in key order. */
  *after(after: string | undefined): Generator<readonly [Key, Value]> {
    const keys = (this.#sorted ??= [...this.#values.keys()].sort());
    for (let at = after === undefined ? 0 : firstAfter(keys, after); at < keys.length; at += 1) {
      const key = keys[at];
      const value = key === undefined ? undefined : this.#values.get(key);
      if (key !== undefined && value !== undefined) yield [key, value];
    }
  }
}

function firstAfter(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') > key) high = middle;
    else low = middle + 1;
  }
  return low;
}
