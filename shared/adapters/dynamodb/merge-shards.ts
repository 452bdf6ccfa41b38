/** What one shard gives: its items after a place, in order, by pages. */
export type ReadPage<Entry> = (after: string | undefined) => Promise<{ readonly entries: readonly Entry[]; readonly more: boolean }>;

class Shard<Entry> {
  readonly #read: ReadPage<Entry>;
  readonly #sortOf: (entry: Entry) => string;
  #buffer: Entry[] = [];
  #more = true;
  #after: string | undefined;

  constructor(read: ReadPage<Entry>, sortOf: (entry: Entry) => string, after: string | undefined) {
    this.#read = read;
    this.#sortOf = sortOf;
    this.#after = after;
  }

  get first(): Entry | undefined { return this.#buffer[0]; }
  take(): Entry | undefined { return this.#buffer.shift(); }

  /** Reads on where nothing is left. */
  async fill(): Promise<void> {
    while (this.#buffer.length === 0 && this.#more) {
      const { entries, more } = await this.#read(this.#after);
      const last = entries.at(-1);
      this.#buffer = [...entries];
      this.#more = more && last !== undefined;
      if (last !== undefined) this.#after = this.#sortOf(last);
    }
  }
}

/** The first `limit` entries of all shards together, in the order of `sortOf`, and whether there are more. */
export async function mergeShards<Entry>(pages: readonly ReadPage<Entry>[], sortOf: (entry: Entry) => string, after: string | undefined, limit: number): Promise<{ readonly entries: readonly Entry[]; readonly more: boolean }> {
  const shards = pages.map((read) => new Shard(read, sortOf, after));
  const entries: Entry[] = [];
  await Promise.all(shards.map((shard) => shard.fill()));
  for (;;) {
    const next = firstOf(shards, sortOf);
    if (next === undefined || entries.length >= limit) return { entries, more: next !== undefined };
    const entry = next.take();
    if (entry !== undefined) entries.push(entry);
    await next.fill();
  }
}

function firstOf<Entry>(shards: readonly Shard<Entry>[], sortOf: (entry: Entry) => string): Shard<Entry> | undefined {
  let first: { shard: Shard<Entry>; sort: string } | undefined;
  for (const shard of shards) {
    const sort = shard.first === undefined ? undefined : sortOf(shard.first);
    if (sort !== undefined && (first === undefined || sort < first.sort)) first = { shard, sort };
  }
  return first?.shard;
}
