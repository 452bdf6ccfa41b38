import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { Agent } from 'node:https';
import { request as httpsRequest } from 'node:https';
import { CallError } from '../../wire/call-error.ts';

export interface HttpsPost {
  readonly url: URL;
  readonly agent: Agent;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Uint8Array;
  /** Ends the request, and the reading of its answer, with its reason. */
  readonly signal: AbortSignal;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends an answer whose body is not read, and its connection with it. */
  readonly discard: () => void;
}

/**
 * One request over kept HTTP/1.1 connections, to where the answer begins. A request is one body whose length is told: it needs no
 * chunks, and an API gateway takes it in one piece.
 *
 * @throws CallError unavailable when there is no answer, or half of one; why, is its cause
 */
export async function httpsPost({ url, agent, headers, body, signal }: HttpsPost): Promise<HttpsAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = httpsRequest(url, { agent, method: 'POST', headers: { ...headers, 'content-length': body.length } });
  const giveUp = (): void => { outgoing.destroy(signal.reason instanceof Error ? signal.reason : new Error('given up')); };
  signal.addEventListener('abort', giveUp, { once: true });
  outgoing.once('close', () => { signal.removeEventListener('abort', giveUp); });
  outgoing.on('error', (error) => { reject(unavailable(error)); });
  outgoing.once('response', resolve);
  if (signal.aborted) giveUp();
  else outgoing.end(body);
  const answer = await promise;
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: chunksOf(answer), discard: () => { answer.destroy(); } };
}

async function* chunksOf(answer: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of answer) yield chunk as Uint8Array;
  } catch (error) {
    throw unavailable(error);
  }
}

const unavailable = (error: unknown): CallError => new CallError('unavailable', error instanceof Error ? error.message : String(error), { cause: error });
