import type { ClockRow } from '../../model/clock-row.ts';
import type { Member } from '../../model/ids.ts';
import type { Ledger, LedgerChange, LedgerDelete } from '../../ports/ledger.ts';
import type { GlobalTable } from './global-table.ts';
import type { ItemValue, ItemVersion, LedgerItem } from '../stored/ledger-item.ts';
import { clockId, deleteId, isNewer, versionAfter } from '../stored/ledger-item.ts';

/** One region's replica of the ledger; made by `GlobalTable.replica`. */
export class SimulatedLedger implements Ledger {
  readonly member: Member;
  readonly #table: GlobalTable;
  readonly #onChange: (change: LedgerChange) => void;
  #items = new Map<string, LedgerItem>();
  #clocks: ReadonlyMap<Member, ClockRow> = new Map();
  #deletes = new Map<string, LedgerDelete>();

  constructor(member: Member, table: GlobalTable, onChange: (change: LedgerChange) => void) {
    this.member = member;
    this.#table = table;
    this.#onChange = onChange;
  }

  /** The clock row that `MemoryStore` reads and writes in its transactions. */
  get ownClock(): ClockRow | undefined { return this.#clocks.get(this.member); }

  /** @throws RangeError for another member's clock row */
  putClock(clock: ClockRow): void {
    this.requireOwn(clock.member);
    this.#write(clockId(this.member), { kind: 'clock', clock });
  }

  async clocks(): Promise<ReadonlyMap<Member, ClockRow>> { return this.#clocks; }

  async myClockElsewhere(): Promise<ClockRow | undefined> {
    const item = this.#table.newestElsewhere(this.member, clockId(this.member));
    return item?.value.kind === 'clock' ? item.value.clock : undefined;
  }

  async putDelete(item: LedgerDelete): Promise<void> {
    this.requireOwn(item.member);
    const { member, key, dot, row: { context, siblings } } = item;
    this.#write(deleteId(this.member, item), { kind: 'delete', delete: { member, key, dot, row: { context, siblings } } });
  }

  async deletes(): Promise<readonly LedgerDelete[]> { return [...this.#deletes.values()]; }

  async dropDelete(item: Pick<LedgerDelete, 'key' | 'dot'>): Promise<void> {
    const id = deleteId(this.member, item);
    if (this.#deletes.has(id)) this.#write(id, { kind: 'dropped' });
  }

  /** A copy of the replica, for a store whose ledger lies in the same file and is restored with it. */
  snapshot(): readonly LedgerItem[] { return [...this.#items.values()]; }

  /** Goes back to a copy. What the others hold is sent here again. */
  restore(items: readonly LedgerItem[]): void {
    this.#items = new Map();
    this.#clocks = new Map();
    this.#deletes = new Map();
    for (const item of items) this.#keep(item);
    this.#table.sendAllTo(this.member);
  }

  /** What stands here under an id. */
  item(id: string): LedgerItem | undefined { return this.#items.get(id); }

  /** An item came from another replica. The last writer wins; my own clock row is never written from outside. */
  receive(item: LedgerItem, isTold: boolean): void {
    const standing = this.#items.get(item.id);
    if (item.id === clockId(this.member) || (standing !== undefined && !isNewer(item.version, standing.version))) return;
    this.#keep(item);
    if (isTold) this.tell(item);
  }

  /** Tells the listener of an item, as a stream does, at times more than once. */
  tell({ value }: LedgerItem): void {
    if (value.kind === 'clock') this.#onChange({ kind: 'clock', clock: value.clock });
    if (value.kind === 'delete') this.#onChange({ kind: 'delete', delete: value.delete });
  }

  #write(id: string, value: ItemValue): void {
    const item: LedgerItem = { member: this.member, id, version: versionAfter(this.#newestVersion(id), this.#table.nowMs()), value };
    this.#keep(item);
    this.#table.send(item);
  }

  /** A replica that was restored finds newer versions of its own items elsewhere. */
  #newestVersion(id: string): ItemVersion | undefined {
    const here = this.#items.get(id)?.version;
    const elsewhere = this.#table.newestElsewhere(this.member, id)?.version;
    return here === undefined || (elsewhere !== undefined && isNewer(elsewhere, here)) ? elsewhere : here;
  }

  #keep(item: LedgerItem): void {
    this.#items.set(item.id, item);
    if (item.value.kind === 'clock') this.#clocks = new Map(this.#clocks).set(item.member, item.value.clock);
    if (item.value.kind === 'delete') this.#deletes.set(item.id, item.value.delete);
    if (item.value.kind === 'dropped') this.#deletes.delete(item.id);
  }

  /** @throws RangeError for another member */
  requireOwn(member: Member): void {
    if (member !== this.member) throw new RangeError(`an item of ${member} cannot be written at ${this.member}: every item has one writer`);
  }
}
