import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installReason, recordInstall } from './ensure-installed.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'novaedge-installed-'));
  writeFileSync(join(root, 'package-lock.json'), '{"one": 1}');
});
afterEach(() => { rmSync(root, { recursive: true, force: true }); });

function installPackages(): void {
  mkdirSync(join(root, 'node_modules', '.bin'), { recursive: true });
  writeFileSync(join(root, 'node_modules', '.bin', 'node'), '');
}

test('a fresh clone needs an install', () => {
  expect(installReason(root)).toBe('node_modules is missing');
});

test('an install that did not come to its end is done again', () => {
  installPackages();

  expect(installReason(root)).toBe('node_modules was not recorded as complete');
});

test('a recorded install is enough, whatever the time of package-lock.json', () => {
  installPackages();
  recordInstall(root);
  utimesSync(join(root, 'package-lock.json'), new Date(4e12), new Date(4e12));

  expect(installReason(root)).toBeUndefined();
});

test('another package-lock.json needs an install', () => {
  installPackages();
  recordInstall(root);
  writeFileSync(join(root, 'package-lock.json'), '{"one": 2}');

  expect(installReason(root)).toBe('package-lock.json has changed');
});

test('a missing Node needs an install', () => {
  installPackages();
  recordInstall(root);
  rmSync(join(root, 'node_modules', '.bin', 'node'));

  expect(installReason(root)).toBe('Node 24 is missing from node_modules');
});
