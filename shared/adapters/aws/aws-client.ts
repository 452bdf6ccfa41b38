import type { Agent, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import * as https from 'node:https';
import aws4 from 'aws4';
import { AwsUnansweredError, errorOfAnswer } from './aws-error.ts';
import type { AwsCredentials } from './credentials.ts';

/** A service's JSON protocol: its name in addresses and signatures, the prefix of its actions, and its version of the protocol. */
export interface AwsService { readonly name: string; readonly target: string; readonly jsonVersion: '1.0' | '1.1' }

export interface AwsClientOptions {
  readonly region: string;
  /** Asked for every request. */
  readonly credentials: () => AwsCredentials;
  /** An emulator's address instead of AWS's own. */
  readonly endpoint?: string | undefined;
  readonly requestTimeoutMs?: number;
}

/** A DynamoDB transaction of 4 MB takes a good part of a second; whatever takes this long has no answer. */
const REQUEST_TIMEOUT_MS = 5000;
const CONNECTION_TIMEOUT_MS = 1000;
/** A function's work at once; more wait for a connection. */
const MAX_SOCKETS = 64;
/**
 * Connections that rested for longer are not used again: the other side, or a frozen function's network, may have dropped them, and
 * what was sent into such a one has an unknown end.
 */
const MAX_REST_MS = 20_000;
/** DynamoDB answers at most 16 MB. */
const MAX_ANSWER_BYTES = 24 * 1024 * 1024;

/**
 * Calls AWS services that speak JSON (DynamoDB, EventBridge, SQS, Secrets Manager), signed, over connections that are kept. Makes no
 * attempt of its own: who calls knows what may be sent twice (docs/decisions/0012-small-aws-client.md).
 */
export class AwsClient {
  readonly #options: AwsClientOptions;
  #agent: Agent | undefined;
  #usedAtMs = 0;

  constructor(options: AwsClientOptions) { this.#options = options; }

  /**
   * Makes one call.
   *
   * @throws AwsError when the service refuses or fails; AwsUnansweredError when no answer came; AwsCredentialsError; the signal's reason
   */
  async call<Answer>(service: AwsService, action: string, input: object, signal?: AbortSignal): Promise<Answer> {
    signal?.throwIfAborted();
    const url = endpointOf(this.#options, service.name);
    const body = JSON.stringify(input);
    const { accessKeyId, secretAccessKey, sessionToken } = this.#options.credentials();
    const { headers = {} } = aws4.sign({
      service: service.name, region: this.#options.region, method: 'POST', host: url.host, path: '/', body,
      headers: { 'Content-Type': `application/x-amz-json-${service.jsonVersion}`, 'X-Amz-Target': `${service.target}.${action}` },
    }, { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) });
    const { status, text, errorType } = await this.#send(url, headers, body, signal);
    if (status === 200) return parseAnswer<Answer>(service.name, text);
    throw errorOfAnswer(service.name, status, text, errorType);
  }

  /** Ends all connections, calls under way included. */
  close(): void {
    this.#agent?.destroy();
    this.#agent = undefined;
  }

  async #send(url: URL, headers: OutgoingHttpHeaders, body: string, signal: AbortSignal | undefined): Promise<Answered> {
    const { requestTimeoutMs = REQUEST_TIMEOUT_MS } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<Answered>();
    const outgoing = protocolOf(url).request(url, { method: 'POST', agent: this.#agentFor(url), headers, ...(signal !== undefined && { signal }) });
    const giveUp = (after: string): void => { outgoing.destroy(new AwsUnansweredError(`${url.host}: ${after}`)); };
    const timer = setTimeout(() => { giveUp(`no answer within ${requestTimeoutMs.toString()} ms`); }, requestTimeoutMs);
    outgoing.on('socket', (socket) => {
      if (!socket.connecting) return;
      const connecting = setTimeout(() => { giveUp(`no connection within ${CONNECTION_TIMEOUT_MS.toString()} ms`); }, CONNECTION_TIMEOUT_MS);
      for (const over of ['connect', 'close']) socket.once(over, () => { clearTimeout(connecting); });
    });
    outgoing.on('error', reject);
    outgoing.on('response', (answer) => { readAnswer(answer).then(resolve, reject); });
    outgoing.end(body);
    try {
      return await promise;
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof AwsUnansweredError ? error : new AwsUnansweredError(`${url.host}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    } finally {
      clearTimeout(timer);
      this.#usedAtMs = Date.now();
    }
  }

  /** Connections that were used lately, or new ones. */
  #agentFor(url: URL): Agent {
    const nowMs = Date.now();
    if (nowMs - this.#usedAtMs > MAX_REST_MS) {
      // Nothing is under way on it: whatever was has ended, or it would have been used since.
      const rested = this.#agent;
      this.#agent = undefined;
      if (rested !== undefined && Object.keys(rested.sockets).length === 0) rested.destroy();
    }
    this.#usedAtMs = nowMs;
    const options = { keepAlive: true, maxSockets: MAX_SOCKETS, timeout: MAX_REST_MS, scheduling: 'lifo' } as const;
    return (this.#agent ??= new (protocolOf(url).Agent)(options));
  }
}

interface Answered { readonly status: number; readonly text: string; readonly errorType: string | undefined }

async function readAnswer(answer: IncomingMessage): Promise<Answered> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_ANSWER_BYTES) throw new AwsUnansweredError(`an answer of more than ${MAX_ANSWER_BYTES.toString()} bytes`);
    parts.push(part);
  }
  const errorType = answer.headers['x-amzn-errortype'];
  return { status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString(), errorType: typeof errorType === 'string' ? errorType : undefined };
}

function parseAnswer<Answer>(service: string, text: string): Answer {
  if (text === '') return {} as Answer;
  try {
    return JSON.parse(text) as Answer;
  } catch (cause) {
    throw new AwsUnansweredError(`${service} answered with something that is not JSON`, { cause });
  }
}

/** China has a domain of its own; other partitions are not served. */
function endpointOf({ region, endpoint }: AwsClientOptions, service: string): URL {
  if (endpoint !== undefined) return new URL('/', endpoint);
  return new URL(`https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`);
}

/**
 * Plain HTTP is for emulators. Its module is fetched when it is needed and not imported: an import of all its names makes Node load
 * its WebSocket, and that the whole of fetch, which is half of a small function's cold start.
 */
const protocolOf = ({ protocol }: URL): Pick<typeof https, 'request'> & { readonly Agent: typeof Agent } =>
  (protocol === 'https:' ? https : process.getBuiltinModule('node:http'));
