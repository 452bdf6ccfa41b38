import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server, ServerOptions } from 'node:https';
import { constants } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Logger } from '../ports/logger.ts';
import type { SocketEnvironment } from './certificate-sources.ts';
import type { HttpApp } from './http-call.ts';
import { callOf, writeAnswer } from './node-call.ts';

/** What a server proves itself with, and whose clients it asks for certificates of: PEM texts. `ca`: the authorities of all roles. */
export interface ServerTls { readonly cert: string; readonly key: string; readonly ca: readonly string[] }

export interface ServeOptions {
  /** Its environment is a `SocketEnvironment` (certificate-sources.ts). */
  readonly app: HttpApp;
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  readonly tls: ServerTls;
  readonly logger: Logger;
  /**
   * Ends handshakes of clients without a certificate of one of the authorities. Default false: the app refuses them, in words that
   * say why, before it reads anything; and health checks need no certificate.
   */
  readonly refuseInHandshake?: boolean;
  readonly maxConnections?: number;
}

export interface RunningServer {
  readonly port: number;
  /** Takes other certificates for new connections; those that stand go on. @throws when they cannot be read, and the old ones stay */
  reload(tls: ServerTls): void;
  /** Takes no more connections, lets calls finish for `graceMs`, then ends what is left. */
  stop(graceMs?: number): Promise<void>;
}

/** Agents, bridges and peers of one member keep a connection each; a file descriptor and about 50 KB each. */
const MAX_CONNECTIONS = 10_000;
/** A client that is slower with its handshake or its headers is not one of ours. */
const HANDSHAKE_TIMEOUT_MS = 10_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** A whole request: 4.25 MiB at 1.2 Mbit/s. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than a waiting pull and an agent's interval, so that connections are reused; our clients give theirs up before that. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** Neither side wrote or read: a call takes 29 s at most. */
const SOCKET_TIMEOUT_MS = 120_000;
const MAX_HEADER_BYTES = 16 * 1024;
const STOP_GRACE_MS = 10_000;

/** Serves an app over HTTPS with mutual TLS. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { app, host, port, tls, logger, refuseInHandshake = false, maxConnections = MAX_CONNECTIONS } = options;
  let stopping = false;
  const server = createServer({
    ...tlsOptions(tls, refuseInHandshake),
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  }, (incoming, response) => {
    answer(app, incoming, response, () => stopping).catch((error: unknown) => {
      // The caller hung up, or its connection broke: nobody is left to tell.
      logger.debug('connection-lost', { reason: error instanceof Error ? error.message : String(error) });
      response.destroy();
    });
  });
  server.maxConnections = maxConnections;
  server.timeout = SOCKET_TIMEOUT_MS;
  server.on('tlsClientError', (error) => { logger.debug('handshake-failed', { reason: error.message }); });
  await listen(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    reload: (next) => { server.setSecureContext(tlsOptions(next, refuseInHandshake)); },
    stop: (graceMs = STOP_GRACE_MS) => {
      stopping = true;
      return stop(server, graceMs);
    },
  };
}

function tlsOptions({ cert, key, ca }: ServerTls, refuseInHandshake: boolean): ServerOptions {
  return {
    cert, key, ca: [...ca],
    requestCert: true,
    rejectUnauthorized: refuseInHandshake,
    minVersion: 'TLSv1.2',
    // A resumed session would bring a client's certificate back without its path, and without asking anybody anew. A renegotiation would
    // bring another one.
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  };
}

async function answer(app: HttpApp, incoming: IncomingMessage, response: ServerResponse, isStopping: () => boolean): Promise<void> {
  const { socket } = incoming;
  const received = callOf(incoming, response);
  if (received === undefined || !(socket instanceof TLSSocket)) {
    response.writeHead(400, { connection: 'close' }).end();
    return;
  }
  const { call, linger } = received;
  const environment: SocketEnvironment = { socket };
  await writeAnswer(await app.serve(call, environment), incoming, response, { linger, close: isStopping() });
}

const listen = (server: Server, host: string, port: number): Promise<void> => new Promise((resolve, reject) => {
  server.once('error', reject);
  server.listen(port, host, () => {
    server.off('error', reject);
    resolve();
  });
});

async function stop(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => { server.close(() => { resolve(); }); });
  server.closeIdleConnections();
  const timer = setTimeout(() => { server.closeAllConnections(); }, graceMs);
  await closed;
  clearTimeout(timer);
}
