import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import type { Clock } from '../ports/clock.ts';
import { CallError } from '../wire/call-error.ts';
import { decode } from '../wire/codec/decode.ts';
import { encode } from '../wire/codec/encode.ts';
import type { MessageType, MethodType } from '../wire/codec/message-type.ts';
import type { Compression } from '../wire/compression.ts';
import { COMPRESS_MIN_BYTES } from '../wire/compression.ts';
import { codingOf, JSON_TYPE, PROTO_TYPE, TIMEOUT_HEADER } from '../wire/connect-headers.ts';
import { readBytes, requireBytes } from '../wire/read-bytes.ts';
import type { Call } from './call.ts';
import { errorAnswer } from './error-answer.ts';
import { replicaCodeOf } from './error-codes.ts';
import { withDetail } from './errors.ts';
import type { HttpAnswer, HttpCall } from './http-call.ts';
import type { AnyMethod } from './offer.ts';
import { runCall } from './run-call.ts';

/** Messages in JSON, for servers that take them. Both throw what is not to be read or written. */
export interface JsonCoding {
  readonly read: (type: MessageType, bytes: Uint8Array) => object;
  readonly write: (type: MessageType, message: object) => Uint8Array;
}

export interface UnaryServerOptions {
  readonly requestBytes: number;
  /** An answer before compression. */
  readonly responseBytes: number;
  readonly callTimeoutMs: number;
  readonly clock: Clock;
  /** Accepted, and answered in where the caller accepts it; the first that it names. */
  readonly compressions: readonly Compression[];
  /** Undefined takes messages in binary alone. */
  readonly json: JsonCoding | undefined;
}

/** How one call is to be read and answered, as its headers say. */
interface Terms {
  readonly coding: 'proto' | 'json';
  readonly requestCompression: Compression | undefined;
  readonly answerCompression: Compression | undefined;
  readonly timeoutMs: number;
}

/**
 * Serves one unary call of the Connect protocol (https://connectrpc.com/docs/protocol#unary-rpcs) whose caller was let in. Every answer is
 * a message, or an error with its exact code; what was answered stands in `call.failed`.
 */
export async function serveUnary(type: MethodType, method: AnyMethod, http: HttpCall, call: Call, options: UnaryServerOptions): Promise<HttpAnswer> {
  let terms: Terms;
  let request: object;
  try {
    terms = termsOf(http, options);
    request = await readRequest(type.input, http, terms, options);
  } catch (error) {
    return refuse(call, error);
  }
  return runCall({ call, clock: options.clock, timeoutMs: terms.timeoutMs, signal: http.signal, request, method }, (answer) => writeAnswer(type.output, answer, terms, options));
}

/** What HTTP has a status of its own for. */
class HttpRefusal extends CallError {
  readonly status: number;
  constructor(status: number, message: string) {
    super('invalid_argument', message);
    this.status = status;
  }
}

/** A request that cannot be read is its sender's fault. */
function refuse(call: Call, error: unknown): HttpAnswer {
  const { code, message } = error instanceof CallError ? error : new CallError('invalid_argument', 'the request cannot be read', { cause: error });
  const told = code === 'resource_exhausted'
    ? withDetail(`the request is too long: ${message}`, 'out_of_range', 'too-large', call.correlationId)
    : withDetail(message, code, replicaCodeOf(code, undefined), call.correlationId);
  call.failed = { error: told, exact: 'invalid', unexpected: false, cause: undefined };
  return errorAnswer(told, error instanceof HttpRefusal ? error.status : undefined);
}

/** @throws CallError for what is no call, or none that can be served here */
function termsOf({ method, header }: HttpCall, { compressions, callTimeoutMs, json }: UnaryServerOptions): Terms {
  if (method !== 'POST') throw new HttpRefusal(405, 'the HTTP method is not accepted; calls are POST');
  const coding = codingOf(header('content-type'));
  if (coding === undefined || (coding === 'json' && json === undefined)) throw new HttpRefusal(415, `the content-type is not accepted; accepted ${json === undefined ? `is ${PROTO_TYPE}` : `are ${PROTO_TYPE} and ${JSON_TYPE}`}`);
  const requestCompression = requestCompressionOf(header('content-encoding'), compressions);
  return { coding, requestCompression, answerCompression: answerCompressionOf(header('accept-encoding'), compressions, requestCompression), timeoutMs: Math.min(callTimeoutMs, timeoutOf(header(TIMEOUT_HEADER))) };
}

function requestCompressionOf(encoding: string | undefined, compressions: readonly Compression[]): Compression | undefined {
  if (encoding === undefined || encoding === 'identity') return undefined;
  const found = compressions.find(({ name }) => name === encoding);
  if (found === undefined) throw new CallError('unimplemented', `the content-encoding is not accepted; accepted are ${['identity', ...compressions.map(({ name }) => name)].join(', ')}`);
  return found;
}

/** The first that the caller names and that is had here; one who names none gets what it sent itself (the protocol's rule). */
function answerCompressionOf(accepted: string | undefined, compressions: readonly Compression[], sent: Compression | undefined): Compression | undefined {
  if (accepted === undefined || accepted === '') return sent;
  return accepted.split(',').map((name) => compressions.find((compression) => compression.name === name.trim())).find((compression) => compression !== undefined);
}

const TIMEOUT = /^\d{1,10}$/;

/** A caller that says nothing has as long as there is. */
function timeoutOf(header: string | undefined): number {
  if (header === undefined) return Infinity;
  if (!TIMEOUT.test(header)) throw new CallError('invalid_argument', `${TIMEOUT_HEADER} is not accepted; accepted are milliseconds in up to ten digits`);
  return Number(header);
}

async function readRequest(type: MessageType, { header, body }: HttpCall, { coding, requestCompression }: Terms, { requestBytes, json }: UnaryServerOptions): Promise<object> {
  const sent = await readBytes(body(), requestBytes, header('content-length'));
  const bytes = requestCompression === undefined ? sent : await requestCompression.decompress(sent, requestBytes);
  try {
    return coding === 'json' && json !== undefined ? json.read(type, bytes) : decode(type, bytes);
  } catch (error) {
    throw new CallError('invalid_argument', `the body is no ${type.name}: ${shownReason(error)}`, { cause: error });
  }
}

/** Sentences of a parser repeat what it read. */
const MAX_REASON_CHARACTERS = 300;
const shownReason = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON_CHARACTERS);

async function writeAnswer(type: MessageType, message: object, { coding, answerCompression }: Terms, { responseBytes, json }: UnaryServerOptions): Promise<HttpAnswer> {
  const isJson = coding === 'json' && json !== undefined;
  const bytes = isJson ? json.write(type, message) : encode(type, message as MessageInitShape<DescMessage>);
  requireBytes(bytes.length, responseBytes);
  const headers = { 'content-type': isJson ? JSON_TYPE : PROTO_TYPE };
  if (answerCompression === undefined || bytes.length < COMPRESS_MIN_BYTES) return { status: 200, headers, body: bytes };
  return { status: 200, headers: { ...headers, 'content-encoding': answerCompression.name }, body: await answerCompression.compress(bytes) };
}
