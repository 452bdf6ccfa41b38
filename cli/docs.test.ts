import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { EXIT } from '../shared/rpc/error-codes.ts';
import { buildProgram } from './program.ts';
import { testHost } from './testing/test-host.ts';

const guide = readFileSync(join(import.meta.dirname, '..', 'docs', 'novactl.md'), 'utf8');

/** Every command that does something, as it is called. */
function commandsOf(command: Command, path: readonly string[] = []): readonly string[] {
  const below = command.commands.filter((sub) => !sub.name().startsWith('_')).flatMap((sub) => commandsOf(sub, [...path, sub.name()]));
  return below.length === 0 || command.registeredArguments.length > 0 ? [path.join(' '), ...below] : below;
}

test.each(commandsOf(buildProgram(testHost().host)))('docs/novactl.md tells of %s', (path) => {
  expect(guide).toContain(path);
});

test('docs/novactl.md has every exit code', () => {
  for (const code of Object.values(EXIT)) expect(guide).toMatch(new RegExp(`^\\| ${code.toString()} \\| `, 'm'));
});
