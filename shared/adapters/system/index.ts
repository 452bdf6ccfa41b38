import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Clock, Random } from '../../ports/clock.ts';
import type { LogFields, Logger } from '../../ports/logger.ts';

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: async (ms, signal) => { await sleep(ms, undefined, signal === undefined ? {} : { signal }); },
};

/** The machine's randomness, fit for secrets. */
export const systemRandom: Random = { bytes: (length) => randomBytes(length) };

/** One JSON line per event on standard output, or in a file. */
export function jsonLogger(options: { readonly level: string; readonly file: string | undefined; readonly base: LogFields }): Logger {
  const destination = options.file === undefined ? pino.destination(1) : pino.destination({ dest: options.file, mkdir: true, sync: false });
  const log = pino({ level: options.level, base: options.base, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'event' }, destination);
  return {
    debug: (event, fields = {}) => { log.debug(fields, event); },
    info: (event, fields = {}) => { log.info(fields, event); },
    warn: (event, fields = {}) => { log.warn(fields, event); },
    error: (event, fields = {}) => { log.error(fields, event); },
  };
}
