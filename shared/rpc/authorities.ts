import type { X509Certificate } from 'node:crypto';
import type { Role } from './caller.ts';
import { ROLES } from './caller.ts';
import type { ClientCertificate } from './certificate.ts';
import { notAfterMs, notBeforeMs, readPemBundle } from './certificate.ts';
import { IdentityError } from './identity-error.ts';

/** The certificate authorities that may vouch for each role. Several at once while one takes over from another. */
export type Authorities = Readonly<Record<Role, readonly X509Certificate[]>>;

/** A leaf, two intermediates and the authority: deeper paths are nobody's. */
const MAX_INTERMEDIATES = 2;
/** OpenSSL's names for what can be forged. */
const BROKEN_SIGNATURE = /md[245]|sha1(?!\d)/i;

/**
 * Reads the authority of each role from PEM text (one or more certificates each).
 *
 * @throws RangeError naming the role, when there is none or it may not issue certificates
 */
export function readAuthorities(pem: Readonly<Record<Role, string>>): Authorities {
  const entries = ROLES.map((role) => {
    const certificates = readPemBundle(`authority of ${role}s`, pem[role]);
    const unfit = certificates.find((certificate) => !certificate.ca);
    if (unfit !== undefined) throw new RangeError(`authority of ${role}s: ${unfit.subject.replaceAll('\n', ', ')} is not a certificate authority (basicConstraints CA:TRUE)`);
    return [role, certificates] as const;
  });
  return Object.fromEntries(entries) as Record<Role, readonly X509Certificate[]>;
}

/** One authority for all roles, as in the guides. Whoever can have a certificate signed by it can be anybody. */
export const readOneAuthority = (pem: string): Authorities => readAuthorities({ peer: pem, bridge: pem, agent: pem, operator: pem });

/** @throws IdentityError unless one of `authorities` vouches for the leaf now, directly or over the verified intermediates */
export function requireVouchedFor({ leaf, intermediates }: ClientCertificate, authorities: readonly X509Certificate[], nowMs: number): void {
  if (leaf.ca) throw new IdentityError('the client certificate is that of an authority, not of a client');
  requireValid(leaf, nowMs);
  let issued = leaf;
  for (let depth = 0; depth <= MAX_INTERMEDIATES; depth += 1) {
    requireSoundSignature(issued);
    const subject = issued;
    const authority = authorities.find((candidate) => isIssuedBy(subject, candidate));
    if (authority !== undefined) { requireValid(authority, nowMs); return; }
    const next = intermediates.find((candidate) => candidate.ca && isIssuedBy(subject, candidate));
    if (next === undefined) break;
    requireValid(next, nowMs);
    issued = next;
  }
  throw new IdentityError('the client certificate was not issued by the authority of its role');
}

/** Of two certificates always the same, and the dearest part of a call: found out once for as long as both are in use. */
const verdicts = new WeakMap<X509Certificate, WeakMap<X509Certificate, boolean>>();

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  const known = verdicts.get(certificate) ?? new WeakMap<X509Certificate, boolean>();
  verdicts.set(certificate, known);
  const verdict = known.get(issuer) ?? (certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey));
  known.set(issuer, verdict);
  return verdict;
}

function requireValid(certificate: X509Certificate, nowMs: number): void {
  const name = certificate.subject.replaceAll('\n', ', ');
  if (nowMs < notBeforeMs(certificate)) throw new IdentityError(`certificate ${name} is not valid before ${certificate.validFromDate.toISOString()}`);
  if (nowMs > notAfterMs(certificate)) throw new IdentityError(`certificate ${name} expired on ${certificate.validToDate.toISOString()}`);
}

function requireSoundSignature(certificate: X509Certificate): void {
  // Node before 24.9 does not tell; TLS has then looked at the security level itself.
  const { signatureAlgorithm } = certificate as { readonly signatureAlgorithm?: string };
  if (signatureAlgorithm !== undefined && BROKEN_SIGNATURE.test(signatureAlgorithm)) throw new IdentityError(`the client certificate is signed with ${signatureAlgorithm}, which can be forged`);
}
