import { webcrypto, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { KeyedCertificate } from '../adapters/certificates/index.ts';
import { createAuthority, issueBridgeCertificate } from '../adapters/certificates/index.ts';
import { keyFromPem, keyToPem } from '../adapters/certificates/keys.ts';
import * as x509 from '../adapters/certificates/x509.ts';
import { asMember } from '../model/ids.ts';
import { readAuthorities, readOneAuthority, requireVouchedFor } from './authorities.ts';

const NOW_MS = Date.now();
const HOUR_MS = 3_600_000;

/** A certificate below another, or below itself. */
async function make(name: string, issuer: KeyedCertificate | undefined, basicConstraints: x509.BasicConstraintsExtension | undefined, notAfterMs = NOW_MS + HOUR_MS): Promise<KeyedCertificate> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`, issuer: issuer === undefined ? `CN=${name}` : new x509.X509Certificate(issuer.certificatePem).subjectName, publicKey: keys.publicKey,
    signingKey: issuer === undefined ? keys.privateKey : await keyFromPem('issuer', issuer.privateKeyPem), signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    notBefore: new Date(NOW_MS - HOUR_MS), notAfter: new Date(notAfterMs), extensions: basicConstraints === undefined ? [] : [basicConstraints],
  });
  return { certificatePem: `${certificate.toString('pem')}\n`, privateKeyPem: await keyToPem(keys.privateKey) };
}

const read = ({ certificatePem }: KeyedCertificate): X509Certificate => new X509Certificate(certificatePem);
const isCa = (): x509.BasicConstraintsExtension => new x509.BasicConstraintsExtension(true, undefined, true);
const vouched = (leaf: KeyedCertificate, intermediates: readonly KeyedCertificate[], authorities: readonly KeyedCertificate[], nowMs = NOW_MS) => (): void => {
  requireVouchedFor({ leaf: read(leaf), intermediates: intermediates.map(read) }, authorities.map(read), nowMs);
};

let root: KeyedCertificate;
let first: KeyedCertificate;
let second: KeyedCertificate;
let third: KeyedCertificate;
beforeAll(async () => {
  root = await make('root', undefined, isCa());
  first = await make('first', root, isCa());
  second = await make('second', first, isCa());
  third = await make('third', second, isCa());
});

describe('an authority vouches', () => {
  test('for what it issued itself', async () => {
    expect(vouched(await make('leaf', root, undefined), [], [root])).not.toThrow();
    expect(vouched(await make('leaf', first, undefined), [], [first])).not.toThrow();
  });

  test('over up to two intermediates that were verified, in any order', async () => {
    expect(vouched(await make('leaf', first, undefined), [first], [root])).not.toThrow();
    expect(vouched(await make('leaf', second, undefined), [first, second], [root])).not.toThrow();
    expect(vouched(await make('leaf', third, undefined), [third, second, first], [root])).toThrow(/not issued by the authority/);
  });

  test('while another takes over from it', async () => {
    const next = await make('root', undefined, isCa());

    expect(vouched(await make('leaf', root, undefined), [], [next, root])).not.toThrow();
    expect(vouched(await make('leaf', next, undefined), [], [next, root])).not.toThrow();
  });
});

describe('nobody vouches', () => {
  test('for what has the issuer\'s name but not its signature', async () => {
    const impostor = await make('root', undefined, isCa());

    expect(vouched(await make('leaf', impostor, undefined), [], [root])).toThrow(/not issued by the authority/);
  });

  test('for what a certificate issued that is no authority\'s', async () => {
    const leaf = await make('between', root, undefined);

    expect(vouched(await make('below', leaf, undefined), [leaf], [root])).toThrow(/not issued by the authority/);
  });

  test('for what is or stands below something that is over', async () => {
    const over = NOW_MS - 1000;
    const expired = await make('expired', root, isCa(), over);

    expect(vouched(await make('leaf', root, undefined, over), [], [root])).toThrow(/CN=leaf expired on/);
    expect(vouched(await make('leaf', expired, undefined), [expired], [root])).toThrow(/CN=expired expired on/);
    expect(vouched(await make('leaf', expired, undefined), [], [expired])).toThrow(/CN=expired expired on/);
    expect(vouched(await make('leaf', root, undefined), [], [root], NOW_MS - 2 * HOUR_MS)).toThrow(/is not valid before/);
  });

  test('for an authority that comes as a client', () => {
    expect(vouched(first, [], [root])).toThrow(/that of an authority/);
    expect(vouched(root, [], [root])).toThrow(/that of an authority/);
  });
});

describe('authorities are read from PEM', () => {
  test('several for a role', async () => {
    const next = await createAuthority('next', { nowMs: NOW_MS });

    expect(readOneAuthority(`# a comment\n${root.certificatePem}\n${next.certificatePem}`).agent.map(({ subject }) => subject)).toEqual(['CN=root', 'CN=next']);
  });

  test('and refused, by the role, where there is none or it may not issue', async () => {
    const bridge = await issueBridgeCertificate(await createAuthority('x', { nowMs: NOW_MS }), { federationId: 'prod', member: asMember('us-west') }, { nowMs: NOW_MS });
    const good = { peer: root.certificatePem, bridge: root.certificatePem, agent: root.certificatePem, operator: root.certificatePem };

    expect(() => readAuthorities({ ...good, agent: '' })).toThrow(/authority of agents: no certificate found/);
    expect(() => readAuthorities({ ...good, operator: bridge.certificatePem })).toThrow(/authority of operators: CN=us-west bridge is not a certificate authority/);
    expect(() => readAuthorities({ ...good, peer: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' })).toThrow(/authority of peers: a certificate cannot be read/);
  });
});
