import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

/** A repository with the real launcher and a program that shows what reaches it. */
const program = `
const word: string | undefined = process.argv[2]
if (word === 'wait') {
  process.on('SIGTERM', () => process.exit(7))
  setInterval(() => undefined, 1000)
  console.log('ready')
} else if (word === 'die') process.kill(process.pid, 'SIGKILL')
else {
  console.log(JSON.stringify({ node: process.version, words: process.argv.slice(2) }))
  process.exitCode = 3
}
`;
let copy: string;
let launcher: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'novaedge-novactl-'));
  mkdirSync(join(copy, 'cli'));
  writeFileSync(join(copy, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(copy, 'cli', 'main.ts'), program);
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  launcher = join(copy, 'cli', 'novactl.mjs');
  copyFileSync(join(root, 'cli', 'novactl.mjs'), launcher);
});
afterAll(() => { rmSync(copy, { recursive: true, force: true }); });

test('runs the program on Node 24 with the words given, and passes its exit code on', () => {
  const { stdout, status } = spawnSync(process.execPath, [launcher, 'get', '--all'], { encoding: 'utf8' });

  expect(JSON.parse(stdout)).toEqual({ node: expect.stringMatching(/^v24\./), words: ['get', '--all'] });
  expect(status).toBe(3);
});

test('passes a signal on and waits for the program to end', async () => {
  const child = spawn(process.execPath, [launcher, 'wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  child.kill('SIGTERM');

  expect(await ended).toEqual([7, null]);
});

test('a program ended by a signal gives 128 and the number of the signal', () => {
  expect(spawnSync(process.execPath, [launcher, 'die']).status).toBe(128 + 9);
});
