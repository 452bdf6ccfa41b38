import { RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { AttributeType, Billing, ProjectionType, StreamViewType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { LEDGER_SCHEMA } from '../../shared/adapters/dynamodb/table-layout.ts';
import { ledgerTableName } from '../names.ts';

export interface FederationLedgerProps {
  readonly federationId: string;
  /** AWS regions that hold a replica; the stack's own is one of them whether it is listed or not. */
  readonly regions: readonly string[];
}

/**
 * The ledger of a federation: a DynamoDB global table with one clock row for each member, and deletes. Every member's stack finds its
 * region's replica by name. Its stack needs an explicit region.
 *
 * Items have one writer each, so last-writer-wins between regions never loses one. The table outlives its stack, can be put back to any
 * second of the last 35 days, and is not deleted by accident.
 */
export class FederationLedger extends Construct {
  readonly table: TableV2;

  /** @throws Error where the stack has no region of its own */
  constructor(scope: Construct, id: string, { federationId, regions }: FederationLedgerProps) {
    super(scope, id);
    const home = Stack.of(this).region;
    if (Token.isUnresolved(home)) throw new Error('FederationLedger needs a stack with env.region: the regions of the replicas depend on it');
    const { partitionKey, sortKey, indexes } = LEDGER_SCHEMA;
    this.table = new TableV2(this, 'Table', {
      tableName: ledgerTableName(federationId),
      partitionKey: text(partitionKey),
      sortKey: text(sortKey),
      globalSecondaryIndexes: indexes.map((index) => ({ indexName: index.name, partitionKey: text(index.partitionKey), sortKey: text(index.sortKey), projectionType: ProjectionType.KEYS_ONLY })),
      billing: Billing.onDemand(),
      // Replicas bring it with them; one region alone rings doorbells as well.
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      replicas: [...new Set(regions)].filter((region) => region !== home).sort().map((region) => ({ region })),
    });
  }
}

const text = (name: string) => ({ name, type: AttributeType.STRING });
