import { expect, test } from 'vitest';
import { countReport, describeCounts } from './suites.mjs';

const report = (counts: object, testResults: object[] = []) =>
  ({ numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults, ...counts });

test('a good run counts its tests', () => {
  const counts = countReport(report({ numPassedTests: 3, numPendingTests: 1 }), true);

  expect(counts).toEqual({ passed: 3, failed: 0, skipped: 1, problem: undefined });
  expect(describeCounts(counts)).toBe('3 passed, 0 failed, 1 skipped');
});

test('failed tests are counted once, in a file that failed because of them', () => {
  const files = [{ status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] }];

  expect(countReport(report({ numPassedTests: 1, numFailedTests: 1 }, files), false)).toMatchObject({ passed: 1, failed: 1 });
});

test('a file that could not be loaded is a failure', () => {
  const files = [{ status: 'failed', assertionResults: [] }];

  expect(countReport(report({ numPassedTests: 5 }, files), false)).toMatchObject({ passed: 5, failed: 1 });
});

test.each([
  ['ran no tests', report({}), true],
  ['ran no tests', report({ numPendingTests: 4 }), true],
  ['failed outside its tests', report({ numPassedTests: 4 }), false],
  ['wrote no report', undefined, false],
])('a suite that %s fails', (problem, given, exitedWell) => {
  const counts = countReport(given, exitedWell);

  expect(counts).toMatchObject({ failed: 1, problem });
  expect(describeCounts(counts)).toContain(`1 failed`);
});
