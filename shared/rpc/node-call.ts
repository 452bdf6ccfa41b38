import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpAnswer, HttpCall } from './http-call.ts';

/** How much of a refused body is still read, and for how long, so that its sender gets to read the answer (lingering close). */
const LINGER_BYTES = 5 * 1024 * 1024;
const LINGER_MS = 2000;
/** A refused body this short is read before the answer: that costs less than the next handshake. */
const SHORT_BODY_BYTES = 64 * 1024;

/** A request of Node's server as a call. */
export interface NodeCall {
  readonly call: HttpCall;
  /** Reads on, in bounds, what nobody read of the body. */
  readonly linger: () => Promise<void>;
}

/** Undefined where it is no request for a path (`OPTIONS *`, a proxy's absolute URL). The signal ends with the connection. */
export function callOf(incoming: IncomingMessage, response: ServerResponse): NodeCall | undefined {
  const { method = 'GET', url = '', headers } = incoming;
  if (!url.startsWith('/')) return undefined;
  const [path = ''] = url.split('?', 1);
  const gone = new AbortController();
  response.once('close', () => { if (!response.writableFinished) gone.abort(new Error('the caller hung up')); });
  const next = chunksOf(incoming);
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
  return {
    // Without a `return`: whoever stops reading leaves the rest to `linger`.
    call: { method, path, header, body: () => ({ [Symbol.asyncIterator]: () => ({ next }) }), signal: gone.signal },
    linger: () => Promise.race([discard(incoming, next), sleep(LINGER_MS, undefined, { ref: false })]),
  };
}

type NextChunk = () => Promise<IteratorResult<Uint8Array, unknown>>;

/** The body, chunk by chunk, for whoever reads it first and for whoever reads on; a body that nobody reads stays with its sender. */
function chunksOf(incoming: IncomingMessage): NextChunk {
  let iterator: AsyncIterator<Uint8Array, unknown> | undefined;
  return () => {
    iterator ??= (incoming as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    return iterator.next();
  };
}

async function discard(incoming: IncomingMessage, next: NextChunk): Promise<void> {
  let bytes = 0;
  while (!incoming.complete && !incoming.destroyed && bytes < LINGER_BYTES) {
    const { done, value } = await next();
    if (done === true) return;
    bytes += value.length;
  }
}

/**
 * Writes an answer.
 *
 * @param close end the connection with it, as it also ends where the body was not read to its end
 */
export async function writeAnswer({ status, headers, body }: HttpAnswer, incoming: IncomingMessage, response: ServerResponse, { linger, close }: { readonly linger: () => Promise<void>; readonly close: boolean }): Promise<void> {
  if (!incoming.complete && Number(incoming.headers['content-length'] ?? Infinity) <= SHORT_BODY_BYTES) await linger();
  if (response.destroyed) return;
  const isUnread = !incoming.complete;
  response.writeHead(status, { ...headers, 'content-length': body.length, ...((close || isUnread) && { connection: 'close' }) });
  if (isUnread) {
    response.write(body);
    await linger();
    response.end();
  } else {
    response.end(body);
  }
}
