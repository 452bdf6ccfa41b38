import type { ResourceKey } from '../../model/ids.ts';
import { printKey } from '../../model/resource-key.ts';
import type { HeldRow } from '../../model/row.ts';
import type { RowCondition } from '../../ports/store.ts';
import type { EncodedPut } from '../stored/encoded-put.ts';
import { decodeRow } from '../stored/row-codec.ts';
import type { Condition, DeleteInput, Item, PutInput, TransactWriteItem } from './api-types.ts';
import { bytes, bytesIn, keyOf, number, text, textIn } from './items.ts';
import { CANDIDATES_INDEX, PARTITION, SORT, candidatePartitionOf, rowKey } from './table-layout.ts';

const REVISION = 'v';
const DATA = 'd';

/** The row an item holds. @throws StoredFormatError */
export function readRow(item: Item): readonly [ResourceKey, HeldRow] {
  const key = textIn(item, SORT) as ResourceKey;
  return [key, decodeRow(`row of ${printKey(key)}`, bytesIn(item, DATA))];
}

const conditionOf = (condition: RowCondition): Condition & { readonly ConditionExpression: string } =>
  condition === 'absent'
    ? { ConditionExpression: `attribute_not_exists(${PARTITION})` }
    : { ConditionExpression: `${REVISION} = :revision`, ExpressionAttributeValues: { ':revision': number(condition) } };

/** What a put does to the row's item, on its condition. */
export type RowWrite =
  | { readonly kind: 'put'; readonly input: PutInput }
  | { readonly kind: 'delete'; readonly input: DeleteInput & { readonly ConditionExpression: string } };

export function rowWrite(table: string, { key, next, if: condition }: EncodedPut): RowWrite {
  const place = keyOf(rowKey(key));
  if (next === 'drop') return { kind: 'delete', input: { TableName: table, Key: place, ...conditionOf(condition) } };
  const candidate = next.candidate && { [CANDIDATES_INDEX.partitionKey]: text(candidatePartitionOf(next.candidate, key)) };
  const item = { ...place, [REVISION]: number(next.revision), [DATA]: bytes(next.bytes), ...candidate };
  return { kind: 'put', input: { TableName: table, Item: item, ...conditionOf(condition) } };
}

/** The same as part of a transaction. Dropping what must be absent is the check alone. */
export function rowTransactItem(table: string, put: EncodedPut): TransactWriteItem {
  const write = rowWrite(table, put);
  if (write.kind === 'put') return { Put: write.input };
  return put.if === 'absent' ? { ConditionCheck: write.input } : { Delete: write.input };
}
