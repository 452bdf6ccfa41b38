import { AwsSolutionsChecks } from 'cdk-nag';
import { App, Validations } from 'aws-cdk-lib';
import type { AppProps } from 'aws-cdk-lib';
import type { FederationConfig } from './config/federation-config.ts';
import { LedgerStack } from './ledger/ledger-stack.ts';
import type { CodeOf } from './region/functions/federation-function.ts';
import { RegionStack } from './region/region-stack.ts';

/** The stacks of a federation: the ledger's, and one for each member, none of which depends on another's. */
export class FederationApp extends App {
  readonly ledger: LedgerStack;
  readonly regions: readonly RegionStack[];

  constructor(config: FederationConfig, codeOf: CodeOf, props?: AppProps) {
    super(props);
    this.ledger = new LedgerStack(this, config);
    this.regions = config.members.map((member) => new RegionStack(this, config, member, codeOf));
    // A finding that is not acknowledged with a reason fails synthesis.
    Validations.of(this).addPlugins(new AwsSolutionsChecks(this));
  }
}
