import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Requests have a path; where the server stands is no part of what they mean, and a Host header is anybody's word. */
const BASE = 'https://region.invalid';
/** How much of a refused body is still read, and for how long, so that its sender gets to read the answer (lingering close). */
const LINGER_BYTES = 5 * 1024 * 1024;
const LINGER_MS = 2000;
/** A refused body this short is read before the answer: that costs less than the next handshake. */
const SHORT_BODY_BYTES = 64 * 1024;

/** A Node request as fetch has it. */
export interface FetchRequest {
  readonly request: Request;
  /** Reads on, in bounds, what nobody read of the body. */
  readonly linger: () => Promise<void>;
}

/** Undefined where it is no request for a path (`OPTIONS *`, a proxy's absolute URL). The signal ends with the connection. */
export function toFetchRequest(incoming: IncomingMessage, response: ServerResponse): FetchRequest | undefined {
  const { method = 'GET', url = '' } = incoming;
  if (!url.startsWith('/') || !URL.canParse(BASE + url)) return undefined;
  const gone = new AbortController();
  response.once('close', () => { if (!response.writableFinished) gone.abort(new DOMException('the caller hung up', 'AbortError')); });
  const headers = new Headers();
  for (let at = 0; at + 1 < incoming.rawHeaders.length; at += 2) headers.append(incoming.rawHeaders[at] ?? '', incoming.rawHeaders[at + 1] ?? '');
  const hasBody = method !== 'GET' && method !== 'HEAD';
  const chunks = chunksOf(incoming);
  const request = new Request(BASE + url, { method, headers, signal: gone.signal, ...(hasBody && { body: streamOf(chunks), duplex: 'half' }) });
  return { request, linger: () => Promise.race([discard(incoming, chunks), sleep(LINGER_MS, undefined, { ref: false })]) };
}

type Chunks = () => Promise<IteratorResult<Uint8Array, unknown>>;

/** The body, chunk by chunk, for whoever reads it first and for whoever reads on. */
function chunksOf(incoming: IncomingMessage): Chunks {
  let iterator: AsyncIterator<Uint8Array, unknown> | undefined;
  return () => {
    iterator ??= (incoming as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    return iterator.next();
  };
}

/** Asks for a chunk only when one is wanted: a body that nobody reads stays with its sender. */
const streamOf = (chunks: Chunks): ReadableStream<Uint8Array> => new ReadableStream<Uint8Array>({
  pull: async (controller) => {
    const { done, value } = await chunks();
    if (done === true) controller.close();
    else controller.enqueue(value);
  },
}, { highWaterMark: 0 });

async function discard(incoming: IncomingMessage, chunks: Chunks): Promise<void> {
  let bytes = 0;
  while (!incoming.complete && !incoming.destroyed && bytes < LINGER_BYTES) {
    const { done, value } = await chunks();
    if (done === true) return;
    bytes += value.length;
  }
}

/**
 * Writes a fetch answer.
 *
 * @param close end the connection with it, as it also ends where the body was not read to its end
 */
export async function writeFetchResponse(answer: Response, incoming: IncomingMessage, response: ServerResponse, { linger, close }: { readonly linger: () => Promise<void>; readonly close: boolean }): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer());
  if (!incoming.complete && Number(incoming.headers['content-length'] ?? Infinity) <= SHORT_BODY_BYTES) await linger();
  if (response.destroyed) return;
  const isUnread = !incoming.complete;
  response.writeHead(answer.status, { ...Object.fromEntries(answer.headers), 'content-length': body.length, ...((close || isUnread) && { connection: 'close' }) });
  response.write(body);
  if (isUnread) await linger();
  response.end();
}
