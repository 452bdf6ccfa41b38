import { beforeAll, describe, expect, test } from 'vitest';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { createAuthority, issueBridgeCertificate, issueMemberCertificate } from '../../shared/adapters/certificates/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import { certificatesOf, checkAuthority, checkHolder } from './certificate-checks.ts';

const nowMs = Date.UTC(2026, 5, 1);
const DAY_MS = 24 * 3_600_000;
const expected = { federationId: 'prod', member: 'us-west', role: 'bridge' } as const;
let authority: KeyedCertificate;
let bridge: KeyedCertificate;
beforeAll(async () => {
  authority = await createAuthority('test', { nowMs });
  bridge = await issueBridgeCertificate(authority, { federationId: 'prod', member: asMember('us-west') }, { nowMs, lifeMs: 100 * DAY_MS });
});

const reasons = (problems: ReturnType<typeof checkHolder>): readonly string[] => problems.map(({ reason }) => reason);
const pair = ({ certificatePem, privateKeyPem }: KeyedCertificate): { cert: string; key: string } => ({ cert: certificatePem, key: privateKeyPem });

describe('the certificates of a bridge', () => {
  test('nothing is wrong with good ones', () => {
    expect(checkAuthority(authority.certificatePem, 'ca', nowMs)).toEqual([]);
    expect(checkHolder(pair(bridge), expected, 'tls', nowMs)).toEqual([]);
  });

  test('an authority beside its private key is said, and used without it', () => {
    const both = `${authority.privateKeyPem}\n${authority.certificatePem}`;
    const [problem] = checkAuthority(both, 'the Secret ca', nowMs);

    expect(problem).toMatchObject({ reason: 'AuthorityKeyExposed', isFatal: false });
    expect(problem?.message).toContain('the Secret ca');
    expect(certificatesOf(both)).toBe(authority.certificatePem.trim());
  });

  test.each([
    ['Expired', nowMs + 101 * DAY_MS, true], ['NotYetValid', nowMs - DAY_MS, true], ['ExpiresSoon', nowMs + 95 * DAY_MS, false],
  ])('%s', (reason, atMs, isFatal) => {
    expect(checkHolder(pair(bridge), expected, 'tls', atMs)).toEqual([expect.objectContaining({ reason, isFatal })]);
  });

  test('a key of another pair, an empty key, no certificate', async () => {
    expect(reasons(checkHolder({ ...pair(bridge), key: authority.privateKeyPem }, expected, 'tls', nowMs))).toEqual(['KeyMismatch']);
    expect(reasons(checkHolder({ ...pair(bridge), key: '' }, expected, 'tls', nowMs))).toEqual(['Unreadable']);
    expect(reasons(checkHolder({ cert: '', key: '' }, expected, 'tls', nowMs))).toEqual(['Unreadable']);
    expect(reasons(checkAuthority('', 'ca', nowMs))).toEqual(['Unreadable']);
  });

  test('another member\'s is refused, naming both', async () => {
    const east = await issueMemberCertificate(authority, { federationId: 'prod', member: asMember('eu-west'), hosts: [] }, { nowMs });
    const [problem] = checkHolder(pair(east), expected, 'the Secret tls', nowMs);

    expect(problem).toMatchObject({ reason: 'OtherHolder', isFatal: true });
    expect(problem?.message).toContain('novaedge://prod/peer/eu-west');
    expect(problem?.message).toContain('novaedge://prod/bridge/us-west');
  });
});
