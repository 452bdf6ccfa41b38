import type { PeerCertificate } from 'node:tls';
import { checkServerIdentity } from 'node:tls';
import type { Member } from '../../model/ids.ts';
import { altNamesOf, parseAltNames } from '../../wire/alt-names.ts';
import { IDENTITY_SCHEME, parseIdentityName } from '../../wire/identity-name.ts';

/** Whom a connection is meant for. Undefined member: whoever stands at that name. */
export interface ExpectedServer { readonly federationId: string; readonly member: Member | undefined }

/**
 * Whether a server is who was meant, by a certificate whose authority TLS has verified. One of ours names its member: that must be
 * the one that was meant, and says more than a host name. Any other (the guides', a custom domain's) must carry the host's name.
 */
export function checkServer(expected: ExpectedServer, hostname: string, certificate: PeerCertificate): Error | undefined {
  const ours = identityUris(certificate);
  const [uri, ...more] = ours;
  if (uri === undefined || expected.member === undefined) return checkServerIdentity(hostname, certificate);
  const name = more.length > 0 ? undefined : parseIdentityName(uri);
  const isMeant = name?.role === 'peer' && name.federationId === expected.federationId && name.member === expected.member;
  return isMeant ? undefined : new Error(`the server's certificate is that of ${ours.join(', ')}, expected ${IDENTITY_SCHEME}${expected.federationId}/peer/${expected.member}`);
}

/** `subjectaltname` is missing from a certificate without any, whatever its type says. */
function identityUris({ subjectaltname }: { readonly subjectaltname?: string | undefined }): readonly string[] {
  return altNamesOf(parseAltNames(subjectaltname ?? ''), 'URI').filter((uri) => uri.toLowerCase().startsWith(IDENTITY_SCHEME));
}
