import type { Clock } from '../ports/clock.ts';

/** A call that did not answer in time. */
export class DeadlineError extends Error { override readonly name = 'DeadlineError' }

/** Why the clock need not ring any more, nor anything of the call go on. Made once: without a reason every call would make an exception, its stack included. */
const FINISHED = new Error('the call is over');

/**
 * Runs a call with a time limit. The call's signal is aborted when the limit passes, the outer signal is aborted, or the call is over,
 * and the result does not wait for a call that ignores it.
 *
 * @throws DeadlineError | the outer signal's reason | whatever the call throws
 */
export async function withDeadline<T>(clock: Clock, limitMs: number, signal: AbortSignal, what: string, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const inner = new AbortController();
  const { promise: cut, reject } = Promise.withResolvers<never>();
  const end = (reason: Error): void => { reject(reason); inner.abort(reason); };
  const onAbort = (): void => { end(signal.reason as Error); };
  signal.addEventListener('abort', onAbort, { once: true });
  clock.sleep(limitMs, inner.signal).then(() => { end(new DeadlineError(`${what} did not answer within ${limitMs.toString()} ms`)); }, () => undefined);
  try {
    return await Promise.race([call(inner.signal), cut]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    inner.abort(FINISHED);
  }
}
