import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { PayloadV2, PayloadV2Answer } from '../../../functions/http/payload-v2.ts';
import type { LambdaContext } from '../../../functions/region/lambda.ts';

/** What stands in front of a region's functions: TLS, client certificates, and routes, as an HTTP API with a custom domain has them. */
export interface Front { readonly endpoint: string; stop(): Promise<void> }

export type Api = (event: PayloadV2, context: LambdaContext) => Promise<PayloadV2Answer>;

/** How long an invocation has; API Gateway's limit. */
const TIMEOUT_MS = 30_000;

/** A context as the runtime gives one. */
export function contextOf(name: string, timeoutMs = TIMEOUT_MS): LambdaContext {
  const untilMs = Date.now() + timeoutMs;
  return { awsRequestId: crypto.randomUUID(), functionName: name, getRemainingTimeInMillis: () => untilMs - Date.now() };
}

/** @param apis by the service in their paths, or by service and method, which comes first, as routes of an HTTP API do */
export async function startFront(tls: { readonly cert: string; readonly key: string; readonly ca: string }, apis: Readonly<Record<string, Api>>): Promise<Front> {
  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (incoming, outgoing) => {
    serve(incoming, outgoing, apis).catch((error: unknown) => { outgoing.writeHead(502).end(String(error)); });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `localhost:${(server.address() as AddressInfo).port.toString()}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(incoming: IncomingMessage, outgoing: ServerResponse, apis: Readonly<Record<string, Api>>): Promise<void> {
  const url = new URL(incoming.url ?? '/', 'https://front');
  const [, path = '', service = 'PeerService'] = /^\/novaedge\.federation\.v1\.((\w+)\/\w+)/.exec(url.pathname) ?? [];
  const parts: Buffer[] = [];
  for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part);
  const leaf = incoming.socket instanceof TLSSocket ? incoming.socket.getPeerX509Certificate() : undefined;
  const api = apis[path] ?? apis[service];
  if (api === undefined) { outgoing.writeHead(404).end('{"message":"Not Found"}'); return; }
  const answer = await api({
    rawPath: url.pathname,
    headers: Object.fromEntries(Object.entries(incoming.headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, [value].flat().join(',')]]))),
    body: Buffer.concat(parts).toString('base64'), isBase64Encoded: true,
    requestContext: { http: { method: incoming.method ?? 'POST' }, ...(leaf !== undefined && { authentication: { clientCert: { clientCertPem: leaf.toString() } } }) },
  }, contextOf(service));
  outgoing.writeHead(answer.statusCode, answer.headers).end(Buffer.from(answer.body, answer.isBase64Encoded ? 'base64' : 'utf8'));
}
