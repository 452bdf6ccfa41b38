import type { IncomingMessage } from 'node:http';
import type { Agent } from 'node:https';
import { request as httpsRequest } from 'node:https';
import { Code, ConnectError } from '@connectrpc/connect';
import type { UniversalClientFn } from '@connectrpc/connect/protocol';

/**
 * HTTP/1.1 for Connect's transport, over kept connections. The library's own client for Node brings HTTP/2 along, whose import alone
 * is a third of what a cold start has; all calls here are unary, so that a request is one body and an answer is another.
 */
export const httpsClient = (agent: Agent): UniversalClientFn => async ({ url, method, header, body, signal }) => {
  const sent = await bytesOf(body);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = httpsRequest(url, { agent, method, headers: { ...Object.fromEntries(header), 'content-length': sent.length } });
  const giveUp = (): void => { outgoing.destroy(ConnectError.from(signal?.reason, Code.Canceled)); };
  signal?.addEventListener('abort', giveUp, { once: true });
  outgoing.once('close', () => { signal?.removeEventListener('abort', giveUp); });
  outgoing.on('error', (error) => { reject(unavailable(error)); });
  outgoing.once('response', resolve);
  if (signal?.aborted === true) giveUp();
  else outgoing.end(sent);
  const answer = await promise;
  return { status: answer.statusCode ?? 0, header: headersOf(answer), body: chunksOf(answer), trailer: new Headers() };
};

/** A unary request, whole: with its length told it needs no chunks, and an API gateway takes it in one piece. */
async function bytesOf(body: AsyncIterable<Uint8Array> | undefined): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of body ?? []) parts.push(part);
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
}

async function* chunksOf(answer: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of answer) yield chunk as Uint8Array;
  } catch (error) {
    throw unavailable(error);
  }
}

function headersOf({ headers }: IncomingMessage): Headers {
  const all = new Headers();
  for (const [name, value] of Object.entries(headers)) for (const one of [value ?? []].flat()) all.append(name, one);
  return all;
}

/** No answer, or half of one; why, is the cause. */
function unavailable(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error;
  return new ConnectError(error instanceof Error ? error.message : String(error), Code.Unavailable, undefined, undefined, error);
}
