import type { ClockRow } from '../../model/clock-row.ts';
import type { IncarnationStart } from '../../ports/store.ts';
import { decodeClock, encodeClock } from '../stored/small-codecs.ts';
import type { TransactWriteItem } from './api-types.ts';
import type { Item } from './items.ts';
import { keyOf, number, text, textIn } from './items.ts';
import { MEMBERS_INDEX, PARTITION, clockKey } from './table-layout.ts';

/** The whole clock row; what conditions ask for stands beside it. */
const DATA = 'd';
const INCARNATION = 'i';
const HEAD = 'h';
const STATE = 'e';
const TABLE_ID = 't';

export const readClock = (item: Item | undefined): ClockRow | undefined => item && decodeClock(textIn(item, DATA));

const itemOf = (clock: ClockRow): Item => ({
  ...keyOf(clockKey(clock.member)),
  [MEMBERS_INDEX.partitionKey]: text('member'),
  [DATA]: text(encodeClock(clock)),
  [INCARNATION]: text(clock.incarnation),
  [HEAD]: number(clock.head),
  [STATE]: text(clock.state),
  [TABLE_ID]: text(clock.tableId),
});

/** Writes the clock row of a commit where the one it was made on still stands. */
export const commitClock = (ledger: string, clock: ClockRow, ifHead: number): TransactWriteItem => ({
  Put: {
    TableName: ledger,
    Item: itemOf(clock),
    ConditionExpression: `${INCARNATION} = :incarnation AND ${HEAD} = :head AND ${STATE} = :state AND ${TABLE_ID} = :table`,
    ExpressionAttributeValues: { ':incarnation': text(clock.incarnation), ':head': number(ifHead), ':state': text(clock.state), ':table': text(clock.tableId) },
  },
});

/** Writes the clock row that starts an incarnation. */
export function startClock(ledger: string, clock: ClockRow, condition: IncarnationStart['if']): TransactWriteItem {
  if (condition === 'absent') return { Put: { TableName: ledger, Item: itemOf(clock), ConditionExpression: `attribute_not_exists(${PARTITION})` } };
  return {
    Put: {
      TableName: ledger,
      Item: itemOf(clock),
      ConditionExpression: `${INCARNATION} = :incarnation AND ${HEAD} = :head AND ${STATE} = :state`,
      ExpressionAttributeValues: { ':incarnation': text(condition.incarnation), ':head': number(condition.head), ':state': text(condition.state) },
    },
  };
}
