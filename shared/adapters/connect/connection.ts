import { Agent } from 'node:https';
import type { Interceptor, Transport } from '@connectrpc/connect';
import { createTransport } from '@connectrpc/connect/protocol-connect';
import { COMPRESS_MIN_BYTES, COMPRESSIONS, GZIP } from '../../wire/compression.ts';
import { CORRELATION_HEADER, currentCorrelation } from '../../wire/correlation.ts';
import { MAX_MESSAGE_BYTES } from '../../wire/limits.ts';
import { endpointUrl } from './endpoint.ts';
import { httpsClient } from './https-client.ts';
import type { ExpectedServer } from './server-check.ts';
import { tellRefusals } from './refusal.ts';
import { checkServer } from './server-check.ts';

/** How a client proves itself, and whom it believes: PEM texts. */
export interface ClientTls {
  readonly cert: string;
  readonly key: string;
  /** The authorities that may vouch for the server; undefined takes those the system trusts. */
  readonly ca: string | undefined;
  /** The name to expect in the server's certificate instead of the endpoint's host. */
  readonly serverName?: string | undefined;
  /** Believes any server. For tests only; the guides have it. */
  readonly insecureSkipVerify?: boolean | undefined;
}

export interface ConnectionOptions {
  /** `host:port` as in a federation object. */
  readonly endpoint: string;
  readonly expected: ExpectedServer;
  /** Asked before every call; when the answer is another, calls go on over new connections. */
  readonly tls: () => ClientTls;
  /** Compress what is sent. Compressed answers are always taken. Default true. */
  readonly compression?: boolean | undefined;
  /** Told when the server refuses our certificate, or its own is refused here. */
  readonly onRefused?: (() => void) | undefined;
}

/** Connections to one server: pages one after the other, a waiting pull, a heartbeat; more would only queue at its other end. */
const MAX_SOCKETS = 16;
const MAX_IDLE_SOCKETS = 4;
/** Before the other side gives an idle connection up (65 s here, 60 s at many load balancers), so that no call is sent into one that just ended. */
const IDLE_TIMEOUT_MS = 50_000;

/**
 * Kept connections to one server, with mutual TLS.
 *
 * HTTP/1.1 and not 2: all calls are unary, so that there is nothing to stream; an idle HTTP/2 session does not survive a frozen
 * Lambda instance without pings, and one lost packet would hold up heartbeats behind pages.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #url: URL;
  /** A frozen function's timers do not run: what an agent would have closed meanwhile is told by this. */
  #usedAtMs = 0;
  #current: { readonly tls: ClientTls; readonly agent: Agent; readonly transport: Transport } | undefined;

  /** @throws RangeError for an endpoint that is none */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#url = endpointUrl(options.endpoint);
  }

  /** The transport for the credentials that are valid now. */
  get transport(): Transport {
    const tls = this.#options.tls();
    const nowMs = Date.now();
    const hasRested = nowMs - this.#usedAtMs > IDLE_TIMEOUT_MS;
    this.#usedAtMs = nowMs;
    if (this.#current === undefined || hasRested || !sameTls(this.#current.tls, tls)) {
      const retired = this.#current?.agent;
      const agent = this.#agent(tls);
      this.#current = { tls, agent, transport: this.#transport(agent) };
      retire(retired);
    }
    return this.#current.transport;
  }

  /** Ends all connections, calls under way included. */
  close(): void {
    this.#current?.agent.destroy();
    this.#current = undefined;
  }

  #agent({ cert, key, ca, serverName, insecureSkipVerify }: ClientTls): Agent {
    return new Agent({
      keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: MAX_IDLE_SOCKETS, scheduling: 'lifo', timeout: IDLE_TIMEOUT_MS,
      cert, key, minVersion: 'TLSv1.2', maxCachedSessions: 0,
      ...(ca !== undefined && { ca }),
      ...(serverName !== undefined && { servername: serverName }),
      rejectUnauthorized: insecureSkipVerify !== true,
      checkServerIdentity: (hostname, certificate) => checkServer(this.#options.expected, hostname, certificate),
    });
  }

  #transport(agent: Agent): Transport {
    return createTransport({
      httpClient: httpsClient(agent),
      baseUrl: this.#url.origin,
      useBinaryFormat: true,
      readMaxBytes: MAX_MESSAGE_BYTES,
      writeMaxBytes: MAX_MESSAGE_BYTES,
      compressMinBytes: COMPRESS_MIN_BYTES,
      acceptCompression: [...COMPRESSIONS],
      sendCompression: this.#options.compression === false ? null : GZIP,
      interceptors: [passOnCorrelation, ...(this.#options.onRefused === undefined ? [] : [tellRefusals(this.#options.onRefused)])],
      binaryOptions: { readUnknownFields: false },
    });
  }
}

const sameTls = (a: ClientTls, b: ClientTls): boolean =>
  a === b || (a.cert === b.cert && a.key === b.key && a.ca === b.ca && a.serverName === b.serverName && a.insecureSkipVerify === b.insecureSkipVerify);

/** Calls under way finish on their connections; no other call uses these. */
function retire(agent: Agent | undefined): void {
  if (agent === undefined) return;
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

const passOnCorrelation: Interceptor = (next) => (request) => {
  const id = currentCorrelation();
  if (id !== undefined) request.header.set(CORRELATION_HEADER, id);
  return next(request);
};
