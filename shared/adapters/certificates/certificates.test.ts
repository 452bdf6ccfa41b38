import { createPrivateKey, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { asMember } from '../../model/ids.ts';
import type { KeyedCertificate } from './index.ts';
import { AUTHORITY_LIFE_MS, createAuthority, issueAgentCertificate, issueBridgeCertificate, issueMemberCertificate, issueOperatorCertificate, OPERATOR_LIFE_MS } from './index.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 12);
const US_WEST = asMember('us-west');
const CLIENT = '1.3.6.1.5.5.7.3.2';
const SERVER = '1.3.6.1.5.5.7.3.1';

let authority: KeyedCertificate;
beforeAll(async () => { authority = await createAuthority('prod-global federation', { nowMs: NOW_MS }); });
const read = ({ certificatePem }: KeyedCertificate): X509Certificate => new X509Certificate(certificatePem);

test('an authority may issue, and nothing below it may', () => {
  const certificate = read(authority);

  expect(certificate.ca).toBe(true);
  expect(certificate.subject).toBe('CN=prod-global federation');
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.validFromDate.getTime()).toBe(NOW_MS - 5 * 60_000);
  expect(certificate.validToDate.getTime()).toBe(NOW_MS + AUTHORITY_LIFE_MS);
});

describe.each([
  ['a member\'s', () => issueMemberCertificate(authority, { federationId: 'prod', member: US_WEST, hosts: ['localhost', '127.0.0.1', '::1', 'us-west'] }, { nowMs: NOW_MS }),
    'URI:novaedge://prod/peer/us-west, DNS:us-west, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1', [CLIENT, SERVER], 365 * 24 * 3_600_000],
  ['a bridge\'s', () => issueBridgeCertificate(authority, { federationId: 'prod', member: US_WEST }, { nowMs: NOW_MS }), 'URI:novaedge://prod/bridge/us-west', [CLIENT], 365 * 24 * 3_600_000],
  ['an agent\'s', () => issueAgentCertificate(authority, { federationId: 'prod', member: US_WEST, node: 'node-1.example.com' }, { nowMs: NOW_MS }), 'URI:novaedge://prod/agent/us-west/node-1.example.com', [CLIENT], 365 * 24 * 3_600_000],
  ['the agents\' of a member', () => issueAgentCertificate(authority, { federationId: 'prod', member: US_WEST, node: undefined }, { nowMs: NOW_MS }), 'URI:novaedge://prod/agent/us-west', [CLIENT], 365 * 24 * 3_600_000],
  ['an operator\'s', () => issueOperatorCertificate(authority, { federationId: 'prod', level: 'viewer', name: 'alice@example.com' }, { nowMs: NOW_MS }), 'URI:novaedge://prod/operator/viewer/alice@example.com', [CLIENT], OPERATOR_LIFE_MS],
  ['one with a life of its own', () => issueOperatorCertificate(authority, { federationId: 'prod', level: 'admin', name: 'ci' }, { nowMs: NOW_MS, lifeMs: 60_000 }), 'URI:novaedge://prod/operator/admin/ci', [CLIENT], 60_000],
])('%s certificate', (_whose, issue, names, purposes, lifeMs) => {
  test('has its names, its purposes, its life, and a key that fits', async () => {
    const keyed = await issue();
    const certificate = read(keyed);

    expect(certificate.subjectAltName).toBe(names);
    expect(certificate.keyUsage).toEqual(purposes);
    expect(certificate.validToDate.getTime()).toBe(NOW_MS + lifeMs);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkIssued(read(authority)) && certificate.verify(read(authority).publicKey)).toBe(true);
    expect(certificate.checkPrivateKey(createPrivateKey(keyed.privateKeyPem))).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  });
});

test('no two certificates have one serial number', async () => {
  const issued = await Promise.all([1, 2, 3].map(() => issueBridgeCertificate(authority, { federationId: 'prod', member: US_WEST }, { nowMs: NOW_MS })));

  expect(new Set(issued.map((keyed) => read(keyed).serialNumber)).size).toBe(3);
});

test('a certificate does not outlive its authority', async () => {
  const short = await createAuthority('short', { nowMs: NOW_MS, lifeMs: 3_600_000 });

  expect(read(await issueBridgeCertificate(short, { federationId: 'prod', member: US_WEST }, { nowMs: NOW_MS })).validToDate.getTime()).toBe(NOW_MS + 3_600_000);
  await expect(issueBridgeCertificate(short, { federationId: 'prod', member: US_WEST }, { nowMs: NOW_MS + 7_200_000 })).rejects.toThrow(/renew its authority first/);
});

test.each([
  ['a member\'s name that is a path', () => issueBridgeCertificate(authority, { federationId: 'prod', member: asMember('../x') }, { nowMs: NOW_MS }), /is not an identity/],
  ['a federation in capitals', () => issueBridgeCertificate(authority, { federationId: 'Prod', member: US_WEST }, { nowMs: NOW_MS }), /is not an identity/],
  ['an operator\'s name with a slash', () => issueOperatorCertificate(authority, { federationId: 'prod', level: 'viewer', name: 'x/admin' }, { nowMs: NOW_MS }), /is not an identity/],
  ['an authority without its key', () => issueBridgeCertificate({ ...authority, privateKeyPem: '' }, { federationId: 'prod', member: US_WEST }, { nowMs: NOW_MS }), /authority: no private key found/],
  ['an authority without a name', () => createAuthority('', { nowMs: NOW_MS }), /expected 1 to 64 characters/],
])('%s is refused', async (_what, make, message) => {
  await expect(make()).rejects.toThrow(message);
});
