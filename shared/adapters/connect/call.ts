import { ReplicaError } from '../../ports/errors.ts';
import { CallError } from '../../wire/call-error.ts';
import { replicaCodeOf } from '../../wire/error-codes.ts';
import { WireError } from '../../wire/wire-error.ts';
import type { CallOptions } from './unary-client.ts';

/**
 * Makes one call with a timeout, and turns what goes wrong into what a caller can decide on.
 *
 * @param server who is called, as errors name it
 * @param work sends the request and reads the answer
 * @throws ReplicaError with the code that the other side gave; `unavailable` when it did not answer, or not sensibly
 * @throws the signal's reason when the caller gave up
 */
export async function callServer<T>(server: string, timeoutMs: number, signal: AbortSignal, work: (options: CallOptions) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  try {
    return await work({ signal, timeoutMs });
  } catch (error) {
    signal.throwIfAborted();
    throw replicaErrorOf(server, error);
  }
}

function replicaErrorOf(server: string, error: unknown): unknown {
  if (error instanceof WireError) return new ReplicaError('unavailable', `${server} answered with a message that is not what the contract says: ${error.message}`, { cause: error });
  if (!(error instanceof CallError)) return error;
  const reason = error.message === '' ? 'no reason given' : error.message;
  return new ReplicaError(replicaCodeOf(error.code, error.detail?.code), `${server}: ${inWords(error.cause, `${reason}${causeOf(error)}`)}`, { cause: error });
}

/** What Node says of a connection that failed, where the error's own message does not. */
function causeOf({ cause, message }: CallError): string {
  if (!(cause instanceof Error) || cause.message === '' || message.includes(cause.message)) return '';
  return ` (${cause.message})`;
}

/** What a network error means, in words for a status; Node's own stand in brackets behind. */
const NETWORK_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut off',
  EPIPE: 'the connection was cut off',
  ETIMEDOUT: 'no answer comes from there',
  EHOSTUNREACH: 'there is no way there',
  ENETUNREACH: 'there is no way there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name cannot be looked up now',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

function inWords(cause: unknown, reason: string): string {
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const words = Object.hasOwn(NETWORK_WORDS, code) ? NETWORK_WORDS[code] : undefined;
  return words === undefined ? reason : `${words} (${reason})`;
}
