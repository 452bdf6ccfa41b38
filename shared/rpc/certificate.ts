import { X509Certificate } from 'node:crypto';
import type { AltName } from '../wire/alt-names.ts';
import { altNamesOf, parseAltNames } from '../wire/alt-names.ts';
import { IdentityError } from './identity-error.ts';

/** A client's certificate, however it was obtained: DER or PEM, with the intermediates that the TLS layer verified it by. */
export interface ClientCertificate {
  readonly leaf: X509Certificate;
  /** Empty where nobody has verified the path yet: then only an authority itself counts as issuer. */
  readonly intermediates: readonly X509Certificate[];
}

/** What of a certificate names its holder. */
export interface SubjectNames { readonly commonName: string | undefined; readonly dnsNames: readonly string[]; readonly uris: readonly string[] }

/** Reads a leaf in DER or PEM. @throws IdentityError */
export function readLeaf(certificate: string | Uint8Array): X509Certificate {
  try {
    return new X509Certificate(certificate);
  } catch (error) {
    throw new IdentityError('the client certificate cannot be read', { cause: error });
  }
}

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** All certificates of a PEM text. @throws RangeError when there is none, or one cannot be read */
export function readPemBundle(field: string, pem: string): readonly X509Certificate[] {
  const blocks = pem.match(PEM_BLOCK) ?? [];
  if (blocks.length === 0) throw new RangeError(`${field}: no certificate found; expected PEM text with "BEGIN CERTIFICATE"`);
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw new RangeError(`${field}: a certificate cannot be read`, { cause: error });
    }
  });
}

export const notBeforeMs = (certificate: X509Certificate): number => certificate.validFromDate.getTime();
export const notAfterMs = (certificate: X509Certificate): number => certificate.validToDate.getTime();

const namesRead = new WeakMap<X509Certificate, SubjectNames>();

/** The names in a certificate. @throws IdentityError when they cannot be told apart for certain */
export function subjectNames(certificate: X509Certificate): SubjectNames {
  const known = namesRead.get(certificate);
  if (known !== undefined) return known;
  const alternative = readNames(certificate.subjectAltName ?? '');
  const names: SubjectNames = { commonName: commonNameOf(certificate), dnsNames: altNamesOf(alternative, 'DNS'), uris: altNamesOf(alternative, 'URI') };
  namesRead.set(certificate, names);
  return names;
}

function readNames(text: string): readonly AltName[] {
  try {
    return parseAltNames(text);
  } catch (error) {
    throw new IdentityError('the names of the client certificate cannot be read', { cause: error });
  }
}

/** Undefined where there is none, or several: then it is nobody's name. */
function commonNameOf(certificate: X509Certificate): string | undefined {
  const subject: { readonly CN?: unknown } = certificate.toLegacyObject().subject;
  return typeof subject.CN === 'string' ? subject.CN : undefined;
}
