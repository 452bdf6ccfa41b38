import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly overrides: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const versions = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.overrides };

/** The packages docs/dependencies.md speaks of: the first code span of every table row. */
const described = readFileSync(join(root, 'docs', 'dependencies.md'), 'utf8')
  .split('\n')
  .flatMap((line) => /^\| `([^`]+)` \| (.+) \| (.+) \|$/.exec(line)?.[1] ?? []);

test('every dependency has its line in docs/dependencies.md, and no line is without a dependency', () => {
  expect([...described].sort()).toEqual(Object.keys(versions).sort());
});

test('every dependency is pinned to one exact version', () => {
  const loose = Object.entries(versions).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));

  expect(loose).toEqual([]);
});

test('the generator and its runtime are one version', () => {
  expect(manifest.devDependencies['@bufbuild/protoc-gen-es']).toBe(manifest.dependencies['@bufbuild/protobuf']);
});

test('package-lock.json names no registry and every package in it has a version', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, { resolved?: string; version?: string; optionalDependencies?: Readonly<Record<string, string>> }>>;
  };

  const wrong = Object.entries(packages).filter(([, { resolved, version }]) => resolved !== undefined || version === undefined);
  // npm leaves a platform's package out when the registry it asked did not have it; npm ci then refuses the lock file.
  const unlocked = Object.values(packages)
    .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
    .filter((name) => !Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`)));

  expect(wrong.map(([name]) => name)).toEqual([]);
  expect(unlocked).toEqual([]);
});
