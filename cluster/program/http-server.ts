import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the program is. */
export interface ProgramHealth {
  /** Waiting for the lease, or what the bridge is doing. */
  readonly state: string;
  readonly message: string | undefined;
  readonly isReady: boolean;
  readonly isLeading: boolean;
  readonly exceptions: number;
  readonly problems: readonly string[];
}

export interface HttpParts {
  readonly host: string;
  readonly port: number;
  readonly health: () => ProgramHealth;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
}
export interface RunningHttp { readonly port: number; close(): Promise<void> }

/** A scrape or a probe; nobody else has business here. */
const MAX_CONNECTIONS = 50;
const REQUEST_TIMEOUT_MS = 5000;

/** Answers /healthz (the process runs), /readyz (it does its part, or stands by), /status (JSON) and /metrics (Prometheus). */
export async function serveHealth({ host, port, health, metrics }: HttpParts): Promise<RunningHttp> {
  const answers: Readonly<Record<string, () => Promise<{ status: number; type: string; text: string }>>> = {
    '/healthz': async () => ({ status: 200, type: 'text/plain', text: 'ok\n' }),
    '/readyz': async () => {
      const { isReady, state, message } = health();
      return { status: isReady ? 200 : 503, type: 'text/plain', text: `${state}${message === undefined ? '' : `: ${message}`}\n` };
    },
    '/status': async () => ({ status: 200, type: 'application/json', text: `${JSON.stringify(health())}\n` }),
    '/metrics': async () => {
      const { contentType, text } = await metrics();
      return { status: 200, type: contentType, text };
    },
  };
  const server = createServer((request, response) => {
    const answer = request.method === 'GET' ? answers[new URL(request.url ?? '/', 'http://localhost').pathname] : undefined;
    (answer?.() ?? Promise.resolve({ status: 404, type: 'text/plain', text: `there are ${Object.keys(answers).join(', ')}\n` })).then(
      ({ status, type, text }) => { response.writeHead(status, { 'content-type': type }).end(text); },
      (error: unknown) => { response.writeHead(500).end(error instanceof Error ? error.message : String(error)); },
    );
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  await listen(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => { server.close(() => { resolve(); }); server.closeAllConnections(); }),
  };
}

const listen = (server: Server, host: string, port: number): Promise<void> => new Promise((resolve, reject) => {
  server.once('error', reject);
  server.listen(port, host, () => { resolve(); });
});
