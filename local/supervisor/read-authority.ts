import { readFile } from 'node:fs/promises';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';

/** Reads a certificate and its key, from PATH.crt and PATH.key. */
export async function readAuthority(path: string): Promise<KeyedCertificate> {
  return { certificatePem: await readFile(`${path}.crt`, 'utf8'), privateKeyPem: await readFile(`${path}.key`, 'utf8') };
}
