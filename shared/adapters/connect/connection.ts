import { Agent } from 'node:https';
import type { GenServiceMethods } from '@bufbuild/protobuf/codegenv2';
import type { ServiceType } from '../../wire/codec/message-type.ts';
import { GZIP } from '../../wire/compression.ts';
import { CORRELATION_HEADER, currentCorrelation } from '../../wire/correlation.ts';
import { endpointUrl } from './endpoint.ts';
import { httpsPost } from './https-post.ts';
import { isRefusal } from './refusal.ts';
import type { ExpectedServer } from './server-check.ts';
import { checkServer } from './server-check.ts';
import type { Client } from './unary-client.ts';
import { clientOf } from './unary-client.ts';

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
  #current: { readonly tls: ClientTls; readonly agent: Agent } | undefined;

  /** @throws RangeError for an endpoint that is none */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#url = endpointUrl(options.endpoint);
  }

  /** A client of one service, whose calls go over connections with the credentials that are valid when each is made. */
  client<Methods extends GenServiceMethods>(service: ServiceType<Methods>): Client<Methods> {
    const { compression, onRefused } = this.#options;
    return clientOf(service, {
      origin: this.#url,
      compression: compression === false ? undefined : GZIP,
      headers: correlationHeaders,
      post: (request) => httpsPost({ ...request, agent: this.#agentNow() }),
      failed: (error) => { if (isRefusal(error)) onRefused?.(); },
    });
  }

  #agentNow(): Agent {
    const tls = this.#options.tls();
    const nowMs = Date.now();
    const hasRested = nowMs - this.#usedAtMs > IDLE_TIMEOUT_MS;
    this.#usedAtMs = nowMs;
    if (this.#current === undefined || hasRested || !sameTls(this.#current.tls, tls)) {
      const retired = this.#current?.agent;
      this.#current = { tls, agent: this.#agent(tls) };
      retire(retired);
    }
    return this.#current.agent;
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
}

const sameTls = (a: ClientTls, b: ClientTls): boolean =>
  a === b || (a.cert === b.cert && a.key === b.key && a.ca === b.ca && a.serverName === b.serverName && a.insecureSkipVerify === b.insecureSkipVerify);

/** Calls under way finish on their connections; no other call uses these. */
function retire(agent: Agent | undefined): void {
  if (agent === undefined) return;
  agent.maxFreeSockets = 0;
  for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
}

/** What is done on behalf of somebody is found under their id in the server's log too. */
function correlationHeaders(): Readonly<Record<string, string>> {
  const id = currentCorrelation();
  return id === undefined ? {} : { [CORRELATION_HEADER]: id };
}
