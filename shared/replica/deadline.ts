import type { Clock } from '../ports/clock.ts';

/** A call that did not answer in time. */
export class DeadlineError extends Error { override readonly name = 'DeadlineError' }

/** Why the clock need not ring any more. Made once: without a reason every call would make an exception, its stack included. */
const FINISHED = new Error('the call is over');

/**
 * Runs a call with a time limit. The call's signal is aborted when the limit passes or the outer signal is aborted, and the result
 * does not wait for a call that ignores it.
 *
 * @throws DeadlineError | the outer signal's reason | whatever the call throws
 */
export async function withDeadline<T>(clock: Clock, limitMs: number, signal: AbortSignal, what: string, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const inner = new AbortController();
  const abort = (): void => inner.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const finished = new AbortController();
  try {
    const limit = clock.sleep(limitMs, finished.signal).then(() => {
      inner.abort(new DeadlineError(`${what} did not answer within ${limitMs.toString()} ms`));
    }, () => undefined);
    const aborted = new Promise<never>((_resolve, reject) => {
      inner.signal.addEventListener('abort', () => { reject(inner.signal.reason as Error); }, { once: true });
    });
    const result = await Promise.race([call(inner.signal), aborted]);
    finished.abort(FINISHED);
    await limit;
    return result;
  } finally {
    finished.abort(FINISHED);
    signal.removeEventListener('abort', abort);
  }
}
