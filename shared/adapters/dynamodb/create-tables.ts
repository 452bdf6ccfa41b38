import { setTimeout as sleep } from 'node:timers/promises';
import type { AwsClient } from '../aws/index.ts';
import type { TableAnswer } from './api-types.ts';
import { DYNAMODB } from './client.ts';
import type { TableNames, TableSchema } from './table-layout.ts';
import { LEDGER_SCHEMA, REGIONAL_SCHEMA } from './table-layout.ts';

/** A table without items exists after seconds. */
const MAX_WAIT_MS = 60_000;
const LOOK_MS = 50;

/** Creates a region's two tables, for tests and local use; in an account the infrastructure does, from the same schemas. */
export async function createTables(client: AwsClient, names: TableNames): Promise<void> {
  await Promise.all([create(client, names.regional, REGIONAL_SCHEMA), create(client, names.ledger, LEDGER_SCHEMA)]);
}

async function create(client: AwsClient, name: string, { partitionKey, sortKey, indexes }: TableSchema): Promise<void> {
  const attributes = new Set([partitionKey, sortKey, ...indexes.flatMap((index) => [index.partitionKey, index.sortKey])]);
  await client.call(DYNAMODB, 'CreateTable', {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [...attributes].map((attribute) => ({ AttributeName: attribute, AttributeType: 'S' })),
    KeySchema: keySchema(partitionKey, sortKey),
    GlobalSecondaryIndexes: indexes.map((index) => ({ IndexName: index.name, KeySchema: keySchema(index.partitionKey, index.sortKey), Projection: { ProjectionType: 'KEYS_ONLY' } })),
  });
  for (let waitedMs = 0; waitedMs < MAX_WAIT_MS; waitedMs += LOOK_MS) {
    const { Table: table } = await client.call<TableAnswer>(DYNAMODB, 'DescribeTable', { TableName: name });
    if (table?.TableStatus === 'ACTIVE') return;
    await sleep(LOOK_MS);
  }
  throw new Error(`table ${name} does not exist ${MAX_WAIT_MS.toString()} ms after it was created`);
}

const keySchema = (partitionKey: string, sortKey: string) => [{ AttributeName: partitionKey, KeyType: 'HASH' as const }, { AttributeName: sortKey, KeyType: 'RANGE' as const }];
