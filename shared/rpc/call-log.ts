import type { LogFields, Logger } from '../ports/logger.ts';
import type { Call } from './call.ts';
import { callerName } from './caller.ts';
import type { Answered } from './errors.ts';

/** One call as it ended. `call` is undefined when nobody knows who called. */
export interface EndedCall {
  readonly method: string;
  readonly correlationId: string;
  readonly durationMs: number;
  readonly call: Call | undefined;
  readonly answered: (Answered & { readonly cause: unknown }) | undefined;
}

/** How much of a stack a log line takes. */
const STACK_CHARACTERS = 2000;

/** One event per call, and one on the audit log for every call of an operator, refused ones included. Never a payload. */
export function logCall(logger: Logger, { method, correlationId, durationMs, call, answered }: EndedCall): void {
  const fields: LogFields = { method, caller: call === undefined ? 'unknown' : callerName(call.caller), code: answered?.exact ?? 'ok', durationMs, correlationId };
  if (answered === undefined) logger.debug('rpc', fields);
  else if (answered.unexpected) logger.error('rpc-failed', { ...fields, ...describe(answered.cause) });
  else logger.info('rpc-refused', { ...fields, reason: answered.error.message });
  if (call?.caller.role === 'operator') {
    logger.info('audit', { ...fields, ...call.subject, certificate: call.caller.certificate.serialNumber });
  }
}

const describe = (cause: unknown): LogFields =>
  (cause instanceof Error ? { error: cause.name, message: cause.message, stack: cause.stack?.slice(0, STACK_CHARACTERS) } : { error: typeof cause });
