import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CATALOG, FUNCTION_NAMES, JOBS } from './catalog.ts';

const entries = Object.values(CATALOG);

test.each(entries.map((entry) => [entry.name, entry.entry] as const))('%s has its handler in %s', (_name, entry) => {
  expect(existsSync(join(import.meta.dirname, '..', entry))).toBe(true);
});

test('every function is named once, under its own name', () => {
  expect(entries.map(({ name }) => name)).toEqual([...FUNCTION_NAMES]);
  expect(Object.keys(CATALOG)).toEqual([...FUNCTION_NAMES]);
});

test('every job is started by its tick, and nothing else is', () => {
  const ticked = entries.flatMap(({ name, triggers }) => triggers.flatMap((trigger) => (trigger.kind === 'event' && trigger.job !== undefined ? [[name, trigger.job]] : [])));

  expect(ticked).toEqual(JOBS.map((job) => [job, job]));
});

test('no handler lives longer than half of what a delete is kept for at least', () => {
  expect(Math.max(...entries.map(({ timeoutSeconds }) => timeoutSeconds))).toBeLessThanOrEqual(10 * 60);
});
