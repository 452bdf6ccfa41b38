/**
 * The part of DynamoDB's JSON protocol that the adapter speaks, as it stands on the wire; every name is AWS's
 * (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/).
 */
export interface AttributeValue {
  readonly S?: string;
  /** A number as text. */
  readonly N?: string;
  /** Bytes in base64. */
  readonly B?: string;
}

/** An item, or the key of one. */
export type Item = Readonly<Record<string, AttributeValue>>;

interface Table { readonly TableName: string }
interface Values {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
}
export interface Condition extends Values { readonly ConditionExpression?: string }

export interface PutInput extends Table, Condition { readonly Item: Item }
export interface DeleteInput extends Table, Condition { readonly Key: Item }
export interface UpdateInput extends Table, Condition { readonly Key: Item; readonly UpdateExpression: string }
export interface CheckInput extends Table, Values { readonly Key: Item; readonly ConditionExpression: string }

/** One write of a transaction. */
export interface TransactWriteItem { readonly Put?: PutInput; readonly Delete?: DeleteInput; readonly Update?: UpdateInput; readonly ConditionCheck?: CheckInput }

interface Read extends Table, Values {
  readonly IndexName?: string;
  readonly ConsistentRead?: boolean;
  readonly ProjectionExpression?: string;
  readonly FilterExpression?: string;
  readonly Limit?: number;
  readonly ExclusiveStartKey?: Item;
}
export type ScanInput = Read;
export interface QueryInput extends Read { readonly KeyConditionExpression?: string; readonly ScanIndexForward?: boolean }

export interface ConsumedCapacity { readonly CapacityUnits?: number }
/** `ReturnConsumedCapacity: TOTAL`: one for a table, a list for several. */
export interface Consumed { readonly ConsumedCapacity?: ConsumedCapacity | readonly ConsumedCapacity[] }
export interface ItemAnswer extends Consumed { readonly Item?: Item }
export interface ItemsAnswer extends Consumed { readonly Items?: readonly Item[]; readonly LastEvaluatedKey?: Item }
export interface TransactGetAnswer extends Consumed { readonly Responses?: readonly { readonly Item?: Item }[] }
export interface BatchGetAnswer extends Consumed {
  readonly Responses?: Readonly<Record<string, readonly Item[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys?: readonly Item[] }>>;
}
export interface BatchWriteAnswer extends Consumed {
  readonly UnprocessedItems?: Readonly<Record<string, readonly { readonly DeleteRequest?: { readonly Key?: Item } }[]>>;
}
export interface TableAnswer { readonly Table?: { readonly TableId?: string; readonly TableStatus?: string } }
