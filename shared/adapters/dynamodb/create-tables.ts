import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import type { TableNames, TableSchema } from './table-layout.ts';
import { LEDGER_SCHEMA, REGIONAL_SCHEMA } from './table-layout.ts';

/** A table without indexes exists after seconds. */
const MAX_WAIT_SECONDS = 60;

/** Creates a region's two tables, for tests and local use; in an account the infrastructure does, from the same schemas. */
export async function createTables(client: DynamoDBClient, names: TableNames): Promise<void> {
  await Promise.all([create(client, names.regional, REGIONAL_SCHEMA), create(client, names.ledger, LEDGER_SCHEMA)]);
}

async function create(client: DynamoDBClient, name: string, { partitionKey, sortKey, indexes }: TableSchema): Promise<void> {
  const attributes = new Set([partitionKey, sortKey, ...indexes.flatMap((index) => [index.partitionKey, index.sortKey])]);
  await client.send(new CreateTableCommand({
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [...attributes].map((attribute) => ({ AttributeName: attribute, AttributeType: 'S' })),
    KeySchema: keySchema(partitionKey, sortKey),
    GlobalSecondaryIndexes: indexes.map((index) => ({ IndexName: index.name, KeySchema: keySchema(index.partitionKey, index.sortKey), Projection: { ProjectionType: 'KEYS_ONLY' } })),
  }));
  await waitUntilTableExists({ client, maxWaitTime: MAX_WAIT_SECONDS }, { TableName: name });
}

const keySchema = (partitionKey: string, sortKey: string) => [{ AttributeName: partitionKey, KeyType: 'HASH' as const }, { AttributeName: sortKey, KeyType: 'RANGE' as const }];
