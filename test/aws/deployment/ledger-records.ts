import type { Item } from '../../../shared/adapters/dynamodb/api-types.ts';
import type { EmulatedRegion } from './emulated-region.ts';
import { SERVICES } from './emulated-region.ts';

/** A record of a table's stream, as GetRecords and Lambda give it. */
export interface StreamRecord {
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly dynamodb: { readonly Keys: Item; readonly NewImage?: Item; readonly ApproximateCreationDateTime: number; readonly SequenceNumber: string };
}

export interface RecordsPage { readonly records: readonly StreamRecord[]; readonly next: string | undefined }

/** Where the stream of a table begins. */
export async function firstIterator({ client }: EmulatedRegion, table: string): Promise<string> {
  const { Table } = await client.call<{ Table: { LatestStreamArn: string } }>(SERVICES.dynamodb, 'DescribeTable', { TableName: table });
  const { StreamDescription } = await client.call<{ StreamDescription: { Shards: { ShardId: string }[] } }>(SERVICES.streams, 'DescribeStream', { StreamArn: Table.LatestStreamArn });
  const { ShardIterator } = await client.call<{ ShardIterator: string }>(SERVICES.streams, 'GetShardIterator', { StreamArn: Table.LatestStreamArn, ShardId: StreamDescription.Shards[0]?.ShardId, ShardIteratorType: 'TRIM_HORIZON' });
  return ShardIterator;
}

export async function readRecords({ client }: EmulatedRegion, iterator: string): Promise<RecordsPage> {
  const { Records = [], NextShardIterator } = await client.call<{ Records?: StreamRecord[]; NextShardIterator?: string }>(SERVICES.streams, 'GetRecords', { ShardIterator: iterator });
  return { records: Records, next: NextShardIterator };
}

/** All that is in the stream of a table now. */
export async function allRecords(region: EmulatedRegion, table: string): Promise<readonly StreamRecord[]> {
  const found: StreamRecord[] = [];
  let iterator: string | undefined = await firstIterator(region, table);
  while (iterator !== undefined) {
    const { records, next }: RecordsPage = await readRecords(region, iterator);
    if (records.length === 0) break;
    found.push(...records);
    iterator = next;
  }
  return found;
}
