import { isIP } from 'node:net';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { LEAF_LIFE_MS } from '../../shared/adapters/certificates/index.ts';
import { generateKeys, keyFromPem, keyToPem, SIGNATURE_ALGORITHM } from '../../shared/adapters/certificates/keys.ts';
import { datesOf } from '../../shared/adapters/certificates/validity.ts';
import * as x509 from '../../shared/adapters/certificates/x509.ts';

/** Who a client is to the API server: the certificate's common name and organizations. */
export interface KubernetesUser { readonly user: string; readonly groups: readonly string[] }

/** A certificate by which the API server knows a client. It has no URI, which would be a federation's identity. */
export const issueClientCertificate = (authority: KeyedCertificate, { user, groups }: KubernetesUser, nowMs: number): Promise<KeyedCertificate> =>
  issue(authority, groups.length === 0 ? [{ CN: [user] }] : [{ CN: [user] }, { O: [...groups] }], [], x509.ExtendedKeyUsage.clientAuth, nowMs);

/** The certificate that the API server serves with. */
export const issueServingCertificate = (authority: KeyedCertificate, hosts: readonly string[], nowMs: number): Promise<KeyedCertificate> =>
  issue(authority, [{ CN: ['kube-apiserver'] }], hosts, x509.ExtendedKeyUsage.serverAuth, nowMs);

async function issue(authority: KeyedCertificate, subject: x509.JsonName, hosts: readonly string[], purpose: x509.ExtendedKeyUsage, nowMs: number): Promise<KeyedCertificate> {
  const issuer = new x509.X509Certificate(authority.certificatePem);
  const keys = await generateKeys();
  const names = hosts.map((host) => ({ type: isIP(host) === 0 ? 'dns' as const : 'ip' as const, value: host }));
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: await keyFromPem('authority', authority.privateKeyPem),
    signingAlgorithm: SIGNATURE_ALGORITHM,
    ...datesOf({ nowMs }, LEAF_LIFE_MS, issuer.notAfter.getTime()),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([purpose]),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificatePem: `${certificate.toString('pem')}\n`, privateKeyPem: await keyToPem(keys.privateKey) };
}
