import type { OutgoingHttpHeaders } from 'node:http';
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { GenServiceMethods } from '@bufbuild/protobuf/codegenv2';
import { CallError, readCallError } from '../../wire/call-error.ts';
import { decode } from '../../wire/codec/decode.ts';
import { encode } from '../../wire/codec/encode.ts';
import type { MethodType, ServiceType } from '../../wire/codec/message-type.ts';
import { PACKAGE } from '../../wire/codec/message-type.ts';
import type { Compression } from '../../wire/compression.ts';
import { COMPRESS_MIN_BYTES, COMPRESSIONS } from '../../wire/compression.ts';
import { codingOf, PROTO_TYPE, TIMEOUT_HEADER, VERSION, VERSION_HEADER } from '../../wire/connect-headers.ts';
import { MAX_MESSAGE_BYTES } from '../../wire/limits.ts';
import { readBytes, requireBytes } from '../../wire/read-bytes.ts';
import type { HttpsAnswer, HttpsPost } from './https-post.ts';

export interface CallOptions { readonly signal: AbortSignal; readonly timeoutMs: number }

/** A service as it is called: its methods, each with a request as it is made and an answer as it is read. */
export type Client<Methods extends GenServiceMethods> = {
  readonly [Name in keyof Methods]: (request: MessageInitShape<Methods[Name]['input']>, options: CallOptions) => Promise<MessageShape<Methods[Name]['output']>>;
};

export type ClientOf<Service> = Service extends ServiceType<infer Methods> ? Client<Methods> : never;

/** How a client gets to its server. */
export interface Channel {
  readonly origin: URL;
  /** What requests are compressed with, where that is worth it. */
  readonly compression: Compression | undefined;
  /** Sent with every request, besides what the protocol has. */
  readonly headers: () => OutgoingHttpHeaders;
  readonly post: (request: Omit<HttpsPost, 'agent'>) => Promise<HttpsAnswer>;
  /** Told of every call that failed. */
  readonly failed: (error: unknown) => void;
}

/**
 * A client for unary calls of the Connect protocol, with messages in binary (https://connectrpc.com/docs/protocol#unary-rpcs). Its calls
 * throw a CallError: the one that the server answered, or one that says why there is no answer.
 */
export function clientOf<Methods extends GenServiceMethods>(service: ServiceType<Methods>, channel: Channel): Client<Methods> {
  const methods = Object.entries(service.methods) as [string, MethodType][];
  return Object.fromEntries(methods.map(([localName, method]) => [localName, (request: MessageInitShape<DescMessage>, options: CallOptions) => call(channel, service.name, method, request, options)])) as unknown as Client<Methods>;
}

async function call(channel: Channel, service: string, method: MethodType, request: MessageInitShape<DescMessage>, { signal, timeoutMs }: CallOptions): Promise<MessageShape<DescMessage>> {
  try {
    const { compression, bytes } = await written(channel, method, request);
    const headers = { ...channel.headers(), ...protocolHeaders(timeoutMs), ...(compression !== undefined && { 'content-encoding': compression.name }) };
    return await withDeadline(timeoutMs, signal, async (until) =>
      readAnswer(method, await channel.post({ url: new URL(`/${PACKAGE}${service}/${method.name}`, channel.origin), headers, body: bytes, signal: until })));
  } catch (error) {
    channel.failed(error);
    throw error;
  }
}

async function written({ compression }: Channel, { input }: MethodType, request: MessageInitShape<DescMessage>): Promise<{ readonly compression: Compression | undefined; readonly bytes: Uint8Array }> {
  const bytes = encode(input, request);
  requireBytes(bytes.length, MAX_MESSAGE_BYTES);
  if (compression === undefined || bytes.length < COMPRESS_MIN_BYTES) return { compression: undefined, bytes };
  return { compression, bytes: await compression.compress(bytes) };
}

/** Gateways refuse who does not say what they are. */
const USER_AGENT = 'novaedge';
const ACCEPTED = COMPRESSIONS.map(({ name }) => name).join(',');

const protocolHeaders = (timeoutMs: number): OutgoingHttpHeaders =>
  ({ 'content-type': PROTO_TYPE, [VERSION_HEADER]: VERSION, [TIMEOUT_HEADER]: Math.ceil(timeoutMs).toString(), 'accept-encoding': ACCEPTED, 'user-agent': USER_AGENT });

async function readAnswer({ output }: MethodType, answer: HttpsAnswer): Promise<MessageShape<DescMessage>> {
  const { status, headers } = answer;
  const bytes = codingOf(headers['content-type']) === (status === 200 ? 'proto' : 'json') ? await unpacked(answer) : undefined;
  if (status !== 200 || bytes === undefined) {
    if (bytes === undefined) answer.discard();
    throw status === 200 ? new CallError('unknown', `answered in ${JSON.stringify(headers['content-type'] ?? '')}, which is no message`) : readCallError(status, bytes);
  }
  try {
    return decode(output, bytes);
  } catch (error) {
    throw new CallError('internal', `the answer cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function unpacked({ headers, body }: HttpsAnswer): Promise<Uint8Array> {
  const bytes = await readBytes(body, MAX_MESSAGE_BYTES, headers['content-length']);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return bytes;
  const compression = COMPRESSIONS.find(({ name }) => name === encoding);
  if (compression === undefined) throw new CallError('internal', `the answer is in ${JSON.stringify(encoding)}, accepted are ${ACCEPTED}`);
  return compression.decompress(bytes, MAX_MESSAGE_BYTES);
}

/** Work until `timeoutMs` are over or the caller gives up: why it ended then is told, whatever it says of that itself. */
async function withDeadline<T>(timeoutMs: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => { late.abort(new CallError('deadline_exceeded', `the operation timed out: no answer within ${timeoutMs.toString()} ms`)); }, timeoutMs);
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    if (signal.aborted) throw new CallError('canceled', 'the call was given up', { cause: signal.reason });
    throw late.signal.aborted ? late.signal.reason : error;
  } finally {
    clearTimeout(timer);
  }
}
