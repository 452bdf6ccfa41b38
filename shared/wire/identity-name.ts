import type { Member } from '../model/ids.ts';
import { isMemberName } from './names.ts';

/** What an operator may do: look, or change as well. */
export type OperatorLevel = 'viewer' | 'admin';

/**
 * What the URI in a certificate says (docs/security.md):
 * `novaedge://FEDERATION/peer/MEMBER`, `…/bridge/MEMBER`, `…/agent/MEMBER` (shared by its nodes), `…/agent/MEMBER/NODE`,
 * `…/operator/viewer/NAME`, `…/operator/admin/NAME`.
 */
export type IdentityName = { readonly federationId: string } & (
  | { readonly role: 'peer' | 'bridge'; readonly member: Member }
  | { readonly role: 'agent'; readonly member: Member; readonly node: string | undefined }
  | { readonly role: 'operator'; readonly level: OperatorLevel; readonly name: string });

export const IDENTITY_SCHEME = 'novaedge://';

const FEDERATION = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const NODE = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** E-mail addresses are common; nothing that would have to be escaped in a URI. */
const OPERATOR = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/;

/** Reads an identity URI, character by character as it stands: nothing is decoded. Undefined when it is not one. */
export function parseIdentityName(uri: string): IdentityName | undefined {
  if (!uri.startsWith(IDENTITY_SCHEME)) return undefined;
  const [federationId = '', role = '', ...rest] = uri.slice(IDENTITY_SCHEME.length).split('/');
  const [first = '', second] = rest;
  if (!FEDERATION.test(federationId) || rest.length > 2) return undefined;
  if (role === 'operator') {
    if ((first !== 'viewer' && first !== 'admin') || second === undefined || !OPERATOR.test(second)) return undefined;
    return { federationId, role, level: first, name: second };
  }
  if (!isMemberName(first)) return undefined;
  if (role === 'agent') return second === undefined || NODE.test(second) ? { federationId, role, member: first, node: second } : undefined;
  return (role === 'peer' || role === 'bridge') && second === undefined ? { federationId, role, member: first } : undefined;
}

/** The URI of an identity, as certificates carry it. @throws RangeError where `parseIdentityName` would not read it back */
export function identityUri(identity: IdentityName): string {
  const path = identity.role === 'operator'
    ? `${identity.level}/${identity.name}`
    : `${identity.member}${identity.role === 'agent' && identity.node !== undefined ? `/${identity.node}` : ''}`;
  const uri = `${IDENTITY_SCHEME}${identity.federationId}/${identity.role}/${path}`;
  if (parseIdentityName(uri) === undefined) throw new RangeError(`${uri} is not an identity: names are lower-case DNS names, an operator's may be an e-mail address`);
  return uri;
}
