import type { Clock } from '../ports/clock.ts';
import { CallError } from '../wire/call-error.ts';
import type { Call } from './call.ts';
import { answerFor } from './errors.ts';
import type { HttpAnswer } from './http-call.ts';
import { errorAnswer } from './error-answer.ts';
import type { AnyMethod } from './offer.ts';

/** Fields of operators' requests that say what a call was about, and are no payload. */
const SUBJECT_FIELDS = ['key', 'keep', 'peer', 'member', 'version', 'holdId', 'scenario', 'entry', 'source', 'ids', 'requestId'];

/** Of a list, as much as a request may name. */
const MAX_NAMES = 100;
const MAX_NAMES_CHARACTERS = 8192;

/** One method, and what it is run with. */
export interface Run {
  readonly call: Call;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly request: object;
  readonly method: AnyMethod;
}

/**
 * Runs a service's method, ends it at its deadline, and has its answer written. What goes wrong gets its code, also in writing: the
 * method was done then, but its answer is over the limit.
 */
export async function runCall({ call, clock, timeoutMs, signal, request, method }: Run, write: (answer: object) => Promise<HttpAnswer>): Promise<HttpAnswer> {
  call.subject = subjectOf(request);
  try {
    return await write(await withDeadline(clock, timeoutMs, signal, async (until) => method(request as never, { call, signal: until })));
  } catch (error) {
    call.failed = { ...answerFor(error, call.correlationId), cause: error };
    return errorAnswer(call.failed.error);
  }
}

function subjectOf(message: object): Readonly<Record<string, string>> {
  const named = Object.entries(message).filter(([name]) => SUBJECT_FIELDS.includes(name)).map(([name, value]: [string, unknown]) => [name, namesIn(value)] as const);
  return Object.fromEntries(named.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** A name, or a list of them as one; requests are not checked yet, so it is cut. */
function namesIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.length > 0 ? value.slice(0, MAX_NAMES).join(' ').slice(0, MAX_NAMES_CHARACTERS) : undefined;
}

/** Why the clock need not ring any more: one for all calls, as an abort without a reason makes an exception each time. */
const FINISHED = new Error('the call is over');

/** Work that does not heed its signal is left behind: the caller has its answer, and the deadline bounds how many calls wait. */
async function withDeadline<T>(clock: Clock, timeoutMs: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const deadline = new AbortController();
  const finished = new AbortController();
  const expiry = clock.sleep(timeoutMs, finished.signal).then((): never => {
    const error = new CallError('deadline_exceeded', `the call took longer than ${timeoutMs.toString()} ms and was given up`);
    deadline.abort(error);
    throw error;
  });
  try {
    return await Promise.race([work(AbortSignal.any([signal, deadline.signal])), expiry]);
  } finally {
    finished.abort(FINISHED);
  }
}
