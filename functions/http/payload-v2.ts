import type { HttpAnswer, HttpCall } from '../../shared/rpc/http-call.ts';

/** A request of an HTTP API, payload format 2.0, as far as it is read. */
export interface PayloadV2 {
  readonly rawPath: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: {
    readonly http: { readonly method: string };
    /** With mutual TLS: the certificate that the domain took. */
    readonly authentication?: { readonly clientCert?: { readonly clientCertPem?: string } };
  };
}

export interface PayloadV2Answer { readonly statusCode: number; readonly headers: Readonly<Record<string, string>>; readonly body: string; readonly isBase64Encoded: boolean }

/** The call that a request is. Headers come with their names in small letters, and with several of one name as one. */
export function callOf({ rawPath, headers = {}, body, isBase64Encoded = false, requestContext: { http: { method } } }: PayloadV2, signal: AbortSignal): HttpCall {
  return { method, path: rawPath, header: (name) => headers[name], body: () => bytesOf(body, isBase64Encoded), signal };
}

 
async function* bytesOf(body: string | undefined, isBase64Encoded: boolean): AsyncGenerator<Uint8Array> {
  if (body !== undefined) yield Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
}

/** Bytes travel in base64; only what is JSON or text, and not compressed, stays readable in the gateway's logs and cheaper by a third. */
export function answerOf({ status, headers, body }: HttpAnswer): PayloadV2Answer {
  const isText = /^(application\/json|text\/)/.test(headers['content-type'] ?? '') && headers['content-encoding'] === undefined;
  return { statusCode: status, headers, body: Buffer.from(body).toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
}
