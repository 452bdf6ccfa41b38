// `npm test`: everything. The check first, then the slow suites one after the other. The last line is
// `N passed, N failed` over all of them; a step or a suite that failed as a whole counts as one failure.
import { check } from './check.mjs';
import { reportStep } from './run-step.mjs';
import { describeCounts, runSuite } from './suites.mjs';

const slowSuites = ['cluster', 'infra', 'acceptance', 'rpc', 'simulation', 'aws', 'e2e', 'kubernetes'];

const total = await check();
for (const suite of slowSuites) {
  console.log(`\n${suite}`);
  const result = await runSuite(suite, { live: true });
  total.passed += result.passed;
  total.failed += result.failed;
  reportStep(suite, result, describeCounts(result));
}
console.log(`\n${String(total.passed)} passed, ${String(total.failed)} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
