import { generateKeys, keyToPem, SIGNATURE_ALGORITHM } from './keys.ts';
import type { Validity } from './validity.ts';
import { AUTHORITY_LIFE_MS, datesOf } from './validity.ts';
import * as x509 from './x509.ts';

/** A certificate with its private key, both in PEM: an authority to issue by, or a leaf to serve and to call with. */
export interface KeyedCertificate { readonly certificatePem: string; readonly privateKeyPem: string }

/** Nothing below an authority of ours may issue. */
const PATH_LENGTH = 0;
/** RFC 5280 allows 64 characters of a common name. */
const COMMON_NAME = /^[^\p{Cc}]{1,64}$/u;

/**
 * A new certificate authority: one for a federation, or one for each role (docs/security.md).
 *
 * @param commonName as people will see it, such as "prod-global agents"
 * @throws RangeError for a name that is empty, too long or has control characters
 */
export async function createAuthority(commonName: string, validity: Validity): Promise<KeyedCertificate> {
  if (!COMMON_NAME.test(commonName)) throw new RangeError(`authority's name ${JSON.stringify(commonName)}: expected 1 to 64 characters`);
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    keys,
    signingAlgorithm: SIGNATURE_ALGORITHM,
    ...datesOf(validity, AUTHORITY_LIFE_MS),
    extensions: [
      new x509.BasicConstraintsExtension(true, PATH_LENGTH, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: `${certificate.toString('pem')}\n`, privateKeyPem: await keyToPem(keys.privateKey) };
}
