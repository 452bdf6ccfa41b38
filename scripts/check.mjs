// `npm run check`: lint, types, proto, unit and house tests, in under a minute. One line per step.
import { pathToFileURL } from 'node:url';
import { describeCounts, runSuite } from './suites.mjs';
import { reportStep, runCommand } from './run-step.mjs';

const steps = {
  // Cached by content, for the inner loop; a clean checkout has no cache and looks at everything.
  lint: () => runCommand('eslint', ['.', '--max-warnings', '0', '--cache', '--cache-strategy', 'content', '--cache-location', 'node_modules/.cache/eslint/']),
  types: () => runCommand('tsc', ['--noEmit']),
  proto: () => runCommand('node', ['scripts/proto.mjs', 'check']),
  unit: () => runSuite('unit'),
  house: () => runSuite('house'),
};

// Two lanes for two cores: the linter takes one of them for as long as all the others take the second.
const lanes = [['lint'], ['types', 'proto', 'unit', 'house']];

/** Runs everything, even after a failure, and answers with the tests counted; a failed step counts as one. */
export async function check() {
  const total = { passed: 0, failed: 0 };
  const run = async (name) => {
    const result = await steps[name]();
    const counted = 'passed' in result;
    total.passed += counted ? result.passed : 0;
    total.failed += counted ? result.failed : Number(!result.ok);
    reportStep(name, result, counted ? describeCounts(result) : '');
  };
  const inOrder = async (names) => { for (const name of names) await run(name); };
  await Promise.all(lanes.map(inOrder));
  return total;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const started = performance.now();
  const { failed } = await check();
  console.log(`${failed === 0 ? 'ok    ' : 'FAILED'}  check        ${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s`);
  process.exitCode = failed === 0 ? 0 : 1;
}
