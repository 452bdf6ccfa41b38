import type { Command } from 'commander';
import { errorLine, exitOf, traceOf } from './errors.ts';
import type { Host } from './host.ts';
import { printable } from './output/printable.ts';
import { buildProgram } from './program.ts';
import { EXIT } from '../shared/rpc/error-codes.ts';

/**
 * Runs novactl with these words and resolves to its exit code. Never throws: what goes wrong is told in one line on standard error,
 * with `--debug` also where.
 */
export async function runNovactl(words: readonly string[], host: Host): Promise<number> {
  const program = buildProgram(host);
  try {
    await program.parseAsync(words, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    const line = errorLine(error, commandOf(program, words));
    if (line !== '') host.err.write(`${printable(line)}\n`);
    if (words.includes('--debug') && exitOf(error) !== EXIT.ok) host.err.write(`${printable(traceOf(error))}\n`);
    return exitOf(error);
  }
}

/** The command that words begin with, as far as there is one. */
function commandOf(program: Command, words: readonly string[]): string {
  let command = program;
  for (const word of words) command = command.commands.find((candidate) => candidate.name() === word) ?? command;
  const names: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name());
  return names.join(' ');
}
