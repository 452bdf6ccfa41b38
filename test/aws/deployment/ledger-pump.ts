import { setTimeout as sleep } from 'node:timers/promises';
import type { Item } from '../../../shared/adapters/dynamodb/api-types.ts';
import { PARTITION, SORT } from '../../../shared/adapters/dynamodb/table-layout.ts';
import type { EmulatedRegion } from './emulated-region.ts';
import { SERVICES } from './emulated-region.ts';
import type { StreamRecord } from './ledger-records.ts';
import { firstIterator, readRecords } from './ledger-records.ts';

/** How items travel between regions. All of it happens in a real global table. */
export interface PumpSettings {
  /** How long an item is under way. */
  readonly delayMs: number;
  /** Of several versions of an item that wait, the newest alone arrives. */
  readonly merges: boolean;
  /** Items that wait arrive in any order. */
  readonly reorders: boolean;
}

interface Waiting { readonly id: string; readonly record: StreamRecord; readonly dueAtMs: number }

const LOOK_MS = 30;
const AFTER_FAILURE_MS = 300;

/**
 * What a DynamoDB global table does between its replicas: carries each change to every other region, after a while, and where two wrote
 * the same item the later write stays. Each replica is the table of one emulator.
 */
export class LedgerPump {
  readonly #regions: readonly EmulatedRegion[];
  readonly #table: string;
  readonly #random: () => number;
  readonly #stopping = new AbortController();
  readonly #loops: Promise<void>[] = [];
  /** What waits, by `from→to`. */
  readonly #queues = new Map<string, Waiting[]>();
  /**
   * All images this pump wrote of an item, by region and item: their echoes in that region's stream are no changes. All, not the last: an
   * echo is read late, and one taken for a change would bring an old clock row back to its owner, who would issue its dots again.
   */
  readonly #written = new Map<string, Set<string>>();
  /** When an item was last written, by region and item. */
  readonly #writtenAt = new Map<string, number>();
  readonly #paused = new Set<string>();
  settings: PumpSettings = { delayMs: 100, merges: false, reorders: false };

  /** @param random from 0 to 1, for reordering */
  constructor(regions: readonly EmulatedRegion[], table: string, random: () => number) {
    [this.#regions, this.#table, this.#random] = [regions, table, random];
  }

  start(): void {
    for (const from of this.#regions) {
      this.#loops.push(this.#read(from));
      for (const to of this.#regions) if (to !== from) this.#loops.push(this.#carry(from, to));
    }
  }

  /** Nothing arrives anywhere until `resume`; what is written meanwhile waits. */
  pause(): void { for (const from of this.#regions) for (const to of this.#regions) this.#paused.add(wayOf(from, to)); }
  resume(): void { this.#paused.clear(); }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#loops);
  }

  async #read(from: EmulatedRegion): Promise<void> {
    let iterator: string | undefined;
    while (!this.#stopping.signal.aborted) {
      try {
        iterator ??= await firstIterator(from, this.#table);
        const { records, next } = await readRecords(from, iterator);
        for (const record of records) this.#take(from, record);
        iterator = next;
        if (records.length === 0) await sleep(LOOK_MS);
      } catch {
        // Its region is paused or comes back: read again from the beginning, which repeats records, as streams do.
        iterator = undefined;
        await sleep(AFTER_FAILURE_MS);
      }
    }
  }

  #take(from: EmulatedRegion, record: StreamRecord): void {
    const id = itemId(record.dynamodb.Keys);
    const here = `${from.region} ${id}`;
    if (this.#written.get(here)?.has(imageOf(record)) === true) return;
    this.#writtenAt.set(here, Math.max(this.#writtenAt.get(here) ?? 0, record.dynamodb.ApproximateCreationDateTime));
    for (const to of this.#regions) {
      if (to === from) continue;
      const queue = this.#queueOf(from, to);
      queue.push({ id, record, dueAtMs: Date.now() + this.settings.delayMs });
    }
  }

  async #carry(from: EmulatedRegion, to: EmulatedRegion): Promise<void> {
    const queue = this.#queueOf(from, to);
    while (!this.#stopping.signal.aborted) {
      await sleep(LOOK_MS);
      if (this.#paused.has(wayOf(from, to))) continue;
      const due = queue.filter(({ dueAtMs }) => dueAtMs <= Date.now());
      queue.splice(0, due.length);
      const arriving = this.#arrange(due);
      for (const [at, waiting] of arriving.entries()) {
        try {
          await this.#write(to, waiting);
        } catch {
          queue.unshift(...arriving.slice(at));
          await sleep(AFTER_FAILURE_MS);
          break;
        }
      }
    }
  }

  #arrange(due: readonly Waiting[]): readonly Waiting[] {
    const { merges, reorders } = this.settings;
    const kept = merges ? [...new Map(due.map((waiting) => [waiting.id, waiting])).values()] : due;
    return reorders ? kept.map((waiting) => ({ waiting, order: this.#random() })).sort((a, b) => a.order - b.order).map(({ waiting }) => waiting) : kept;
  }

  async #write(to: EmulatedRegion, { id, record }: Waiting): Promise<void> {
    const there = `${to.region} ${id}`;
    const { NewImage, Keys, ApproximateCreationDateTime } = record.dynamodb;
    if ((this.#writtenAt.get(there) ?? 0) > ApproximateCreationDateTime) return;
    this.#written.set(there, (this.#written.get(there) ?? new Set()).add(imageOf(record)));
    if (NewImage === undefined) await to.client.call(SERVICES.dynamodb, 'DeleteItem', { TableName: this.#table, Key: Keys });
    else await to.client.call(SERVICES.dynamodb, 'PutItem', { TableName: this.#table, Item: NewImage });
    this.#writtenAt.set(there, ApproximateCreationDateTime);
  }

  #queueOf(from: EmulatedRegion, to: EmulatedRegion): Waiting[] {
    const way = wayOf(from, to);
    const queue = this.#queues.get(way) ?? [];
    this.#queues.set(way, queue);
    return queue;
  }
}

const wayOf = (from: EmulatedRegion, to: EmulatedRegion): string => `${from.region}→${to.region}`;
const itemId = (keys: Item): string => JSON.stringify([keys[PARTITION], keys[SORT]]);
const imageOf = ({ dynamodb: { NewImage } }: StreamRecord): string => JSON.stringify(NewImage === undefined ? null : Object.entries(NewImage).sort(([a], [b]) => (a < b ? -1 : 1)));
