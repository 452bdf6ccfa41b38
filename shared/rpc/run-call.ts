import type { Interceptor } from '@connectrpc/connect';
import { Code, ConnectError } from '@connectrpc/connect';
import type { Clock } from '../ports/clock.ts';
import { callOf } from './call.ts';
import { answerFor } from './errors.ts';

/** Fields of operators' requests that say what a call was about, and are no payload. */
const SUBJECT_FIELDS = ['key', 'keep', 'peer', 'member', 'version', 'holdId', 'scenario', 'entry', 'requestId'];

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
  const named = Object.entries(message).filter((entry): entry is [string, string] => SUBJECT_FIELDS.includes(entry[0]) && typeof entry[1] === 'string');
  return Object.fromEntries(named);
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
