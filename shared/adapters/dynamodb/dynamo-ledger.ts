import type { ClockRow } from '../../model/clock-row.ts';
import type { Member } from '../../model/ids.ts';
import { asMember } from '../../model/ids.ts';
import { dotKey } from '../../model/version-vector.ts';
import type { Ledger, LedgerChange, LedgerDelete } from '../../ports/ledger.ts';
import { decodeDelete, encodeDelete } from '../stored/ledger-codec.ts';
import { StoredFormatError } from '../stored/packed-bytes.ts';
import type { Calls, Units } from './calls.ts';
import { readClock } from './clock-item.ts';
import type { Item } from './items.ts';
import { bytes, bytesIn, keyOf, text, textIn } from './items.ts';
import type { ItemKey } from './table-layout.ts';
import { DELETE_PREFIX, MEMBERS_INDEX, PARTITION, SORT, clockKey } from './table-layout.ts';

const DATA = 'd';
const deleteKey = (member: Member, { key, dot }: Pick<LedgerDelete, 'key' | 'dot'>): ItemKey => ({ partition: member, sort: `${DELETE_PREFIX}${key}#${dotKey(dot)}` });

/** An item that cannot be read: whose it is and why. */
export interface UnreadableItem { readonly member: string; readonly item: string; readonly reason: string }

/** This region's replica of the ledger's global table. */
export class DynamoLedger implements Ledger {
  readonly #calls: Calls;
  readonly #table: string;
  readonly #member: Member;
  readonly #onUnreadable: (item: UnreadableItem) => void;

  constructor(calls: Calls, table: string, member: Member, onUnreadable: (item: UnreadableItem) => void = () => undefined) {
    this.#calls = calls;
    this.#table = table;
    this.#member = member;
    this.#onUnreadable = onUnreadable;
  }

  /** What was consumed so far. */
  get units(): Readonly<Units> { return this.#calls.units; }

  /** Members from the index, which learns of a new one a moment later; their clock rows, and always one's own, as they stand. */
  async clocks(): Promise<ReadonlyMap<Member, ClockRow>> {
    const listed = await this.#calls.queryAll({
      TableName: this.#table, IndexName: MEMBERS_INDEX.name, KeyConditionExpression: `${MEMBERS_INDEX.partitionKey} = :all`, ExpressionAttributeValues: { ':all': text('member') },
    });
    const members = new Set([...listed.map((item) => asMember(textIn(item, PARTITION))), this.#member]);
    const found = await this.#calls.batchGet([...members].map((member) => ({ table: this.#table, ...clockKey(member) })));
    const clocks = [...found.values()].map(readClock).filter((clock) => clock !== undefined);
    return new Map(clocks.map((clock) => [clock.member, clock]));
  }

  /** The table itself is the ledger's, which no restore of the region's rows touches; other replicas cannot be asked apart. */
  async myClockElsewhere(): Promise<undefined> { return undefined; }

  async putDelete(item: LedgerDelete): Promise<void> {
    if (item.member !== this.#member) throw new RangeError(`a delete of ${item.member} cannot be published by ${this.#member}: every item has one writer`);
    await this.#calls.put({ TableName: this.#table, Item: { ...keyOf(deleteKey(this.#member, item)), [DATA]: bytes(encodeDelete(item)) } });
  }

  async deletes(): Promise<readonly LedgerDelete[]> {
    const items = await this.#calls.scanAll({ TableName: this.#table, ConsistentRead: true, FilterExpression: `begins_with(${SORT}, :prefix)`, ExpressionAttributeValues: { ':prefix': text(DELETE_PREFIX) } });
    return items.flatMap((item) => this.#deleteIn(item) ?? []);
  }

  /** One that cannot be read is told, and does not stand in the way of all others. */
  #deleteIn(item: Item): LedgerDelete | undefined {
    try {
      return decodeDelete(bytesIn(item, DATA));
    } catch (error) {
      if (!(error instanceof StoredFormatError)) throw error;
      this.#onUnreadable({ member: textIn(item, PARTITION), item: textIn(item, SORT), reason: error.message });
      return undefined;
    }
  }

  async dropDelete(item: Pick<LedgerDelete, 'key' | 'dot'>): Promise<void> {
    await this.#calls.delete({ TableName: this.#table, Key: keyOf(deleteKey(this.#member, item)) });
  }
}

/**
 * What a record of the table's stream tells, from its new image. Undefined: it tells nothing (a drop has no new image).
 *
 * @throws StoredFormatError on an item that is neither a clock row nor a delete
 */
export function ledgerChangeOf(newImage: Item | undefined): LedgerChange | undefined {
  if (newImage === undefined) return undefined;
  if (textIn(newImage, SORT).startsWith(DELETE_PREFIX)) return { kind: 'delete', delete: decodeDelete(bytesIn(newImage, DATA)) };
  const clock = readClock(newImage);
  return clock && { kind: 'clock', clock };
}
