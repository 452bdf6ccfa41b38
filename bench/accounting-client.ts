import type { AwsService } from '../shared/adapters/aws/index.ts';
import { AwsClient } from '../shared/adapters/aws/index.ts';
import type { AttributeValue, Item, TransactWriteItem } from '../shared/adapters/dynamodb/api-types.ts';
import { DYNAMODB } from '../shared/adapters/dynamodb/client.ts';
import { PARTITION, SORT } from '../shared/adapters/dynamodb/table-layout.ts';

/** What a write unit pays for. */
const UNIT_BYTES = 1024;
/** DynamoDB prepares an item of a transaction and writes it. */
const TRANSACTION_FACTOR = 2;

/** Where an item stands, or would. */
interface Place { readonly TableName: string; readonly Key: Item }

/**
 * A client that reckons write units by itself, from what is asked and what stands in the table: by AWS's rules for the size of an item
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html), every begun kilobyte of the larger of an
 * item before and after, twice in a transaction. It looks at each item before and after, which no product does, and nobody else may write meanwhile.
 */
export class AccountingClient extends AwsClient {
  /** Write units so far of what was carried out. */
  writeUnits = 0;

  override async call<Answer>(service: AwsService, action: string, input: object, signal?: AbortSignal): Promise<Answer> {
    const places = service.name === DYNAMODB.name ? written(action, input) : [];
    const before = await this.#sizes(places);
    const answer = await super.call<Answer>(service, action, input, signal);
    const after = await this.#sizes(places);
    const factor = action === 'TransactWriteItems' ? TRANSACTION_FACTOR : 1;
    for (const [at, bytes] of before.entries()) this.writeUnits += factor * Math.max(1, Math.ceil(Math.max(bytes, after[at] ?? 0) / UNIT_BYTES));
    return answer;
  }

  #sizes(places: readonly Place[]): Promise<readonly number[]> {
    return Promise.all(places.map(async (place) => itemBytes((await super.call<{ readonly Item?: Item }>(DYNAMODB, 'GetItem', { ...place, ConsistentRead: true })).Item ?? {})));
  }
}

/** The items that a call writes, or whose condition a transaction checks, which costs as much. */
function written(action: string, input: object): readonly Place[] {
  switch (action) {
    case 'PutItem':
      return placesOf({ Put: input } as TransactWriteItem);
    case 'UpdateItem':
      return placesOf({ Update: input } as TransactWriteItem);
    case 'DeleteItem':
      return placesOf({ Delete: input } as TransactWriteItem);
    case 'TransactWriteItems':
      return (input as { readonly TransactItems: readonly TransactWriteItem[] }).TransactItems.flatMap(placesOf);
    case 'BatchWriteItem':
      return Object.entries((input as { readonly RequestItems: Readonly<Record<string, readonly { readonly DeleteRequest: { readonly Key: Item } }[]>> }).RequestItems)
        .flatMap(([TableName, requests]) => requests.map(({ DeleteRequest: { Key } }) => ({ TableName, Key })));
    default:
      return [];
  }
}

function placesOf({ Put, ...rest }: TransactWriteItem): readonly Place[] {
  if (Put !== undefined) return [{ TableName: Put.TableName, Key: keyOf(Put.Item) }];
  const keyed = rest.Update ?? rest.Delete ?? rest.ConditionCheck;
  return keyed === undefined ? [] : [{ TableName: keyed.TableName, Key: keyed.Key }];
}

const keyOf = ({ [PARTITION]: partition = {}, [SORT]: sort = {} }: Item): Item => ({ [PARTITION]: partition, [SORT]: sort });

/** Names of attributes count as well as their values. */
const itemBytes = (item: Item): number => Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);

function valueBytes({ S, N, B }: AttributeValue): number {
  if (S !== undefined) return Buffer.byteLength(S);
  if (B !== undefined) return Buffer.from(B, 'base64').length;
  // Two digits a byte, and one more.
  return N === undefined ? 0 : Math.ceil(N.replace(/[-.]/g, '').length / 2) + 1;
}
