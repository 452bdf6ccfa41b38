import type { LogFields, Logger } from '../../ports/logger.ts';
import { currentCorrelation } from '../../wire/correlation.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

export interface LineLoggerOptions {
  readonly level: Level;
  /** Stands in every line. */
  readonly base: LogFields;
  readonly write: (line: string) => void;
  readonly nowMs: () => number;
}

/**
 * One JSON line per event, of the same form as `jsonLogger`'s, for where a library's weight counts: pino has 40 times its size, and on
 * Lambda nothing to do that this does not. The correlation id of the work under way stands in each line.
 */
export function lineLogger({ level, base, write, nowMs }: LineLoggerOptions): Logger {
  const log = (at: Level) => (event: string, fields: LogFields = {}): void => {
    if (LEVELS.indexOf(at) < LEVELS.indexOf(level)) return;
    write(JSON.stringify({ ...base, correlationId: currentCorrelation(), ...fields, level: at, time: new Date(nowMs()).toISOString(), event }));
  };
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
}
