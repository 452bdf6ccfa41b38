import { expect, test } from 'vitest';
import { fuzz } from './fuzz.ts';

test('2,000 hostile bodies are all answered, and the server stays', { timeout: 120_000 }, async () => {
  const report = await fuzz({ seed: 20_261_121, bodies: 2000 });

  expect(report.findings).toEqual([]);
  expect(report.sent).toBe(2000);
  // The bodies reach every stage: reading, checking, running.
  expect(report.codes['ok']).toBeGreaterThan(50);
  expect(report.codes['invalid_argument']).toBeGreaterThan(200);
  expect(report.codes['out_of_range']).toBeGreaterThan(0);
});
