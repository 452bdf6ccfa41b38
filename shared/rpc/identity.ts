import type { X509Certificate } from 'node:crypto';
import type { Member } from '../model/ids.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { IdentityName } from '../wire/identity-name.ts';
import { IDENTITY_SCHEME, parseIdentityName } from '../wire/identity-name.ts';
import { isMemberName } from '../wire/names.ts';
import type { Authorities } from './authorities.ts';
import { requireVouchedFor } from './authorities.ts';
import type { Caller, CertificateName } from './caller.ts';
import { callerName } from './caller.ts';
import type { ClientCertificate, SubjectNames } from './certificate.ts';
import { notAfterMs, notBeforeMs, subjectNames } from './certificate.ts';
import { IdentityError } from './identity-error.ts';

/** What callers are held against. Everything is asked anew for every call, so a change is in force with the next one. */
export interface IdentityPolicy {
  readonly federationId: string;
  readonly localMember: Member;
  /** Answers with what is pinned now; certificates rotate without a restart. */
  readonly authorities: () => Authorities;
  /** The other members that the spec in force lists; undefined before the first spec. */
  readonly listedMembers: () => Promise<ReadonlySet<Member> | undefined>;
  /** The deny list: certificates and names that are let in no more. */
  readonly isDenied: (denied: DeniedName) => Promise<boolean>;
  /** Operators' certificates with a longer life are refused. Default MAX_OPERATOR_LIFE_MS. */
  readonly maxOperatorLifeMs?: number;
}

/** Everything a deny list can name somebody by. `name` is `callerName`: "peer/us-west", "operator/admin/alice@example.com". */
export interface DeniedName extends CertificateName { readonly name: string }

/** A week: an operator's key lies on a laptop, and nobody is told when it is stolen. */
export const MAX_OPERATOR_LIFE_MS = 7 * 24 * 3_600_000;

/** How much of a name that cannot be read an error repeats. */
const MAX_SHOWN_CHARACTERS = 200;
const CLIENT_AUTHENTICATION = '1.3.6.1.5.5.7.3.2';
type Claim = Caller extends infer One ? (One extends Caller ? Omit<One, 'certificate'> : never) : never;

/**
 * Who calls, by a certificate that is verified here again, whatever stood in front has checked (DESIGN §10): the pinned authority
 * of the role that it claims, its dates, its purpose, its name, and the deny list.
 *
 * @throws IdentityError when it proves nothing here
 * @throws ReplicaError `initializing` when it can only be judged once the members are known
 */
export async function identify(policy: IdentityPolicy, certificate: ClientCertificate | undefined, nowMs: number): Promise<Caller> {
  if (certificate === undefined) throw new IdentityError('a client certificate is needed');
  const { leaf } = certificate;
  const names = subjectNames(leaf);
  const uri = identityUriOf(names);
  const named = uri === undefined ? undefined : readUri(uri);
  requireVouchedFor(certificate, policy.authorities()[named?.role ?? 'peer'], nowMs);
  requirePurpose(leaf);
  const claim = named === undefined ? await peerByName(policy, names) : claimOf(policy, named);
  if (claim.role === 'operator') requireShortLife(leaf, policy.maxOperatorLifeMs ?? MAX_OPERATOR_LIFE_MS);
  const { serialNumber, fingerprint256 } = leaf;
  const caller: Caller = { ...claim, certificate: { serialNumber, fingerprint256 } };
  if (await policy.isDenied({ serialNumber, fingerprint256, name: callerName(caller) })) throw new IdentityError('the client certificate is on the deny list');
  return caller;
}

/** The one name of ours in a certificate. Two would let its holder choose. */
function identityUriOf({ uris }: SubjectNames): string | undefined {
  const ours = uris.filter((uri) => uri.toLowerCase().startsWith(IDENTITY_SCHEME));
  if (ours.length > 1) throw new IdentityError('the client certificate carries several novaedge:// names');
  return ours[0];
}

function readUri(uri: string): IdentityName {
  const name = parseIdentityName(uri);
  if (name === undefined) throw new IdentityError(`the client certificate's name ${JSON.stringify(uri.slice(0, MAX_SHOWN_CHARACTERS))} cannot be read; expected novaedge://FEDERATION/ROLE/NAME`);
  return name;
}

function claimOf(policy: IdentityPolicy, { federationId, ...claim }: IdentityName): Claim {
  if (federationId !== policy.federationId) throw new IdentityError(`the client certificate is for federation ${federationId}, this is ${policy.federationId}`);
  return claim;
}

/** A certificate of the guides': a peer whose CN or DNS name is a member's name. */
async function peerByName(policy: IdentityPolicy, { commonName, dnsNames }: SubjectNames): Promise<Claim> {
  const listed = await policy.listedMembers();
  if (listed === undefined) throw new ReplicaError('initializing', 'this region has no federation spec yet, so it knows no members by name; apply a NovaEdgeFederation in its cluster');
  const named = [...(commonName === undefined ? [] : [commonName]), ...dnsNames].filter((name): name is Member => isMemberName(name) && listed.has(name));
  const [member, ...others] = new Set(named);
  if (member === undefined) throw new IdentityError('neither CN nor DNS names of the client certificate are a member of this federation');
  if (others.length > 0) throw new IdentityError(`the client certificate names several members: ${[member, ...others].join(', ')}`);
  return { role: 'peer', member };
}

/** A certificate without purposes is good for all of them, as those that the guides make with openssl. */
function requirePurpose(leaf: X509Certificate): void {
  const purposes = leaf.keyUsage as readonly string[] | undefined;
  if (purposes !== undefined && purposes.length > 0 && !purposes.includes(CLIENT_AUTHENTICATION)) throw new IdentityError('the client certificate is not for client authentication (extendedKeyUsage clientAuth)');
}

function requireShortLife(leaf: X509Certificate, maxLifeMs: number): void {
  const lifeMs = notAfterMs(leaf) - notBeforeMs(leaf);
  if (lifeMs > maxLifeMs) {
    throw new IdentityError(`the operator's certificate is valid for ${(lifeMs / 3_600_000).toFixed(0)} h; at most ${(maxLifeMs / 3_600_000).toFixed(0)} h are accepted. Make a new one with novactl certs operator`);
  }
}
