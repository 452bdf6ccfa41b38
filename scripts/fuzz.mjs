// `npm run fuzz [-- <runs>]`: the property tests beside the code with many more runs than the check gives
// them. fast-check prints the seed of a failure; put it in the property to replay it.
import { globSync, readFileSync } from 'node:fs';
import { repositoryRoot, runCommand } from './run-step.mjs';

const DEFAULT_RUNS = 10_000;

const runs = Number(process.argv[2] ?? DEFAULT_RUNS);
if (!Number.isSafeInteger(runs) || runs < 1) {
  console.error('Usage: npm run fuzz [-- <runs per property>]; the number of runs is a positive whole number.');
  process.exitCode = 2;
} else {
  const tests = globSync('{shared,functions,cluster,cli,local}/**/*.test.ts', { cwd: repositoryRoot });
  const properties = tests.filter((path) => readFileSync(`${repositoryRoot}/${path}`, 'utf8').includes('fast-check'));
  if (properties.length === 0) {
    console.error('No unit test uses fast-check: there is nothing to fuzz.');
    process.exitCode = 1;
  } else {
    console.log(`${String(properties.length)} files, ${String(runs)} runs per property`);
    process.env.NOVAEDGE_FUZZ_RUNS = String(runs);
    const { ok } = await runCommand('vitest', ['run', '--project', 'unit', ...properties], { live: true });
    process.exitCode = ok ? 0 : 1;
  }
}
