import { isIP } from 'node:net';
import type { Member } from '../../model/ids.ts';
import type { IdentityName, OperatorLevel } from '../../wire/identity-name.ts';
import { identityUri } from '../../wire/identity-name.ts';
import type { KeyedCertificate } from './authority.ts';
import { generateKeys, keyFromPem, keyToPem, SIGNATURE_ALGORITHM } from './keys.ts';
import type { Validity } from './validity.ts';
import { datesOf, LEAF_LIFE_MS, OPERATOR_LIFE_MS } from './validity.ts';
import * as x509 from './x509.ts';

/** A certificate for a member: it serves the member's endpoint and calls its peers. `hosts`: names and addresses of the endpoint. */
export const issueMemberCertificate = (authority: KeyedCertificate, of: { readonly federationId: string; readonly member: Member; readonly hosts: readonly string[] }, validity: Validity): Promise<KeyedCertificate> =>
  issue(authority, { federationId: of.federationId, role: 'peer', member: of.member }, { commonName: of.member, hosts: [of.member, ...of.hosts], serves: true, usualLifeMs: LEAF_LIFE_MS }, validity);

/** A certificate for the bridge in a member's cluster. */
export const issueBridgeCertificate = (authority: KeyedCertificate, of: { readonly federationId: string; readonly member: Member }, validity: Validity): Promise<KeyedCertificate> =>
  issue(authority, { ...of, role: 'bridge' }, { commonName: `${of.member} bridge`, hosts: [], serves: false, usualLifeMs: LEAF_LIFE_MS }, validity);

/** A certificate for an agent: of one node, or with no node for all nodes of a member. */
export const issueAgentCertificate = (authority: KeyedCertificate, of: { readonly federationId: string; readonly member: Member; readonly node: string | undefined }, validity: Validity): Promise<KeyedCertificate> =>
  issue(authority, { ...of, role: 'agent' }, { commonName: `${of.node ?? of.member} agent`, hosts: [], serves: false, usualLifeMs: LEAF_LIFE_MS }, validity);

/** A certificate for a person or a script: 12 hours where no other life is asked for. */
export const issueOperatorCertificate = (authority: KeyedCertificate, of: { readonly federationId: string; readonly level: OperatorLevel; readonly name: string }, validity: Validity): Promise<KeyedCertificate> =>
  issue(authority, { ...of, role: 'operator' }, { commonName: of.name, hosts: [], serves: false, usualLifeMs: OPERATOR_LIFE_MS }, validity);

interface LeafForm { readonly commonName: string; readonly hosts: readonly string[]; readonly serves: boolean; readonly usualLifeMs: number }

const COMMON_NAME_CHARACTERS = 64;

/** @throws RangeError for a name that is none, a key that does not fit, or an authority that is over */
async function issue(authority: KeyedCertificate, identity: IdentityName, form: LeafForm, validity: Validity): Promise<KeyedCertificate> {
  const uri = identityUri(identity);
  const issuer = new x509.X509Certificate(authority.certificatePem);
  const signingKey = await keyFromPem('authority', authority.privateKeyPem);
  const keys = await generateKeys();
  const purposes = [x509.ExtendedKeyUsage.clientAuth, ...(form.serves ? [x509.ExtendedKeyUsage.serverAuth] : [])];
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [form.commonName.slice(0, COMMON_NAME_CHARACTERS)] }],
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: SIGNATURE_ALGORITHM,
    ...datesOf(validity, form.usualLifeMs, issuer.notAfter.getTime()),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(purposes),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: uri }, ...[...new Set(form.hosts)].map(hostName)]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificatePem: `${certificate.toString('pem')}\n`, privateKeyPem: await keyToPem(keys.privateKey) };
}

const hostName = (host: string): { type: 'ip' | 'dns'; value: string } => ({ type: isIP(host) === 0 ? 'dns' : 'ip', value: host });
