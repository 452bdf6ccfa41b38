import { resolve } from 'node:path';
import { App } from 'aws-cdk-lib';
import { bundledCode } from './bundled-code.ts';
import { ConfigError, readConfig } from './config/read-config.ts';
import { FederationApp } from './federation-app.ts';

const DEFAULT_CONFIG = 'federation.aws.yaml';

/** What `cdk` runs: reads the configuration (`-c config=PATH`), builds the bundles, writes the templates. */
try {
  // An app of its own that writes nothing: only it knows how the context gets here.
  const given: unknown = new App({ autoSynth: false }).node.tryGetContext('config');
  const config = readConfig(resolve(typeof given === 'string' ? given : DEFAULT_CONFIG));
  new FederationApp(config, await bundledCode()).synth();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
