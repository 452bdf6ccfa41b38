import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Section } from '../../bench/report.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const TIMEOUT_MS = 300_000;

test('the bench measures edits and first synchronizations; how fast anything was is not asked here', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(ROOT, 'bench', 'main.ts'), '--only', 'kubernetes', '--quick', '-o', 'json'], { timeout: TIMEOUT_MS });

  const [section] = JSON.parse(stdout) as readonly Section[];
  expect(section).toMatchObject({ part: 'kubernetes' });
  expect(section?.tables.map(({ rows }) => rows.length)).toEqual([1, 2]);
  expect(stderr).toBe('');
}, TIMEOUT_MS);
