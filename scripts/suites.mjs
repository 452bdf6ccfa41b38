// Runs one vitest project (a suite, see vitest.config.ts) and counts its tests from its JSON report.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './run-step.mjs';

/**
 * Counts a vitest JSON report. A file that could not be run counts as one failure; so does a suite
 * without a single passed or failed test, a missing report, and an error outside any test.
 */
export function countReport(report, exitedWell) {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0, problem: 'wrote no report' };
  const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'));
  const passed = report.numPassedTests;
  const failed = report.numFailedTests + brokenFiles.length;
  const skipped = report.numPendingTests + report.numTodoTests;
  if (passed + failed === 0) return { passed, failed: 1, skipped, problem: 'ran no tests' };
  if (failed === 0 && !exitedWell) return { passed, failed: 1, skipped, problem: 'failed outside its tests' };
  return { passed, failed, skipped, problem: undefined };
}

/** Runs a suite; `live` shows vitest's own progress as it goes. */
export async function runSuite(suite, { live = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'novaedge-report-'));
  const reportPath = join(folder, 'report.json');
  try {
    const args = ['run', '--project', suite, '--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`];
    const result = await runCommand('vitest', args, { live });
    const counts = countReport(readReport(reportPath), result.ok);
    return { ...result, ...counts, ok: counts.failed === 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `12 passed, 0 failed`, with what was skipped and what went wrong where there is something to say. */
export function describeCounts({ passed, failed, skipped, problem }) {
  const parts = [`${String(passed)} passed`, `${String(failed)} failed`];
  if (skipped > 0) parts.push(`${String(skipped)} skipped`);
  return problem === undefined ? parts.join(', ') : `${parts.join(', ')} (${problem})`;
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // Not written: vitest did not get that far. countReport turns it into a failure.
  }
}
