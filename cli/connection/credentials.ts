import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Context } from '../config/config.ts';
import { CommandError, isSystemError } from '../errors.ts';

/** What a context's files say, in PEM. */
export interface Credentials { readonly caPem: string; readonly certificatePem: string; readonly keyPem: string }

/**
 * Reads a context's certificates and looks at them before anybody else does, because a TLS stack never says which file was wrong.
 *
 * @throws CommandError naming the file
 */
export function readCredentials(context: Context, nowMs: number): Credentials {
  const caPem = read(context, 'ca');
  const certificatePem = read(context, 'cert');
  const keyPem = read(context, 'key');
  parseCertificate(context.ca, caPem);
  const certificate = parseCertificate(context.cert, certificatePem);
  requireInTime(context.cert, certificate, nowMs);
  if (!certificate.checkPrivateKey(parseKey(context.key, keyPem))) {
    throw new CommandError('invalid', `${context.key} is not the key of ${context.cert}; the context ${context.name} needs the two that were made together`);
  }
  return { caPem, certificatePem, keyPem };
}

function read(context: Context, field: 'ca' | 'cert' | 'key'): string {
  try {
    return readFileSync(context[field], 'utf8');
  } catch (cause) {
    const why = isSystemError(cause) && cause.code === 'ENOENT' ? 'is not there' : `cannot be read (${cause instanceof Error ? cause.message : String(cause)})`;
    throw new CommandError('invalid', `${context[field]} ${why}; it is the ${field} of the context ${context.name}`, { cause });
  }
}

function parseCertificate(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new CommandError('invalid', `${path} is not a certificate; expected PEM text with "BEGIN CERTIFICATE"`, { cause });
  }
}

function parseKey(path: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new CommandError('invalid', `${path} is not a private key; expected PEM text with "BEGIN PRIVATE KEY" and no passphrase`, { cause });
  }
}

function requireInTime(path: string, { validFromDate, validToDate }: X509Certificate, nowMs: number): void {
  if (nowMs > validToDate.getTime()) throw new CommandError('refused', `the certificate ${path} expired on ${validToDate.toISOString()}; issue a new one, such as with: novactl certs issue operator NAME`);
  if (nowMs < validFromDate.getTime()) throw new CommandError('refused', `the certificate ${path} is not valid before ${validFromDate.toISOString()}; look at this machine's clock`);
}
