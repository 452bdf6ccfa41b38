import { readFileSync } from 'node:fs';
import { jsonLogger, systemClock, systemRandom } from '../shared/adapters/system/index.ts';
import type { ProgramOptions } from './program/options.ts';
import { OptionError, readOptions, USAGE } from './program/options.ts';
import { runProgram } from './program/run-program.ts';

/** The bridge of a Kubernetes cluster: `node cluster/main.ts --help`. Stops on SIGTERM or SIGINT. Exit code 2: it was started wrongly. */
const WRONG_OPTIONS = 2;

function options(): ProgramOptions | undefined {
  try {
    return readOptions(process.argv.slice(2), process.env);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    process.stderr.write(`novaedge-bridge: ${error.message}\n\nnovaedge-bridge --help lists all options.\n`);
    process.exit(WRONG_OPTIONS);
  }
}

const read = options();
if (read === undefined) {
  process.stdout.write(`${USAGE}\n`);
} else {
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => { stopping.abort(new Error(`stopped by ${signal}`)); });
  const logger = jsonLogger({ level: read.logLevel, file: undefined, base: { member: read.member } });
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  try {
    await runProgram({ options: read, clock: systemClock, random: systemRandom, logger, version }, stopping.signal);
  } catch (error) {
    logger.error('bridge-program-failed', { reason: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
  }
}
