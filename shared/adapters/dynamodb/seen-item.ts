import type { Incarnation, LogName } from '../../model/ids.ts';
import { asLocalLog } from '../../model/ids.ts';
import type { Stamp } from '../../model/stamp.ts';
import { compareStamps, zeroStamp } from '../../model/stamp.ts';
import type { VersionVector } from '../../model/version-vector.ts';
import { counterOf } from '../../model/version-vector.ts';
import type { AdvanceTransaction, LocalHead, OffLogTransaction, Seen } from '../../ports/store.ts';
import { decodeStamp, encodeStamp } from '../stored/small-codecs.ts';
import type { AttributeValue, TransactWriteItem } from './api-types.ts';
import type { Item } from './items.ts';
import { keyOf, number, numberIn, text, textIn } from './items.ts';
import { SEEN_KEY } from './table-layout.ts';

/** Attributes of the `seen` item: `o:<log>` the others' counters, `f:<log>` the floors, and these. */
const OTHER = 'o:';
const FLOOR = 'f:';
const MAX_STAMP = 'm';
const LOCAL_LOG = 'l';
const LOCAL_HEAD = 'h';
/** Rises with every change, for the one write that replaces the whole vector. */
const REVISION = 'v';

export function readSeen(item: Item = {}): Seen {
  return { others: vectorIn(item, OTHER), maxStamp: maxStampIn(item), floors: vectorIn(item, FLOOR) };
}

export const readLocal = (item: Item = {}): LocalHead | undefined => (item[LOCAL_LOG] === undefined ? undefined : { log: asLocalLog(textIn(item, LOCAL_LOG)), head: numberIn(item, LOCAL_HEAD) });

function vectorIn<Log extends LogName>(item: Item, prefix: string): VersionVector<Log> {
  const names = Object.keys(item).filter((name) => name.startsWith(prefix));
  return new Map(names.map((name) => [name.slice(prefix.length) as Log, numberIn(item, name)] as const));
}

const maxStampIn = (item: Item): Stamp => (item[MAX_STAMP] === undefined ? zeroStamp : decodeStamp(textIn(item, MAX_STAMP)));

/** Collects what an update sets, removes and asks for, by attribute. */
class SeenUpdate {
  readonly #sets: string[] = [];
  readonly #removes: string[] = [];
  readonly #conditions: string[] = [];
  readonly #names: Record<string, string> = {};
  readonly #values: Record<string, AttributeValue> = {};

  set(name: string, value: AttributeValue): this {
    this.#sets.push(`${this.#name(name)} = ${this.#value(value)}`);
    return this;
  }

  remove(name: string): this {
    this.#removes.push(this.#name(name));
    return this;
  }

  /** Undefined: the attribute must not be there. */
  expect(name: string, value: AttributeValue | undefined): this {
    this.#conditions.push(value === undefined ? `attribute_not_exists(${this.#name(name)})` : `${this.#name(name)} = ${this.#value(value)}`);
    return this;
  }

  build(table: string): TransactWriteItem {
    const sets = this.#sets.length === 0 ? '' : `SET ${this.#sets.join(', ')}`;
    const removes = this.#removes.length === 0 ? '' : ` REMOVE ${this.#removes.join(', ')}`;
    return {
      Update: {
        TableName: table,
        Key: keyOf(SEEN_KEY),
        UpdateExpression: `${sets}${removes} ADD ${this.#name(REVISION)} ${this.#value(number(1))}`,
        ...(this.#conditions.length > 0 && { ConditionExpression: this.#conditions.join(' AND ') }),
        ExpressionAttributeNames: this.#names,
        ExpressionAttributeValues: this.#values,
      },
    };
  }

  #name(name: string): string {
    const placeholder = `#a${Object.keys(this.#names).length.toString()}`;
    this.#names[placeholder] = name;
    return placeholder;
  }

  #value(value: AttributeValue): string {
    const placeholder = `:a${Object.keys(this.#values).length.toString()}`;
    this.#values[placeholder] = value;
    return placeholder;
  }
}

/**
 * The update of an advance, made from the item as it was read: stamp and floors only rise, so they are set only where they do,
 * on condition that they are as read. Undefined: the logs are not where the page began.
 */
export function advanceUpdate(table: string, item: Item | undefined, { from, to, maxStamp, floors = new Map<LogName, number>() }: AdvanceTransaction): TransactWriteItem | undefined {
  const seen = readSeen(item);
  const update = new SeenUpdate();
  for (const [log, counter] of to) {
    if (counterOf(seen.others, log) !== counterOf(from, log)) return undefined;
    update.expect(OTHER + log, item?.[OTHER + log]).set(OTHER + log, number(counter));
  }
  if (compareStamps(maxStamp, seen.maxStamp) > 0) update.expect(MAX_STAMP, item?.[MAX_STAMP]).set(MAX_STAMP, text(encodeStamp(maxStamp)));
  for (const [log, floor] of floors) {
    if (floor > counterOf(seen.floors, log)) update.expect(FLOOR + log, item?.[FLOOR + log]).set(FLOOR + log, number(floor));
  }
  return update.build(table);
}

/** Moves the own log's head on condition that it is where the change began. */
export const offLogUpdate = (table: string, { segment, ifHead }: OffLogTransaction): TransactWriteItem =>
  new SeenUpdate().expect(LOCAL_LOG, text(segment.log)).expect(LOCAL_HEAD, number(ifHead)).set(LOCAL_HEAD, number(segment.last)).build(table);

/** Puts the own log, and the vector of the others where one is given, on condition that nothing changed since the item was read. */
export function startUpdate(table: string, item: Item | undefined, local: LocalHead, others: VersionVector<Incarnation> | undefined): TransactWriteItem {
  const update = new SeenUpdate().set(LOCAL_LOG, text(local.log)).set(LOCAL_HEAD, number(local.head));
  if (others === undefined) return update.build(table);
  update.expect(REVISION, item?.[REVISION]);
  for (const log of readSeen(item).others.keys()) if (!others.has(log)) update.remove(OTHER + log);
  for (const [log, counter] of others) update.set(OTHER + log, number(counter));
  return update.build(table);
}

/** Raises one floor, and does nothing where it is there already. */
export const floorUpdate = (table: string, log: LogName, floor: number) => ({
  TableName: table,
  Key: keyOf(SEEN_KEY),
  UpdateExpression: 'SET #floor = :floor ADD #revision :one',
  ConditionExpression: 'attribute_not_exists(#floor) OR #floor < :floor',
  ExpressionAttributeNames: { '#floor': FLOOR + log, '#revision': REVISION },
  ExpressionAttributeValues: { ':floor': number(floor), ':one': number(1) },
});
