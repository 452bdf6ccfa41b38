import type { LogName } from '../../model/ids.ts';
import type { LogSegment } from '../../model/log.ts';
import { decodeSegment, encodeSegment } from '../stored/segment-codec.ts';
import type { TransactWriteItem } from './api-types.ts';
import type { Calls } from './calls.ts';
import { bytes, bytesIn, keyOf, text, textIn } from './items.ts';
import { PARTITION, SORT, afterCounter, logPartition, segmentKey } from './table-layout.ts';

const DATA = 'd';

/** Segments of logs: each log a partition, in the order of where they end. */
export class LogCalls {
  readonly #calls: Calls;
  readonly #table: string;

  constructor(calls: Calls, table: string) {
    this.#calls = calls;
    this.#table = table;
  }

  /** The segment as a part of a transaction. */
  append(segment: LogSegment): TransactWriteItem {
    return { Put: { TableName: this.#table, Item: { ...keyOf(segmentKey(segment.log, segment.last, segment.first)), [DATA]: bytes(encodeSegment(segment)) } } };
  }

  async after(log: LogName, after: number, limit: number): Promise<readonly LogSegment[]> {
    const items = await this.#calls.queryAll({ ...this.#range(log, '>', afterCounter(after)), ConsistentRead: true }, limit);
    return items.map((item) => decodeSegment(log, bytesIn(item, DATA)));
  }

  async newest(log: LogName): Promise<LogSegment | undefined> {
    const [item] = await this.#calls.queryAll({ ...this.#range(log, '>', '0'), ConsistentRead: true, ScanIndexForward: false }, 1);
    return item && decodeSegment(log, bytesIn(item, DATA));
  }

  /** Deletes up to `limit` segments that end at or below `floor`. Returns how many. */
  async drop(log: LogName, floor: number, limit: number): Promise<number> {
    if (floor === 0) return 0;
    const items = await this.#calls.queryAll({ ...this.#range(log, '<', afterCounter(floor)), ConsistentRead: true, ProjectionExpression: `${PARTITION}, ${SORT}` }, limit);
    await this.#calls.deleteAll(items.map((item) => ({ table: this.#table, partition: logPartition(log), sort: textIn(item, SORT) })));
    return items.length;
  }

  #range(log: LogName, comparison: '<' | '>', sort: string) {
    return { TableName: this.#table, KeyConditionExpression: `${PARTITION} = :log AND ${SORT} ${comparison} :sort`, ExpressionAttributeValues: { ':log': text(logPartition(log)), ':sort': text(sort) } };
  }
}
