import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ESLint } from 'eslint';
import { afterEach, describe, expect, test } from 'vitest';
import { architecture } from '../../eslint.config.js';

/** Files every tree holds, so that an import of them resolves. Written after the tree's own files. */
const folders = [
  'shared/model', 'shared/ports', 'shared/replica', 'shared/wire', 'shared/adapters', 'shared/rpc',
  'proto/gen', 'functions', 'infra', 'cluster', 'local', 'cli', 'test', 'bench', 'scripts',
] as const;
type Folder = (typeof folders)[number]

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

/** Lints a small repository made of `files` and answers `path: rule` for everything found in it. */
async function lintTree(files: Readonly<Record<string, string>>): Promise<string[]> {
  const root = mkdtempSync(join(tmpdir(), 'novaedge-imports-'));
  roots.push(root);
  const placeholders = folders.map((folder) => [`${folder}/thing.ts`, 'export const thing = 1\n'] as const);
  for (const [path, text] of [...placeholders, ...Object.entries(files)]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const eslint = new ESLint({ cwd: root, overrideConfigFile: true, baseConfig: architecture(root) });
  const results = await eslint.lintFiles(Object.keys(files));
  return results.flatMap(({ filePath, messages }) =>
    messages.map(({ ruleId, message }) => `${filePath.slice(root.length + 1)}: ${ruleId ?? message}`));
}

const importing = (from: Folder, to: Folder) =>
  ({ [`${from}/probe.ts`]: `export { thing } from '${'../'.repeat(from.split('/').length)}${to}/thing.ts'\n` });

const direction = (from: Folder) => [`${from}/probe.ts: import-x/no-restricted-paths`];

describe('import direction', () => {
  // Who may import whom, written out a second time: a change of the rules has to be made in both places.
  const shared: Folder[] = ['shared/model', 'shared/ports', 'shared/replica', 'shared/wire', 'shared/adapters', 'shared/rpc'];
  const table: Record<Folder, readonly Folder[]> = {
    'shared/model': [],
    'shared/ports': shared.slice(0, 1),
    'shared/replica': shared.slice(0, 2),
    'shared/wire': [...shared.slice(0, 3), 'proto/gen'],
    'shared/adapters': [...shared.slice(0, 4), 'proto/gen'],
    'shared/rpc': [...shared.slice(0, 5), 'proto/gen'],
    functions: [...shared, 'proto/gen'],
    infra: [...shared, 'proto/gen', 'functions'],
    cluster: [...shared, 'proto/gen'],
    local: [...shared, 'proto/gen', 'cluster', 'cli'],
    cli: [...shared, 'proto/gen'],
    test: folders,
    bench: folders,
    scripts: folders,
    'proto/gen': folders,
  };

  test.each(folders.filter((folder) => folder !== 'proto/gen'))('%s imports what it may and nothing else', async (from) => {
    for (const to of folders) {
      const found = await lintTree(importing(from, to));

      const allowed = to === from || table[from].includes(to);
      expect(found, `${from} importing ${to}`).toEqual(allowed ? [] : direction(from));
    }
  });

  test('a type-only import counts as an import', async () => {
    const found = await lintTree({ 'shared/model/probe.ts': "export type { thing } from '../replica/thing.ts'\n" });

    expect(found).toEqual(direction('shared/model'));
  });

  test('a unit test beside the code may import what it needs, and nobody imports it', async () => {
    const found = await lintTree({
      'shared/replica/probe.test.ts': "export { thing } from '../adapters/thing.ts'\n",
      'shared/replica/probe.ts': "export { thing } from './probe.test.ts'\n",
    });

    expect(found).toEqual(['shared/replica/probe.ts: no-restricted-imports']);
  });
});

describe('cycles', () => {
  test('two files that import each other fail', async () => {
    const found = await lintTree({
      'shared/model/a.ts': "import { b } from './b.ts'\nexport const a = () => b\n",
      'shared/model/b.ts': "import { a } from './a.ts'\nexport const b = () => a\n",
    });

    expect(found).toEqual(['shared/model/a.ts: import-x/no-cycle', 'shared/model/b.ts: import-x/no-cycle']);
  });

  test('a longer way round fails as well', async () => {
    const found = await lintTree({
      'cli/a.ts': "import { b } from './b.ts'\nexport const a = () => b\n",
      'cli/b.ts': "export { c as b } from './c.ts'\n",
      'cli/c.ts': "import { a } from './a.ts'\nexport const c = () => a\n",
    });

    expect(found).toEqual(['a', 'b', 'c'].map((file) => `cli/${file}.ts: import-x/no-cycle`));
  });

  test('a chain without a way back passes', async () => {
    const found = await lintTree({
      'shared/model/a.ts': "import { b } from './b.ts'\nexport const a = () => b\n",
      'shared/model/b.ts': 'export const b = 1\n',
    });

    expect(found).toEqual([]);
  });
});

describe('purity', () => {
  const impure = {
    'Date.now()': 'export const now = Date.now()\n',
    'new Date()': 'export const now = new Date()\n',
    'Math.random': 'export const draw = Math.random()\n',
    setTimeout: 'setTimeout(() => undefined, 1)\n',
    'process.env': 'export const home = process.env.HOME\n',
    'crypto.randomUUID': 'export const id = crypto.randomUUID()\n',
    'an imported randomBytes': "import { randomBytes } from 'node:crypto'\nexport const salt = randomBytes(8)\n",
    'randomBytes of a namespace': "import * as crypto from 'node:crypto'\nexport const salt = crypto.randomBytes(8)\n",
    'import()': "export const later = import('./thing.ts')\n",
  };

  test.each(Object.entries(impure))('%s fails in the pure folders and in no other', async (_name, text) => {
    const pure = ['shared/model', 'shared/ports', 'shared/replica'];

    const found = await lintTree(Object.fromEntries(
      [...pure, 'shared/adapters', 'cli'].map((folder) => [`${folder}/probe.ts`, text]).concat([['shared/model/probe.test.ts', text]]),
    ));

    const places = new Set(found.map((line) => line.slice(0, line.indexOf('/probe'))));
    expect([...places].sort()).toEqual([...pure].sort());
    expect(found.filter((line) => !line.includes('no-restricted-'))).toEqual([]);
    expect(found.filter((line) => line.includes('.test.ts'))).toEqual([]);
  });

  test('a date made from an argument passes', async () => {
    expect(await lintTree({ 'shared/model/probe.ts': 'export const at = (ms: number) => new Date(ms)\n' })).toEqual([]);
  });

  test.each([
    ["import { readFileSync } from 'node:fs'\nexport const probe = readFileSync\n", false],
    ["import * as z from 'zod'\nexport const probe = z\n", false],
    ["import type { Message } from '@bufbuild/protobuf'\nexport type Probe = Message\n", false],
    ["import { createHash } from 'node:crypto'\nexport const probe = createHash\n", true],
    ["import canonicalize from 'canonicalize'\nexport const probe = canonicalize\n", true],
  ])('shared/model with %j: allowed is %s', async (text, allowed) => {
    const found = await lintTree({ 'shared/model/probe.ts': text });

    expect(found).toEqual(allowed ? [] : ['shared/model/probe.ts: no-restricted-imports']);
  });
});

test('the house lints with these rules', async () => {
  const root = join(import.meta.dirname, '..', '..');
  const eslint = new ESLint({ cwd: root, overrideConfigFile: join(root, 'eslint.config.js') });

  const { rules } = await eslint.calculateConfigForFile(join(root, 'shared', 'model', 'probe.ts')) as { rules: Record<string, unknown[]> };

  for (const rule of [
    'import-x/no-cycle', 'import-x/no-restricted-paths', 'no-restricted-imports', 'no-restricted-syntax', 'no-restricted-globals',
    '@typescript-eslint/no-explicit-any', '@typescript-eslint/no-non-null-assertion', '@typescript-eslint/no-floating-promises',
    '@typescript-eslint/no-misused-promises', '@typescript-eslint/switch-exhaustiveness-check', '@typescript-eslint/consistent-type-imports',
  ]) expect(rules[rule]?.[0], rule).toBe(2);
});
