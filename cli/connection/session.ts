import type { Operator } from '../../shared/ports/operator.ts';
import { loadConfig } from '../config/find-config.ts';
import { contextOf } from '../config/config.ts';
import type { Context } from '../config/config.ts';
import type { Host } from '../host.ts';
import type { GlobalOptions } from '../options.ts';
import { readCredentials } from './credentials.ts';
import { explainConnection } from './explain-connection.ts';

/** A region, for the time of one command. */
export interface Session { readonly context: Context; readonly operator: Operator; readonly signal: AbortSignal }

/**
 * Does something with the region of the context asked for, and hangs up. Each call has `--timeout` to be answered; Ctrl-C ends all of
 * it at once.
 *
 * @throws CommandError | ReplicaError saying what to do
 */
export async function withRegion<T>(host: Host, options: GlobalOptions, work: (session: Session) => Promise<T>): Promise<T> {
  const context = contextOf(loadConfig(options.config, host), options.context);
  const credentials = readCredentials(context, host.nowMs());
  const signal = host.interrupted;
  const connection = await host.connect({ context, credentials, callTimeoutMs: options.timeoutMs });
  try {
    return await untilAborted(work({ context, operator: connection.operator, signal }), signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw explainConnection(error, context, options.timeout);
  } finally {
    connection.close();
  }
}

/** Rejects as soon as the signal is aborted, whatever becomes of the promise. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => { reject(signal.reason instanceof Error ? signal.reason : new Error('aborted')); };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => { signal.removeEventListener('abort', stop); });
  });
}
