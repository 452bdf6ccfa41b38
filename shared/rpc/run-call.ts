import type { Interceptor } from '@connectrpc/connect';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Clock } from '../ports/clock.ts';
import { callOf } from './call.ts';
import { answerFor } from './errors.ts';

/** Fields of operators' requests that say what a call was about, and are no payload. */
const SUBJECT_FIELDS = ['key', 'keep', 'peer', 'member', 'version', 'holdId', 'scenario', 'entry', 'source', 'ids', 'requestId'];

/** Of a list, as much as a request may name. */
const MAX_NAMES = 100;
const MAX_NAMES_CHARACTERS = 8192;

/** Runs a service's method: notes how far the call came, ends it at its deadline, and gives every error its code. */
export const runCall = (clock: Clock, callTimeoutMs: number): Interceptor => (next) => async (request) => {
  const call = callOf(request.contextValues);
  call.stage = 'running';
  call.subject = subjectOf(request.message);
  try {
    const response = await withDeadline(clock, callTimeoutMs, request.signal, (signal) => next({ ...request, signal }));
    call.stage = 'answering';
    return response;
  } catch (error) {
    call.failed = { ...answerFor(error, call.correlationId), cause: error };
    throw call.failed.error;
  }
};

function subjectOf(message: object): Readonly<Record<string, string>> {
  const named = Object.entries(message).filter(([name]) => SUBJECT_FIELDS.includes(name)).map(([name, value]: [string, unknown]) => [name, namesIn(value)] as const);
  return Object.fromEntries(named.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** A name, or a list of them as one; requests are not checked yet, so it is cut. */
function namesIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.length > 0 ? value.slice(0, MAX_NAMES).join(' ').slice(0, MAX_NAMES_CHARACTERS) : undefined;
}

/** Work that does not heed its signal is left behind: the caller has its answer, and the deadline bounds how many calls wait. */
async function withDeadline<T>(clock: Clock, timeoutMs: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController();
  const finished = new AbortController();
  const expiry = clock.sleep(timeoutMs, finished.signal).then((): never => {
    const error = new ConnectError(`the call took longer than ${timeoutMs.toString()} ms and was given up`, Code.DeadlineExceeded);
    deadline.abort(error);
    throw error;
  });
  try {
    return await Promise.race([work(AbortSignal.any([signal, deadline.signal])), expiry]);
  } finally {
    finished.abort();
  }
}
