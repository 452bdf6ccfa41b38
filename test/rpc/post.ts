import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Agent } from 'node:https';
import { request } from 'node:https';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';

export interface Answer { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer; readonly code: string; readonly message: string }

export interface Post {
  readonly port: number;
  readonly path: string;
  readonly body: Uint8Array | string;
  readonly certificate?: KeyedCertificate | undefined;
  readonly headers?: OutgoingHttpHeaders;
  readonly method?: string;
  readonly agent?: Agent | false;
}

/** One request with whatever body and headers, and the answer as it came. Believes any server: what is tested is the other side. */
export function post({ port, path, body, certificate, headers = {}, method = 'POST', agent = false }: Post): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1', port, path, method, agent, rejectUnauthorized: false,
      headers: { 'content-type': 'application/proto', ...headers },
      ...(certificate !== undefined && { cert: certificate.certificatePem, key: certificate.privateKeyPem }),
    }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => { resolve(answerOf(response.statusCode ?? 0, response.headers, Buffer.concat(chunks))); });
    });
    // The answer may come, and the connection end, before all of a refused body was sent.
    let answered = false;
    sent.on('response', () => { answered = true; });
    sent.on('error', (error) => { if (!answered) reject(error); });
    sent.end(body);
  });
}

function answerOf(status: number, headers: IncomingHttpHeaders, body: Buffer): Answer {
  const error = status === 200 ? {} : parse(body);
  return { status, headers, body, code: status === 200 ? 'ok' : (error.code ?? `none (${body.toString().slice(0, 80)})`), message: error.message ?? '' };
}

function parse(body: Buffer): { readonly code?: string; readonly message?: string } {
  try {
    return JSON.parse(body.toString()) as { code?: string; message?: string };
  } catch {
    return {};
  }
}
