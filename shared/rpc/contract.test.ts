import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Rule } from './authorization.ts';
import { AUTHORIZATION } from './authorization.ts';
import type { Role } from './caller.ts';
import { ROLES } from './caller.ts';
import { ERROR_CODES } from './error-codes.ts';
import { SERVICES } from './methods.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (...path: readonly string[]): string => readFileSync(join(root, ...path), 'utf8');

/** How the .proto files say each rule. */
const WORDS: Readonly<Record<Rule, RegExp>> = {
  'listed-peer': /May be called by: peers that the spec in force lists as members\./,
  'local-bridge': /May be called by: the bridge of the local member\./,
  'member-agent': /May be called by: agents of a member that the spec in force lists, the local one included\./,
  viewer: /May be called by: operators \(viewer or admin\)\./,
  admin: /May be called by: operators \(admin\)\./,
};

const rulesOf = (role: Role): Readonly<Record<string, Rule>> => AUTHORIZATION[role];

describe('who may call a method', () => {
  const methods = ROLES.flatMap((role) => SERVICES[role].methods.map((method) => [`${SERVICES[role].name}/${method.name}`, role, method.localName, method.name] as const));

  test.each(methods)('%s is said alike in the contract and in the table', (_path, role, localName, name) => {
    const proto = read('proto', 'novaedge', 'federation', 'v1', `${role}_service.proto`);
    const comment = new RegExp(`((?:  //[^\\n]*\\n)+)  rpc ${name}\\(`).exec(proto)?.[1] ?? '';
    const rule = rulesOf(role)[localName];

    expect(rule).toBeDefined();
    expect(comment).toMatch(WORDS[rule ?? 'admin']);
    expect(Object.values(WORDS).filter((words) => words.test(comment))).toHaveLength(1);
  });

  test.each(methods)('%s stands in docs/rpc.md as in the table', (path, role, localName) => {
    const line = read('docs', 'rpc.md').split('\n').find((row) => row.startsWith(`| \`${path}\` |`));

    expect(line).toContain(`| ${rulesOf(role)[localName] ?? ''} |`);
  });

  test('the table has no rule for a method that is not', () => {
    for (const role of ROLES) expect(Object.keys(AUTHORIZATION[role]).sort()).toEqual(SERVICES[role].methods.map(({ localName }) => localName).sort());
  });
});

test('docs/rpc.md shows the table of error codes', () => {
  const rows = Object.entries(ERROR_CODES).map(([code, { connect, exit }]) => `| \`${code}\` | ${connect} | ${exit.toString()} |`);
  const docs = read('docs', 'rpc.md');

  for (const row of rows) expect(docs).toContain(row);
  expect(docs).toContain(`| – | internal | 1 |`);
});
