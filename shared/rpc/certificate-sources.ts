import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { ClientCertificate } from './certificate.ts';
import { readLeaf } from './certificate.ts';

/** What node-server.ts hands to the app with every request. */
export interface SocketEnvironment { readonly socket: TLSSocket }

/** A path is followed this far up; authorities.ts takes no longer ones. */
const MAX_PATH = 4;

/** Read once for each connection, which keeps its certificate: the server takes no renegotiation (node-server.ts). */
const read = new WeakMap<TLSSocket, ClientCertificate>();

/**
 * The certificate of a TLS connection. Its key was proved in the handshake whatever else was verified there; intermediates count
 * only where TLS has verified the whole path, constraints on its length included.
 */
export function certificateOfSocket(environment: unknown): ClientCertificate | undefined {
  if (!hasSocket(environment)) return undefined;
  const { socket } = environment;
  const known = read.get(socket);
  if (known !== undefined) return known;
  const leaf = socket.getPeerX509Certificate();
  if (leaf === undefined) return undefined;
  const certificate: ClientCertificate = { leaf, intermediates: socket.authorized ? pathAbove(leaf) : [] };
  read.set(socket, certificate);
  return certificate;
}

function pathAbove(leaf: X509Certificate): readonly X509Certificate[] {
  const path: X509Certificate[] = [];
  for (let issuer = leaf.issuerCertificate; issuer !== undefined && path.length < MAX_PATH; issuer = issuer.issuerCertificate) path.push(issuer);
  return path;
}

const hasSocket = (environment: unknown): environment is SocketEnvironment =>
  typeof environment === 'object' && environment !== null && 'socket' in environment;

interface ApiGatewayEnvironment { readonly event?: { readonly requestContext?: { readonly authentication?: { readonly clientCert?: { readonly clientCertPem?: unknown } } } } }

/**
 * The certificate that API Gateway's custom domain took in mutual TLS, in the event of a function. The gateway
 * hands over the leaf alone, so the authority of its role must have issued it directly.
 */
export function certificateOfApiGateway(environment: unknown): ClientCertificate | undefined {
  const pem = (environment as ApiGatewayEnvironment | undefined)?.event?.requestContext?.authentication?.clientCert?.clientCertPem;
  return typeof pem === 'string' && pem !== '' ? { leaf: readLeaf(pem), intermediates: [] } : undefined;
}
