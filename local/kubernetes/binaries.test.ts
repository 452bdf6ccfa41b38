import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { binaries } from './binaries.ts';

const VARIABLES = ['KUBEBUILDER_ASSETS', 'XDG_CACHE_HOME', 'PATH'] as const;
const before = VARIABLES.map((name) => [name, process.env[name]] as const);
let folder: string;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'novaedge-binaries-'));
  said = [];
  // An empty cache, and no Go.
  Object.assign(process.env, { XDG_CACHE_HOME: join(folder, 'cache'), PATH: join(folder, 'nothing'), KUBEBUILDER_ASSETS: '' });
});
afterEach(() => {
  for (const [name, value] of before) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
  rmSync(folder, { recursive: true });
});
const say = (text: string): void => { said.push(text); };

test('programs in KUBEBUILDER_ASSETS go before our own', async () => {
  const assets = join(folder, 'assets');
  mkdirSync(assets);
  for (const program of ['etcd', 'kubectl']) writeFileSync(join(assets, program), '');
  process.env['KUBEBUILDER_ASSETS'] = assets;

  expect(await binaries(['etcd', 'kubectl'], say)).toEqual({ etcd: join(assets, 'etcd'), kubectl: join(assets, 'kubectl') });
  expect(said).toEqual([]);
});

test('a machine with neither Go nor the programs is told so in one sentence, and nothing half-built is left', async () => {
  await expect(binaries(['kube-apiserver'], say)).rejects.toThrow(
    /^kube-apiserver is neither in KUBEBUILDER_ASSETS nor built yet, and Go, which would build it, is not installed: install Go 1\.25 or newer, or set KUBEBUILDER_ASSETS to a folder that has it$/,
  );
  expect(readdirSync(join(folder, 'cache'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())).toEqual([]);
});
