/** A request of an HTTP API, payload format 2.0, as far as it is read. */
export interface PayloadV2 {
  readonly rawPath: string;
  readonly rawQueryString?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: {
    readonly domainName?: string;
    readonly http: { readonly method: string };
    /** With mutual TLS: the certificate that the domain took. */
    readonly authentication?: { readonly clientCert?: { readonly clientCertPem?: string } };
  };
}

export interface PayloadV2Answer { readonly statusCode: number; readonly headers: Readonly<Record<string, string>>; readonly body: string; readonly isBase64Encoded: boolean }

/** The request. @throws TypeError for a path or a header that is none */
export function requestOf(event: PayloadV2, signal: AbortSignal): Request {
  const { rawPath, rawQueryString = '', headers = {}, body, isBase64Encoded = false, requestContext: { domainName = 'api', http: { method } } } = event;
  const url = new URL(`https://${domainName}`);
  url.pathname = rawPath;
  url.search = rawQueryString;
  const bytes = body === undefined ? undefined : Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  const hasBody = bytes !== undefined && method !== 'GET' && method !== 'HEAD';
  return new Request(url, { method, headers, signal, ...(hasBody && { body: bytes }) });
}

/** Bytes travel in base64; only what is JSON or text, and not compressed, stays readable in the gateway's logs and cheaper by a third. */
export async function answerOf(response: Response): Promise<PayloadV2Answer> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const isText = /^(application\/json|text\/)/.test(response.headers.get('content-type') ?? '') && !response.headers.has('content-encoding');
  return { statusCode: response.status, headers: Object.fromEntries(response.headers), body: bytes.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
}
