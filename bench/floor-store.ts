import { typicalRow } from '../shared/adapters/stored/typical-row.ts';
import { asIncarnation, asLocalLog } from '../shared/model/ids.ts';
import type { Member } from '../shared/model/ids.ts';
import type { LogSegment } from '../shared/model/log.ts';
import type { HeldRow } from '../shared/model/row.ts';
import { zeroStamp } from '../shared/model/stamp.ts';
import type { CommitTransaction, Store } from '../shared/ports/store.ts';
import { routeKey } from './writer.ts';

export const FLOOR_LOG = asIncarnation('ifloorfloor');

/** A row by the number of its route. */
export type NumberedRow = readonly [number: number, row: HeldRow];

/** Rows put into a store in one transaction each time, with nothing decided: no reads, no joins, no tokens. */
export class FloorStore {
  readonly #store: Store;
  readonly #member: Member;
  #head = 0;
  readonly #revisions = new Map<number, number>();

  private constructor(store: Store, member: Member) {
    this.#store = store;
    this.#member = member;
  }

  /** @param store one without any state, which is this floor's alone from now on */
  static async start(store: Store, member: Member): Promise<FloorStore> {
    const floor = new FloorStore(store, member);
    await store.startIncarnation({ if: 'absent', clock: await floor.#clock(), local: { log: asLocalLog('lfloorfloor'), head: 0 }, others: undefined, segments: [] });
    return floor;
  }

  /** One transaction: rows, segment and clock row, as a commit writes them. */
  async put(rows: readonly NumberedRow[]): Promise<void> {
    const ifHead = this.#head;
    this.#head += rows.length;
    const segment: LogSegment = { ...segmentOf(ifHead + 1, rows), requestId: 'floor' };
    const puts = rows.map(([number, row]) => this.#putOf(number, row));
    const outcome = await this.#store.commit({ puts, segment, clock: await this.#clock(), ifHead, writableAtMs: undefined });
    if (outcome !== 'ok') throw new Error(`the floor's transaction was ${outcome}`);
  }

  putTypical(numbers: readonly number[]): Promise<void> { return this.put(numbers.map((number) => [number, typicalRow(number)])); }

  #putOf(number: number, row: HeldRow): CommitTransaction['puts'][number] {
    const before = this.#revisions.get(number);
    const revision = (before ?? 0) + 1;
    this.#revisions.set(number, revision);
    return { key: routeKey(number), next: { ...row, local: { ...row.local, revision } }, if: before ?? 'absent' };
  }

  async #clock(): Promise<CommitTransaction['clock']> {
    return { member: this.#member, incarnation: FLOOR_LOG, closed: new Map(), head: this.#head, hlc: { ...zeroStamp, member: this.#member }, tableId: await this.#store.tableId(), bridgeEpoch: 0, state: 'serving' };
  }
}

/** The log of rows that begin at a counter. */
export const segmentOf = (first: number, rows: readonly NumberedRow[]): LogSegment => ({
  log: FLOOR_LOG, first, last: first + rows.length - 1, entries: rows.map(([number], at) => ({ counter: first + at, key: routeKey(number) })),
  committedAtMs: Date.now(), requestId: undefined, closes: false,
});
