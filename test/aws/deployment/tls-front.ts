import { X509Certificate } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

export interface TlsFrontOptions {
  readonly certificate: string;
  readonly privateKey: string;
  /** Authorities that may vouch for callers, as in the truststore. */
  readonly truststore: string;
  /** Address of the emulator. */
  readonly upstream: string;
  /** The API's custom domain. */
  readonly domain: string;
}

/** test/emulator/corrections/functions.py puts what is in it into the request's context. */
const CERTIFICATE_HEADER = 'x-emulator-client-certificate';

/**
 * What API Gateway does in front of an HTTP API with mutual TLS, and the emulator does not: takes only callers with a certificate that
 * the truststore vouches for, and hands the certificate on.
 */
export class TlsFront {
  readonly #server: Server;
  readonly #options: TlsFrontOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  /** While it is down, connections are refused. */
  #isDown = false;

  private constructor(options: TlsFrontOptions) {
    this.#options = options;
    const { certificate, privateKey, truststore } = options;
    this.#server = createServer({ cert: certificate, key: privateKey, ca: truststore, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' }, (incoming, outgoing) => { this.#forward(incoming, outgoing); });
    this.#server.on('connection', (socket) => { if (this.#isDown) socket.destroy(); });
  }

  static async start(options: TlsFrontOptions): Promise<TlsFront> {
    const front = new TlsFront(options);
    await new Promise<void>((resolve) => front.#server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  /** `host:port`. */
  get endpoint(): string { return `127.0.0.1:${(this.#server.address() as AddressInfo).port.toString()}`; }

  /** Ends what is under way and refuses what comes. */
  cut(): void {
    this.#isDown = true;
    this.#server.closeAllConnections();
  }

  heal(): void { this.#isDown = false; }

  async stop(): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { upstream, domain } = this.#options;
    const { hostname, port } = new URL(upstream);
    const certificate = Buffer.from(JSON.stringify(contextOf(incoming.socket))).toString('base64');
    const headers = { ...incoming.headers, host: domain, [CERTIFICATE_HEADER]: certificate };
    const onward = request({ hostname, port, method: incoming.method, path: incoming.url, headers, agent: this.#agent }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.once('error', () => { outgoing.destroy(); });
    outgoing.once('close', () => { onward.destroy(); });
    incoming.pipe(onward);
  }
}

/** `requestContext.authentication.clientCert` of payload format 2.0. */
function contextOf(socket: Socket) {
  if (!(socket instanceof TLSSocket)) throw new TypeError('a connection without TLS reached the TLS front');
  const certificate = new X509Certificate(socket.getPeerCertificate(true).raw);
  const name = (lines: string): string => lines.split('\n').reverse().join(',');
  return {
    clientCertPem: certificate.toString(), subjectDN: name(certificate.subject), issuerDN: name(certificate.issuer),
    serialNumber: BigInt(`0x${certificate.serialNumber}`).toString(), validity: { notBefore: certificate.validFrom, notAfter: certificate.validTo },
  };
}
