import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, ProjectionType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { REGIONAL_SCHEMA } from '../../../shared/adapters/dynamodb/table-layout.ts';

export interface RegionalTableProps {
  /** The table to work with instead of the own one, which stays as it is. */
  readonly restoredTable: string | undefined;
}

/**
 * A member's table: rows, logs, all it knows (docs/storage.md). It has no time to live, because a log's floor moves before its segments
 * go. It outlives its stack, and CloudFormation names it: a stack that comes back makes another, and `restoredTable` leads to the kept one.
 */
export class RegionalTable extends Construct {
  /** The table that the functions work with. */
  readonly table: { readonly tableName: string; readonly tableArn: string };

  constructor(scope: Construct, id: string, { restoredTable }: RegionalTableProps) {
    super(scope, id);
    const { partitionKey, sortKey, indexes } = REGIONAL_SCHEMA;
    const own = new TableV2(this, 'Table', {
      partitionKey: text(partitionKey),
      sortKey: text(sortKey),
      globalSecondaryIndexes: indexes.map((index) => ({ indexName: index.name, partitionKey: text(index.partitionKey), sortKey: text(index.sortKey), projectionType: ProjectionType.KEYS_ONLY })),
      billing: Billing.onDemand(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.table = restoredTable === undefined ? own : TableV2.fromTableName(this, 'Restored', restoredTable);
  }
}

const text = (name: string) => ({ name, type: AttributeType.STRING });
