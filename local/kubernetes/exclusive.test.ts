import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exclusive } from './exclusive.ts';

const PATIENCE_MS = 5000;
let folder: string;
let lock: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'novaedge-lock-'));
  lock = join(folder, 'lock');
});
afterEach(() => { rmSync(folder, { recursive: true }); });

test('tasks under one lock run one after the other', async () => {
  const said: string[] = [];
  const task = (name: string) => async (): Promise<void> => {
    said.push(`${name} begins`);
    await new Promise((resolve) => { setImmediate(resolve); });
    said.push(`${name} ends`);
  };

  await Promise.all([exclusive(lock, PATIENCE_MS, task('a')), exclusive(lock, PATIENCE_MS, task('b'))]);

  expect(said).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

test('a lock whose holder died is taken over', async () => {
  const { pid } = spawnSync('true');
  mkdirSync(lock);
  writeFileSync(join(lock, 'pid'), pid.toString());
  let ran = false;

  await exclusive(lock, PATIENCE_MS, async () => { ran = true; });

  expect(ran).toBe(true);
});

test('a lock that is held for too long is named, and left', async () => {
  mkdirSync(lock);
  writeFileSync(join(lock, 'pid'), process.pid.toString());

  await expect(exclusive(lock, 0, async () => undefined)).rejects.toThrow(`${lock} has been held for 0 s; remove it if nothing else is building`);
  expect(existsSync(lock)).toBe(true);
});

test('a task that fails leaves no lock', async () => {
  await expect(exclusive(lock, PATIENCE_MS, () => Promise.reject(new Error('no')))).rejects.toThrow('no');

  expect(existsSync(lock)).toBe(false);
});
