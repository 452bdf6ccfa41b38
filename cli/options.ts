import type { Command } from 'commander';
import { Option } from 'commander';
import { parseDurationMs } from '../shared/model/duration.ts';
import { OUTPUT_FORMATS } from './output/print.ts';
import type { OutputFormat } from './output/print.ts';

/** Options that every command takes, before or after its name. */
export interface GlobalOptions {
  readonly config?: string;
  readonly context?: string;
  readonly output: OutputFormat;
  /** As it was given, for messages. */
  readonly timeout: string;
  readonly timeoutMs: number;
  readonly debug?: boolean;
}

/** Longer than a call may take in a region (29 s), so that the region's own words arrive. */
const DEFAULT_TIMEOUT = '35s';
/** Nobody waits longer in front of a terminal. */
const MAX_TIMEOUT_MS = 3_600_000;

export function addGlobalOptions(program: Command): void {
  program
    .addOption(new Option('--config <file>', 'configuration (default: NOVACTL_CONFIG, the nearest .novaedge/novactl.yaml, ~/.config/novactl/config.yaml)'))
    .addOption(new Option('--context <name>', 'the region to talk to, instead of the current context'))
    .addOption(new Option('-o, --output <format>', 'how to print').choices(OUTPUT_FORMATS).default('table'))
    .addOption(new Option('--timeout <duration>', 'how long to wait for an answer').default(DEFAULT_TIMEOUT))
    .addOption(new Option('--debug', 'show where an error came from'));
}

/** The global options of a command that was called. @throws DurationError */
export function globalsOf(command: Command): GlobalOptions {
  const given = command.optsWithGlobals<Omit<GlobalOptions, 'timeoutMs'>>();
  return { ...given, timeoutMs: parseDurationMs('--timeout', given.timeout, { minMs: 1, maxMs: MAX_TIMEOUT_MS }) };
}
