import { webcrypto } from 'node:crypto';

/** ECDSA on P-256: what the guides ask for, small, and accepted by every TLS stack and by API Gateway. */
export const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
export const SIGNATURE_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const;

export const generateKeys = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);

/** A private key in PEM (PKCS #8). */
export async function keyToPem(key: webcrypto.CryptoKey): Promise<string> {
  const base64 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${base64.replaceAll(/.{64}(?!$)/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
}

/** Reads a private key on P-256. @throws RangeError */
export async function keyFromPem(field: string, pem: string): Promise<webcrypto.CryptoKey> {
  const base64 = /-----BEGIN PRIVATE KEY-----([^-]+)-----END PRIVATE KEY-----/.exec(pem)?.[1];
  if (base64 === undefined) throw new RangeError(`${field}: no private key found; expected PEM text with "BEGIN PRIVATE KEY" (PKCS #8)`);
  try {
    return await webcrypto.subtle.importKey('pkcs8', Buffer.from(base64, 'base64'), KEY_ALGORITHM, false, ['sign']);
  } catch (error) {
    throw new RangeError(`${field}: the private key is not one on the curve P-256`, { cause: error });
  }
}
