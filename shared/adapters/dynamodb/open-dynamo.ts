import type { Member } from '../../model/ids.ts';
import type { AwsClient } from '../aws/index.ts';
import { Calls } from './calls.ts';
import type { UnreadableItem } from './dynamo-ledger.ts';
import { DynamoLedger } from './dynamo-ledger.ts';
import { DynamoStore } from './dynamo-store.ts';
import type { PatienceOptions } from './patience.ts';
import { Patience } from './patience.ts';
import type { TableNames } from './table-layout.ts';

export interface DynamoOptions extends PatienceOptions {
  /** Makes no attempts of its own, or a write whose answer was lost would meet its own result and be taken for stale. */
  readonly client: AwsClient;
  readonly tables: TableNames;
  readonly member: Member;
  /** Told of items of the ledger that cannot be read; they are left out. */
  readonly onUnreadable?: (item: UnreadableItem) => void;
}

/** A member's store and ledger over its region's tables. */
export function openDynamo({ client, tables, member, onUnreadable, ...patience }: DynamoOptions): { readonly store: DynamoStore; readonly ledger: DynamoLedger } {
  const calls = (): Calls => new Calls(client, new Patience(patience));
  return { store: new DynamoStore(calls(), tables, member), ledger: new DynamoLedger(calls(), tables.ledger, member, onUnreadable) };
}
