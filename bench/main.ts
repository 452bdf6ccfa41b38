import { OptionError, USAGE, readOptions } from './options.ts';
import type { BenchOptions, Part } from './options.ts';
import { asJson, asText } from './report.ts';
import type { Section } from './report.ts';
import { measureAntiEntropy } from './anti-entropy.ts';
import { measureCommits } from './commits.ts';
import { measureCosts } from './costs/costs.ts';
import { measureDeploy } from './deploy/deploy.ts';
import { measureFunctions } from './functions.ts';
import { measureKubernetes } from './kubernetes/kubernetes.ts';
import { measureVisible } from './visible.ts';
import { measureWriteUnits } from './write-units.ts';

const MEASURES: Readonly<Record<Part, (quick: boolean) => Promise<Section>>> = {
  visible: measureVisible,
  commits: measureCommits,
  units: measureWriteUnits,
  'anti-entropy': measureAntiEntropy,
  functions: measureFunctions,
  deploy: measureDeploy,
  costs: measureCosts,
  kubernetes: measureKubernetes,
};

async function run({ parts, quick, output }: BenchOptions): Promise<void> {
  const sections: Section[] = [];
  for (const part of parts) {
    const section = await MEASURES[part](quick);
    sections.push(section);
    if (output === 'text') console.log(`${asText(section)}\n`);
  }
  if (output === 'json') console.log(asJson(sections));
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) console.log(USAGE);
  else await run(options);
} catch (error) {
  if (!(error instanceof OptionError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
