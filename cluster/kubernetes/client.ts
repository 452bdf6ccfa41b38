import { setTimeout as delay } from 'node:timers/promises';
import { request as send } from 'undici';
import type { Dispatcher } from 'undici';
import type { JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { ClusterUnavailableError } from '../bridge/cluster-port.ts';
import type { Access } from './kube-config.ts';
import { BUSY_PAUSE_MS, BUSY_RETRIES, LONGEST_BUSY_PAUSE_MS, MAX_ANSWER_BYTES, MAX_EVENT_BYTES, REQUEST_TIMEOUT_MS, REQUESTS_AT_ONCE } from './limits.ts';
import { Slots } from './slots.ts';
import { StatusError } from './status-error.ts';

export interface KubeRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the server on: `/api/v1/namespaces`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: JsonObject;
  readonly contentType?: string;
  /** What form the answer is wanted in; plain JSON unless said. */
  readonly accept?: string;
}

/** Asks for metadata alone, of one object or of each of a list: a fraction of the bytes. */
export const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
export const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
export const MERGE_PATCH = 'application/merge-patch+json';

/** Requests to one API server, as JSON, with a time limit on each. */
export class KubeClient {
  readonly #access: Access;
  readonly #slots = new Slots(REQUESTS_AT_ONCE);

  constructor(access: Access) {
    this.#access = access;
  }

  /** @throws StatusError where the server refuses | ClusterUnavailableError where it does not answer | the signal's reason */
  async json(request: KubeRequest, signal: AbortSignal): Promise<JsonObject> {
    return this.#slots.run(signal, async () => {
      for (let attempt = 1; ; attempt += 1) {
        const outcome = await this.#attempt(request, signal);
        if (outcome.kind === 'done') return outcome.body;
        if (attempt > BUSY_RETRIES) throw new ClusterUnavailableError(`the API server is busy: ${outcome.message}`);
        await delay(outcome.pauseMs, undefined, { signal });
      }
    });
  }

  /** As `json`; undefined where the server answers "not found". */
  async find(request: KubeRequest, signal: AbortSignal): Promise<JsonObject | undefined> {
    try {
      return await this.json(request, signal);
    } catch (error) {
      if (error instanceof StatusError && error.code === 404) return undefined;
      throw error;
    }
  }

  /**
   * Lines of an answer that goes on, each a JSON object, until the server ends it.
   *
   * @throws StatusError | ClusterUnavailableError | the signal's reason
   */
  async* lines(request: KubeRequest, signal: AbortSignal): AsyncGenerator<JsonObject> {
    const response = await this.#send(request, signal, REQUEST_TIMEOUT_MS, 0);
    if (response.statusCode >= 300) throw new StatusError(response.statusCode, await bodyOf(response, signal));
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const chunk of response.body) {
        text += decoder.decode(chunk as Uint8Array, { stream: true });
        if (text.length > MAX_EVENT_BYTES) throw new ClusterUnavailableError(`one event is over ${MAX_EVENT_BYTES.toString()} bytes`);
        for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
          const value: unknown = JSON.parse(text.slice(0, end));
          text = text.slice(end + 1);
          if (isObject(value)) yield value;
        }
      }
    } catch (error) {
      throw asFailure(error, signal);
    }
  }

  close(): Promise<void> { return this.#access.close(); }

  async #attempt(request: KubeRequest, signal: AbortSignal): Promise<{ readonly kind: 'done'; readonly body: JsonObject } | { readonly kind: 'busy'; readonly pauseMs: number; readonly message: string }> {
    const response = await this.#send(request, signal, REQUEST_TIMEOUT_MS, REQUEST_TIMEOUT_MS);
    const body = await bodyOf(response, signal);
    const { statusCode } = response;
    if (statusCode < 300) {
      if (!isObject(body)) throw new ClusterUnavailableError('the API server answered something that is no JSON object');
      return { kind: 'done', body };
    }
    const error = new StatusError(statusCode, body);
    if (statusCode === 429 || statusCode === 503) return { kind: 'busy', pauseMs: pauseOf(response), message: error.message };
    if (statusCode === 401 || statusCode > 500) throw new ClusterUnavailableError(`the API server answered ${statusCode.toString()}: ${error.message}`, { cause: error });
    throw error;
  }

  async #send(request: KubeRequest, signal: AbortSignal, headersTimeout: number, bodyTimeout: number): Promise<Dispatcher.ResponseData> {
    const { method = 'GET', path, query = {}, body, contentType = 'application/json', accept = 'application/json' } = request;
    const url = new URL(this.#access.server + path);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    try {
      const { headers, dispatcher } = await this.#access.authorize(url.href, method);
      return await send(url, {
        method, dispatcher, signal, headersTimeout, bodyTimeout,
        headers: { ...headers, accept, 'user-agent': 'novaedge-bridge', ...(body && { 'content-type': contentType }) },
        ...(body && { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw asFailure(error, signal);
    }
  }
}

async function bodyOf(response: Dispatcher.ResponseData, signal: AbortSignal): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body) {
      bytes += (chunk as Buffer).length;
      if (bytes > MAX_ANSWER_BYTES) throw new ClusterUnavailableError(`an answer is over ${MAX_ANSWER_BYTES.toString()} bytes`);
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw asFailure(error, signal);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    return { message: text.slice(0, 500) };
  }
}

function pauseOf({ headers }: Dispatcher.ResponseData): number {
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds * 1000, LONGEST_BUSY_PAUSE_MS) : BUSY_PAUSE_MS;
}

/** A connection refused, cut or silent. */
function asFailure(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof ClusterUnavailableError) return error;
  const { code } = error as { code?: unknown };
  return new ClusterUnavailableError(`the API server does not answer: ${error instanceof Error ? error.message || String(code) : String(error)}`, { cause: error });
}
