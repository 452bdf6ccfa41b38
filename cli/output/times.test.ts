import { expect, test } from 'vitest';
import { formatAgo, formatLag } from './times.ts';

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

test.each([
  [0, '0s ago'], [3 * SECOND + 900, '3s ago'], [MINUTE - 1, '59s ago'], [2 * MINUTE, '2m ago'], [HOUR - 1, '59m ago'], [5 * HOUR, '5h ago'], [DAY - 1, '23h ago'], [12 * DAY, '12d ago'], [-5 * SECOND, '0s ago'],
])('%i ms is %s', (ms, text) => {
  expect(formatAgo(1e12 - ms, 1e12)).toBe(text);
});

test.each([
  [undefined, '-'], [0, '0s'], [40, '0s'], [1200, '1.2s'], [2100, '2.1s'], [9999, '10s'], [90 * SECOND, '1m30s'], [2 * MINUTE, '2m'], [3 * HOUR, '3h'],
])('a lag of %s ms is %s', (ms, text) => {
  expect(formatLag(ms)).toBe(text);
});

test('never is a dash', () => { expect(formatAgo(undefined, 1e12)).toBe('-'); });
