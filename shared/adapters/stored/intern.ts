import type { LogName } from '../../model/ids.ts';
import { asIncarnation, asMember } from '../../model/ids.ts';
import type { Write } from '../../model/stamp.ts';
import type { VersionVector } from '../../model/version-vector.ts';
import { StoredFormatError } from './packed-bytes.ts';
import type { StoredList } from './stored-list.ts';

/** Numbers texts in the order they first occur, so that each is stored once. */
export class TextTable {
  readonly texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }
}

/** Numbers names and writes; a write is five numbers: log, counter, milliseconds, counter within, member. */
export class RowTables {
  readonly names = new TextTable();
  readonly contents = new TextTable();
  readonly writes: number[] = [];
  readonly #writeNumbers = new Map<string, number>();

  vector(vector: VersionVector): number[] {
    const flat: number[] = [];
    for (const [log, counter] of vector) flat.push(this.names.numberOf(log), counter);
    return flat;
  }

  write({ dot, stamp }: Write): number {
    const parts = [this.names.numberOf(dot.incarnation), dot.counter, stamp.ms, stamp.counter, this.names.numberOf(stamp.member)];
    const id = parts.join();
    const known = this.#writeNumbers.get(id);
    if (known !== undefined) return known;
    const number = this.writes.length / parts.length;
    this.writes.push(...parts);
    this.#writeNumbers.set(id, number);
    return number;
  }
}

/** What `RowTables` numbered, read back. */
export class StoredTables {
  readonly #what: string;
  readonly #names: readonly string[];
  readonly #writes: readonly Write[];
  readonly #contents: readonly string[];

  constructor(what: string, names: StoredList, writes: StoredList, contents: readonly string[]) {
    this.#what = what;
    this.#names = names.rest((list) => list.text());
    this.#writes = writes.rest((list) => ({
      dot: { incarnation: asIncarnation(this.name(list)), counter: list.count() },
      stamp: { ms: list.timeMs(), counter: list.count(), member: asMember(this.name(list)) },
    }));
    this.#contents = contents;
  }

  name(list: StoredList): string { return this.#of(this.#names, 'name', list.count()); }
  write(list: StoredList): Write { return this.#of(this.#writes, 'write', list.count()); }

  /** A content by number; zero stands for none. */
  content(list: StoredList): string | undefined {
    const number = list.count();
    return number === 0 ? undefined : this.#of(this.#contents, 'content', number - 1);
  }

  vector<Log extends LogName>(list: StoredList): VersionVector<Log> {
    return new Map(list.rest((rest) => [this.name(rest) as Log, rest.count()] as const));
  }

  #of<Item>(items: readonly Item[], kind: string, number: number): Item {
    const item = items[number];
    if (item === undefined) throw new StoredFormatError(this.#what, `${kind} ${number.toString()} is missing`);
    return item;
  }
}
