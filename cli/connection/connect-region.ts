import { X509Certificate } from 'node:crypto';
import { asMember } from '../../shared/model/ids.ts';
import { ConnectOperator } from '../../shared/adapters/connect/index.ts';
import type { ClientTls } from '../../shared/adapters/connect/index.ts';
import { altNamesOf, parseAltNames } from '../../shared/wire/alt-names.ts';
import { parseIdentityName } from '../../shared/wire/identity-name.ts';
import type { Connection, ConnectOptions } from './connect.ts';

/**
 * Calls a region over Connect with mutual TLS. Where the context names the member and the operator's certificate the federation, the
 * server must prove to be just that member; else its certificate must carry the host's name.
 */
export function connectRegion({ context, credentials: { caPem, certificatePem, keyPem }, callTimeoutMs }: ConnectOptions): Connection {
  const federationId = federationOf(certificatePem);
  const tls: ClientTls = { cert: certificatePem, key: keyPem, ca: caPem, serverName: context.serverName };
  const operator = new ConnectOperator({
    federationId: federationId ?? '',
    member: federationId === undefined || context.member === undefined ? undefined : asMember(context.member),
    endpoint: context.server,
    tls: () => tls,
    callTimeoutMs,
  });
  return { operator, close: () => { operator.close(); } };
}

/** The federation that a certificate of ours names. */
function federationOf(certificatePem: string): string | undefined {
  const { subjectAltName = '' } = new X509Certificate(certificatePem);
  return altNamesOf(parseAltNames(subjectAltName), 'URI').map(parseIdentityName).find((name) => name !== undefined)?.federationId;
}
