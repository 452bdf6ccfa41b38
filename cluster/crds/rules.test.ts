import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const FILES = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.yaml'));
/** Of what our rules need, what an API server of 1.29 has: macros and functions of CEL itself, and matches of strings. */
const IN_1_29 = new Set(['all', 'duration', 'exists', 'filter', 'has', 'map', 'matches', 'size']);

/** All rules of a definition, wherever they stand in its schema. */
function rulesIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) =>
    (name === 'x-kubernetes-validations' && Array.isArray(inner) ? inner.map(({ rule }: { readonly rule: string }) => rule) : rulesIn(inner)));
}

test('rules call nothing that Kubernetes 1.29, the oldest supported, does not have', () => {
  const rules = FILES.flatMap((file) => rulesIn(parse(readFileSync(join(import.meta.dirname, file), 'utf8'))));
  const called = new Set(rules.flatMap((rule) => [...rule.replaceAll(/'[^']*'/g, '\'\'').matchAll(/([A-Za-z_]\w*)\s*\(/g)].map(([, name]) => name)));

  expect(rules.length).toBeGreaterThan(10);
  expect([...called].filter((name) => name !== undefined && !IN_1_29.has(name))).toEqual([]);
});
