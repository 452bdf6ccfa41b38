import type { ErrorDetail as ErrorDetailShape, ErrorDetailSchema } from '../../proto/gen/novaedge/federation/v1/error_pb.ts';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { ErrorDetail } from '../../proto/gen/novaedge/federation/v1/error_codec.ts';
import { decode } from './codec/decode.ts';
import { encode } from './codec/encode.ts';
import { PACKAGE } from './codec/message-type.ts';

/** Connect's codes as they stand in an answer, and the HTTP status that each goes with (https://connectrpc.com/docs/protocol#error-codes). */
const STATUS_OF = {
  canceled: 499, unknown: 500, invalid_argument: 400, deadline_exceeded: 504, not_found: 404, already_exists: 409, permission_denied: 403, resource_exhausted: 429,
  failed_precondition: 400, aborted: 409, out_of_range: 400, unimplemented: 501, internal: 500, unavailable: 503, data_loss: 500, unauthenticated: 401,
} as const;
export type CallCode = keyof typeof STATUS_OF;

export const httpStatusOf = (code: CallCode): number => STATUS_OF[code];
export const isCallCode = (text: unknown): text is CallCode => typeof text === 'string' && Object.hasOwn(STATUS_OF, text);

/** What an HTTP status means that came without a Connect error: from a gateway on the way (https://connectrpc.com/docs/protocol#http-to-error-code). */
const CODE_OF: Readonly<Record<number, CallCode>> = { 400: 'internal', 401: 'unauthenticated', 403: 'permission_denied', 404: 'unimplemented', 429: 'unavailable', 502: 'unavailable', 503: 'unavailable', 504: 'unavailable' };

/** A call that failed, as Connect says it: made here, or read from an answer. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly code: CallCode;
  /** The exact reason, where the answer had one. */
  readonly detail: MessageInitShape<typeof ErrorDetailSchema> | undefined;
  constructor(code: CallCode, message: string, { detail, ...options }: ErrorOptions & { readonly detail?: MessageInitShape<typeof ErrorDetailSchema> } = {}) {
    super(message, options);
    this.code = code;
    this.detail = detail;
  }
}

/** The body of an answer that is an error (https://connectrpc.com/docs/protocol#error-end-stream). `debug` is for people who read it. */
export function writeCallError({ code, message, detail }: CallError): Uint8Array {
  const details = detail === undefined ? undefined : [{ type: PACKAGE + ErrorDetail.name, debug: shownDetail(detail), value: Buffer.from(encode(ErrorDetail, detail)).toString('base64').replace(/=+$/, '') }];
  return Buffer.from(JSON.stringify({ code, ...(message !== '' && { message }), details }));
}

/** As Protobuf writes it in JSON. */
const shownDetail = ({ code = '', correlationId = '', field = '', retryAfterMs }: MessageInitShape<typeof ErrorDetailSchema>): object =>
  ({ ...(code !== '' && { code }), ...(correlationId !== '' && { correlationId }), ...(field !== '' && { field }), ...(retryAfterMs !== undefined && { retryAfterMs: retryAfterMs.toString() }) });

/** The error that an answer is. Whatever stands there: a body that says nothing leaves what the status says. */
export function readCallError(status: number, body: Uint8Array | undefined): CallError {
  const byStatus = new CallError(CODE_OF[status] ?? 'unknown', `HTTP ${status.toString()}`);
  const json = body === undefined ? undefined : parse(body);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return byStatus;
  const { code, message = '', details } = json as { readonly code?: unknown; readonly message?: unknown; readonly details?: unknown };
  if (typeof message !== 'string') return byStatus;
  const detail = Array.isArray(details) ? details.map(detailIn).find((found) => found !== undefined) : undefined;
  return new CallError(isCallCode(code) ? code : byStatus.code, message, detail === undefined ? {} : { detail });
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}

/** A detail of ours; others', and what cannot be read, say nothing here. */
function detailIn(detail: unknown): ErrorDetailShape | undefined {
  if (typeof detail !== 'object' || detail === null) return undefined;
  const { type, value } = detail as { readonly type?: unknown; readonly value?: unknown };
  if (type !== PACKAGE + ErrorDetail.name || typeof value !== 'string') return undefined;
  try {
    return decode(ErrorDetail, Buffer.from(value, 'base64'));
  } catch {
    return undefined;
  }
}
