import { CfnOutput, Stack, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { FederationConfig } from '../config/federation-config.ts';
import { ledgerStackName } from '../names.ts';
import { FederationLedger } from './federation-ledger.ts';

/** The federation's own stack, deployed before any member's. */
export class LedgerStack extends Stack {
  constructor(scope: Construct, { federationId, account, ledgerRegion, members }: FederationConfig) {
    super(scope, ledgerStackName(federationId), {
      env: { account, region: ledgerRegion },
      description: `NovaEdge federation ${federationId}: the ledger.`,
      terminationProtection: true,
    });
    const { table } = new FederationLedger(this, 'Ledger', { federationId, regions: members.map(({ awsRegion }) => awsRegion) });
    Tags.of(this).add('novaedge-federation', federationId);
    new CfnOutput(this, 'LedgerTable', { value: table.tableName, description: 'The ledger, by this name in every member\'s region' });
  }
}
