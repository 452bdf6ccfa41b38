import { ReplicaError, StoreBusyError, StoreUnreachableError } from '../ports/errors.ts';
import type { ReplicaErrorCode } from '../ports/errors.ts';
import { TooLargeError } from '../ports/store.ts';
import type { CallCode } from '../wire/call-error.ts';
import { CallError } from '../wire/call-error.ts';
import { WireError } from '../wire/wire-error.ts';
import { QuotaError } from './admission.ts';
import { ERROR_CODES } from './error-codes.ts';
import { IdentityError } from './identity-error.ts';

/** What an answer says of an error. `unexpected`: nobody foresaw it, so the caller learns nothing but where to look. */
export interface Answered { readonly error: CallError; readonly exact: ReplicaErrorCode | 'internal'; readonly unexpected: boolean }

/** The error to answer with. Stacks, payloads and the messages of unknown errors stay here. */
export function answerFor(error: unknown, correlationId: string): Answered {
  if (error instanceof QuotaError) return expected('quota', error.message, correlationId, { retryAfterMs: BigInt(error.retryAfterMs) });
  if (error instanceof ReplicaError) return expected(error.code, error.message, correlationId);
  if (error instanceof WireError) return expected('invalid', error.message, correlationId, { field: error.field });
  if (error instanceof TooLargeError) return expected('too-large', error.message, correlationId);
  if (error instanceof StoreBusyError) return expected('busy', error.message, correlationId);
  if (error instanceof StoreUnreachableError) return expected('unavailable', error.message, correlationId);
  if (error instanceof IdentityError) return { ...expected('refused', error.message, correlationId), error: withDetail(error.message, 'unauthenticated', 'refused', correlationId) };
  if (error instanceof CallError && (error.code === 'canceled' || error.code === 'deadline_exceeded')) {
    return { error: withDetail(error.message, error.code, 'unavailable', correlationId), exact: 'unavailable', unexpected: false };
  }
  const message = `something went wrong here that nobody foresaw; the log has it under ${correlationId}`;
  return { error: withDetail(message, 'internal', 'internal', correlationId), exact: 'internal', unexpected: true };
}

type Extra = Partial<Record<'field', string> & Record<'retryAfterMs', bigint>>;

const expected = (code: ReplicaErrorCode, message: string, correlationId: string, extra: Extra = {}): Answered =>
  ({ error: withDetail(message, ERROR_CODES[code].connect, code, correlationId, extra), exact: code, unexpected: false });

/** A Connect error that carries its exact reason. */
export const withDetail = (message: string, connect: CallCode, code: string, correlationId: string, extra: Extra = {}): CallError =>
  new CallError(connect, message, { detail: { code, correlationId, ...extra } });
