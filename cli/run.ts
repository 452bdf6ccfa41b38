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
  try {
    await buildProgram(host).parseAsync(words, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    const line = errorLine(error);
    if (line !== '') host.err.write(`${printable(line)}\n`);
    if (words.includes('--debug') && exitOf(error) !== EXIT.ok) host.err.write(`${printable(traceOf(error))}\n`);
    return exitOf(error);
  }
}
