import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** API Gateway takes up to a thousand certificates of 512 KB in all; a federation has an authority or two for each role. */
const MAX_AUTHORITIES = 100;
const EXPECTED = 'expected a PEM file with the certificates of 1 to 100 authorities, and nothing secret';

/**
 * What is wrong with a truststore, or undefined: API Gateway would accept a leaf certificate or an expired authority and then refuse
 * every caller with nothing but a closed connection.
 *
 * @param now in milliseconds since 1970
 */
export function truststoreProblem(path: string, now: number): string | undefined {
  const text = readOr(path);
  if (text === undefined) return `is "${path}", which cannot be read: ${EXPECTED}`;
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return `is "${path}", which holds a private key: ${EXPECTED}`;
  const blocks = text.match(CERTIFICATE) ?? [];
  if (blocks.length === 0 || blocks.length > MAX_AUTHORITIES) return `is "${path}", which holds ${blocks.length.toString()} certificates: ${EXPECTED}`;
  for (const [at, block] of blocks.entries()) {
    const problem = authorityProblem(block, now);
    if (problem !== undefined) return `is "${path}", whose certificate ${(at + 1).toString()} ${problem}: ${EXPECTED}`;
  }
  return undefined;
}

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function authorityProblem(pem: string, now: number): string | undefined {
  try {
    const certificate = new X509Certificate(pem);
    if (!certificate.ca) return `(${certificate.subject}) is not an authority's`;
    if (Date.parse(certificate.validTo) <= now) return `(${certificate.subject}) ended at ${certificate.validTo}`;
    return undefined;
  } catch {
    return 'is not a certificate';
  }
}
