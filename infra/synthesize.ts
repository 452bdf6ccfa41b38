import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import type { AppProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { FederationConfig } from './config/federation-config.ts';
import { readConfig } from './config/read-config.ts';
import { FederationApp } from './federation-app.ts';
import { LedgerStack } from './ledger/ledger-stack.ts';

/** For tests: the configuration of docs/examples/aws. */
export const exampleConfig = (): FederationConfig => readConfig(join(import.meta.dirname, '..', 'docs', 'examples', 'aws', 'federation.aws.yaml'));

/** For tests: the stacks of a configuration, with a line that names the entry where a bundle would be. */
export function federationOf(config: FederationConfig, props?: AppProps): FederationApp {
  return new FederationApp(config, ({ entry }) => Code.fromInline(`// ${entry}`), props);
}

export interface Synthesized { readonly ledger: Template; readonly regions: readonly Template[] }

/** For tests: the templates of a federation. */
export function synthesize(config: FederationConfig): Synthesized {
  const app = federationOf(config);
  return { ledger: Template.fromStack(app.ledger), regions: app.regions.map((region) => Template.fromStack(region)) };
}

let example: Synthesized | undefined;

/** For tests: the example's templates, synthesized once for all of them. */
export const exampleFederation = (): Synthesized => (example ??= synthesize(exampleConfig()));

/** For tests: the ledger's template alone. */
export const ledgerOf = (config: FederationConfig): Template => Template.fromStack(new LedgerStack(new App(), config));
