import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { AltName } from '../../shared/wire/alt-names.ts';
import { altNamesOf, parseAltNames } from '../../shared/wire/alt-names.ts';
import { IDENTITY_SCHEME } from '../../shared/wire/identity-name.ts';

/** Certificates of one holder, as PEM texts. */
export interface Pems { readonly ca: string; readonly cert: string; readonly key: string }

/** Whose certificate it should be. */
export interface ExpectedHolder { readonly federationId: string; readonly member: string; readonly role: 'bridge' | 'peer' }

/** What is wrong, and the way out. `fatal`: nobody would believe it, or somebody would believe too much. */
export interface CertificateProblem { readonly reason: string; readonly message: string; readonly isFatal: boolean }

/** Said this long before a certificate ends. */
const SOON_MS = 14 * 24 * 3_600_000;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** @param where names the file or Secret, for whoever has to mend it */
export function checkAuthority(pem: string, where: string, nowMs: number): readonly CertificateProblem[] {
  const leaked: readonly CertificateProblem[] = PRIVATE_KEY.test(pem)
    ? [{ reason: 'AuthorityKeyExposed', isFatal: false, message: `${where} carries the authority's private key: whoever reads it can make any identity. Keep ca.crt there and take the key out` }]
    : [];
  const certificate = parse(certificatesOf(pem));
  if (certificate === undefined) return [...leaked, { reason: 'Unreadable', isFatal: true, message: `${where} holds no certificate: expected ca.crt with a PEM text that begins with -----BEGIN CERTIFICATE-----` }];
  return [...leaked, ...checkDates(certificate, where, nowMs)];
}

export function checkHolder({ cert, key }: Pick<Pems, 'cert' | 'key'>, expected: ExpectedHolder, where: string, nowMs: number): readonly CertificateProblem[] {
  const certificate = parse(cert);
  if (certificate === undefined) return [{ reason: 'Unreadable', isFatal: true, message: `${where} holds no certificate: expected tls.crt with a PEM text that begins with -----BEGIN CERTIFICATE-----` }];
  return [...checkDates(certificate, where, nowMs), ...checkKey(certificate, key, where), ...checkName(certificate, expected, where)];
}

/** The certificates of a PEM text, and nothing else that is in it. */
export const certificatesOf = (pem: string): string => (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).join('\n');

function parse(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function checkDates({ validFromDate, validToDate }: X509Certificate, where: string, nowMs: number): readonly CertificateProblem[] {
  const [from, to] = [validFromDate.toISOString(), validToDate.toISOString()];
  if (validFromDate.getTime() > nowMs) return [{ reason: 'NotYetValid', isFatal: true, message: `the certificate in ${where} is valid from ${from} on: check this machine's clock, or make another` }];
  if (validToDate.getTime() <= nowMs) return [{ reason: 'Expired', isFatal: true, message: `the certificate in ${where} ended at ${to}: make another and put it there; it is taken up within seconds` }];
  if (validToDate.getTime() - nowMs < SOON_MS) return [{ reason: 'ExpiresSoon', isFatal: false, message: `the certificate in ${where} ends at ${to}: make another and put it there; it is taken up within seconds` }];
  return [];
}

function checkKey(certificate: X509Certificate, key: string, where: string): readonly CertificateProblem[] {
  try {
    if (certificate.checkPrivateKey(createPrivateKey(key))) return [];
    return [{ reason: 'KeyMismatch', isFatal: true, message: `the private key in ${where} is not that of its certificate: put both of one pair there` }];
  } catch {
    return [{ reason: 'Unreadable', isFatal: true, message: `${where} holds no private key: expected tls.key with a PEM text, not encrypted` }];
  }
}

/** A certificate of another member would let this one pass for it. */
function checkName(certificate: X509Certificate, { federationId, member, role }: ExpectedHolder, where: string): readonly CertificateProblem[] {
  const alternatives = alternativesOf(certificate);
  if (alternatives === undefined) return [{ reason: 'Unreadable', isFatal: true, message: `the names of the certificate in ${where} cannot be told apart: make another` }];
  const uri = altNamesOf(alternatives, 'URI').find((name) => name.toLowerCase().startsWith(IDENTITY_SCHEME));
  const common = /(?:^|\n)CN=(.*)/.exec(certificate.subject)?.[1];
  const names = [...(common === undefined ? [] : [common]), ...altNamesOf(alternatives, 'DNS')];
  if (uri !== undefined && uri !== `${IDENTITY_SCHEME}${federationId}/${role}/${member}`) return [otherHolder(where, uri, `${IDENTITY_SCHEME}${federationId}/${role}/${member}`)];
  // The guides' certificates name a member by CN or DNS name; only a region knows one without a URI, and as a peer.
  if (uri === undefined && names.length > 0 && !names.includes(member)) return [otherHolder(where, names.join(', '), member)];
  return [];
}

function alternativesOf({ subjectAltName }: X509Certificate): readonly AltName[] | undefined {
  try {
    return parseAltNames(subjectAltName ?? '');
  } catch {
    return undefined;
  }
}

const otherHolder = (where: string, found: string, expected: string): CertificateProblem =>
  ({ reason: 'OtherHolder', isFatal: true, message: `the certificate in ${where} is that of ${found}: expected ${expected}. Each member uses its own; another's key must not be kept here` });
