import type { ConnectError } from '@connectrpc/connect';
import { Code, createServiceImplSpec } from '@connectrpc/connect';
import type { UniversalHandler, UniversalServerResponse } from '@connectrpc/connect/protocol';
import { createUniversalServiceHandlers, universalServerRequestFromFetch, universalServerResponseToFetch } from '@connectrpc/connect/protocol';
import { codeFromString, codeToHttpStatus, createHandlerFactory, errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import type { Clock } from '../ports/clock.ts';
import { COMPRESS_MIN_BYTES, COMPRESSIONS } from '../wire/compression.ts';
import type { Call } from './call.ts';
import { valuesFor } from './call.ts';
import type { Role } from './caller.ts';
import { replicaCodeOf } from './error-codes.ts';
import { answerFor, withDetail } from './errors.ts';
import type { RpcLimits } from './limits.ts';
import type { Offer } from './offer.ts';
import { runCall } from './run-call.ts';

export interface HandlerSettings { readonly federationId: string; readonly limits: RpcLimits; readonly clock: Clock; readonly compression: boolean }

/**
 * Everything between Connect and fetch is in this file (STYLE): the handlers of the services offered, by role. Made from the library's
 * parts, of the Connect protocol alone: its router brings gRPC and gRPC-Web along, which nobody here speaks.
 */
export function connectHandlers(offers: readonly Offer[], { federationId, limits, clock, compression }: HandlerSettings): readonly { readonly role: Role; readonly handler: UniversalHandler }[] {
  return offers.flatMap(({ role, service, implement }) => {
    const protocol = createHandlerFactory({
      readMaxBytes: limits.roles[role].requestBytes,
      writeMaxBytes: limits.responseBytes,
      compressMinBytes: COMPRESS_MIN_BYTES,
      acceptCompression: compression ? [...COMPRESSIONS] : [],
      // What nobody here knows is not kept: it would be a way to have memory filled.
      binaryOptions: { readUnknownFields: false, writeUnknownFields: false },
      interceptors: [runCall(clock, limits.callTimeoutMs)],
    });
    return createUniversalServiceHandlers(createServiceImplSpec(service, implement(federationId)), [protocol]).map((handler) => ({ role, handler }));
  });
}

const TIMEOUT_HEADER = 'connect-timeout-ms';
/** A day. */
const MAX_TIMEOUT_MS = 86_400_000;

/** Serves one call whose caller was let in. Every answer is a message or a Connect error with its exact code. */
export async function serveCall(handler: UniversalHandler, request: Request, call: Call): Promise<Response> {
  // Our own timeout comes first then, and the library's timer takes no number that large.
  if (Number(request.headers.get(TIMEOUT_HEADER)) > MAX_TIMEOUT_MS) request.headers.delete(TIMEOUT_HEADER);
  const answer = await handler({ ...universalServerRequestFromFetch(request, {}), contextValues: valuesFor(call) });
  const isProper = answer.status === 200 || call.failed !== undefined;
  if (isProper) return universalServerResponseToFetch(answer);
  const error = call.stage === 'reading' ? await unreadable(answer, call) : unwritable(answer, call);
  return errorResponse(error, isHttpRefusal(answer.status) ? answer.status : undefined);
}

/** An error as Connect writes it. */
export const errorResponse = (error: ConnectError, status: number = codeToHttpStatus(error.code)): Response =>
  new Response(Uint8Array.from(errorToJsonBytes(error, undefined)), { status, headers: { 'content-type': 'application/json' } });

/** What Connect says of the HTTP request itself, without a body. */
const isHttpRefusal = (status: number): boolean => status === 405 || status === 415;

/** A request that could not be read is the sender's fault; the library calls some of it internal. */
async function unreadable(answer: UniversalServerResponse, call: Call): Promise<ConnectError> {
  const { code, message } = await readError(answer);
  const error = code === Code.ResourceExhausted
    ? withDetail(`the request is too long: ${message}`, Code.OutOfRange, 'too-large', call.correlationId)
    : withDetail(message, code === Code.Internal ? Code.InvalidArgument : code, code === Code.Internal ? 'invalid' : replicaCodeOf(code, undefined), call.correlationId);
  call.failed = { error, exact: 'invalid', unexpected: false, cause: undefined };
  return error;
}

/** The method was done, but its answer is over the limit or cannot be serialized. */
function unwritable(answer: UniversalServerResponse, call: Call): ConnectError {
  const cause = new Error(`the answer could not be written (HTTP ${answer.status.toString()})`);
  call.failed = { ...answerFor(cause, call.correlationId), cause };
  return call.failed.error;
}

/** Sentences of the library; what it repeats of the request is cut. */
const MAX_MESSAGE_CHARACTERS = 300;

async function readError(answer: UniversalServerResponse): Promise<{ readonly code: Code; readonly message: string }> {
  if (answer.status === 405) return { code: Code.InvalidArgument, message: 'the HTTP method is not accepted; calls are POST' };
  if (answer.status === 415) return { code: Code.InvalidArgument, message: 'the content-type is not accepted; accepted are application/proto and application/json' };
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body ?? []) chunks.push(chunk);
  const text = answer.header?.has('content-encoding') === true ? '{}' : Buffer.concat(chunks).toString();
  const { code, message } = JSON.parse(text) as { readonly code?: string; readonly message?: string };
  return { code: codeFromString(code ?? '') ?? Code.InvalidArgument, message: (message ?? 'the request cannot be read').slice(0, MAX_MESSAGE_CHARACTERS) };
}
