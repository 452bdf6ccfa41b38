import { StoredFormatError } from './packed-bytes.ts';

/** Reads a stored JSON array position by position; each step says what it expects there. */
export class StoredList {
  readonly #what: string;
  readonly #items: readonly unknown[];
  #at = 0;

  /** @throws StoredFormatError when `value` is no array */
  constructor(what: string, value: unknown) {
    if (!Array.isArray(value)) throw new StoredFormatError(what, 'a list was expected');
    this.#what = what;
    this.#items = value as readonly unknown[];
  }

  get isDone(): boolean { return this.#at >= this.#items.length; }

  /** Whatever stands next. */
  value(): unknown {
    if (this.isDone) this.fail('something', undefined);
    return this.#items[this.#at++];
  }

  text(): string {
    const value = this.value();
    return typeof value === 'string' ? value : this.fail('a text', value);
  }

  textOrNull(): string | undefined {
    const value = this.value();
    if (value === null) return undefined;
    return typeof value === 'string' ? value : this.fail('a text or null', value);
  }

  /** A counter, a size or an index. */
  count(): number {
    const value = this.value();
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : this.fail('a whole number', value);
  }

  /** A point in time, in milliseconds. */
  timeMs(): number {
    const value = this.value();
    return typeof value === 'number' ? value : this.fail('a time', value);
  }

  timeMsOrNull(): number | undefined {
    const value = this.value();
    if (value === null) return undefined;
    return typeof value === 'number' ? value : this.fail('a time or null', value);
  }

  list(what: string): StoredList { return new StoredList(`${this.#what}: ${what}`, this.value()); }

  /** A list, or undefined where null stands. */
  listOrNull(what: string): StoredList | undefined {
    const value = this.value();
    return value === null ? undefined : new StoredList(`${this.#what}: ${what}`, value);
  }

  /** What `read` makes of the rest, one after the other. */
  rest<Item>(read: (list: StoredList) => Item): Item[] {
    const items: Item[] = [];
    while (!this.isDone) items.push(read(this));
    return items;
  }

  /** @throws StoredFormatError always */
  fail(expected: string, got: unknown): never {
    throw new StoredFormatError(this.#what, `${expected} was expected at position ${this.#at.toString()}, not ${typeof got}`);
  }
}
