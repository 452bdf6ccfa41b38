import { parseArgs } from 'node:util';

export const PARTS = ['visible', 'commits', 'units', 'anti-entropy', 'functions', 'deploy', 'costs', 'kubernetes'] as const;
export type Part = (typeof PARTS)[number];

/** What `npm run bench -- …` was asked for. */
export interface BenchOptions {
  readonly parts: readonly Part[];
  /** A smoke run of seconds, whose figures mean little. */
  readonly quick: boolean;
  readonly output: 'text' | 'json';
}

export const USAGE = `Usage: npm run bench -- [options]

Measures the federation on this machine; every ratio is of two things measured in turns in the same run.

  --only PART   ${PARTS.join(', ')}; may be repeated (default: all)
  --quick       a smoke run of seconds; its figures mean little
  -o json       figures as JSON (default: tables)
  --help

The parts "commits", "units", "functions", "deploy" and "costs" need Python 3 for the DynamoDB emulator, "kubernetes" Linux and the programs that
\`npm start -- --kubernetes\` runs.`;

/** An option that is none. */
export class OptionError extends Error { override readonly name = 'OptionError' }

/** @throws OptionError naming the option, what was wrong and what is accepted; undefined when help was asked for */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { only, quick, output, help } = parse(args);
  if (help === true) return undefined;
  if (output !== undefined && output !== 'json' && output !== 'text') throw new OptionError(`-o ${output}: expected json or text`);
  return { parts: only === undefined ? PARTS : only.map(partOf), quick: quick === true, output: output ?? 'text' };
}

function partOf(name: string): Part {
  const part = PARTS.find((known) => known === name);
  if (part === undefined) throw new OptionError(`--only ${name}: expected one of ${PARTS.join(', ')}`);
  return part;
}

function parse(args: readonly string[]): { only?: string[] | undefined; quick?: boolean | undefined; output?: string | undefined; help?: boolean | undefined } {
  try {
    return parseArgs({
      args: [...args],
      options: { only: { type: 'string', multiple: true }, quick: { type: 'boolean' }, output: { type: 'string', short: 'o' }, help: { type: 'boolean', short: 'h' } },
    }).values;
  } catch (error) {
    throw new OptionError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, { cause: error });
  }
}
