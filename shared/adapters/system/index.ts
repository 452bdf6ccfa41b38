import { pino } from 'pino';
import type { LogFields, Logger } from '../../ports/logger.ts';

export { systemClock, systemRandom } from './clock.ts';

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
