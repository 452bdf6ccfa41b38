import { beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, issueMemberCertificate } from '../../shared/adapters/certificates/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import { silentLogger } from '../../shared/ports/logger.ts';
import { MemberSecret, SecretFormatError, parseSecret } from './member-secret.ts';

let certificate: string;
let privateKey: string;
let authority: string;
beforeAll(async () => {
  const made = await createAuthority('prod', { nowMs: Date.now() });
  authority = made.certificatePem;
  ({ certificatePem: certificate, privateKeyPem: privateKey } = await issueMemberCertificate(made, { federationId: 'prod', member: asMember('us-west'), hosts: [] }, { nowMs: Date.now() }));
});
const good = (change: object = {}): string => JSON.stringify({ certificate, privateKey, authorities: authority, ...change });

describe('a member\'s secret', () => {
  test('may have one authority for all roles or one for each', () => {
    const one = parseSecret(good());
    const each = parseSecret(good({ authorities: { peer: authority, bridge: authority, agent: authority, operator: authority } }));

    expect(one.tls).toEqual({ cert: certificate, key: privateKey, ca: authority });
    expect(Object.keys(one.authorities).sort()).toEqual(['agent', 'bridge', 'operator', 'peer']);
    expect(each.authorities.operator[0]?.fingerprint256).toBe(one.authorities.operator[0]?.fingerprint256);
  });

  test('may leave peers\' servers to the system\'s authorities', () => {
    expect(parseSecret(good({ serverAuthorities: 'system' })).tls.ca).toBeUndefined();
  });

  test.each([
    ['no JSON', 'hunter2', 'is not JSON'],
    ['no object', '"hunter2"', 'is not JSON'],
    ['no certificate', JSON.stringify({ privateKey: 'hunter2', authorities: 'hunter2' }), 'authorities.peer of the member\'s secret is not PEM text'],
  ])('that is %s is refused naming the field, and never what is in it', (_what, text, message) => {
    expect(() => parseSecret(text)).toThrow(SecretFormatError);
    expect(() => parseSecret(text)).toThrow(message);
    expect(() => parseSecret(text)).not.toThrow('hunter2');
  });

  test.each(['certificate', 'privateKey', 'authorities'])('without %s names it', (field) => {
    expect(() => parseSecret(good({ [field]: undefined }))).toThrow(field);
  });

  test('whose authority may not issue certificates is refused', () => {
    expect(() => parseSecret(good({ authorities: certificate }))).toThrow('is not a certificate authority');
  });
});

describe('reading it', () => {
  const never = new AbortController().signal;
  const setting = () => {
    const state = { nowMs: 0, reads: 0, text: good() as string | Error };
    const secret = new MemberSecret(() => {
      state.reads += 1;
      return typeof state.text === 'string' ? Promise.resolve(state.text) : Promise.reject(state.text);
    }, { nowMs: () => state.nowMs, sleep: () => Promise.resolve() }, silentLogger);
    const refreshAt = async (nowMs: number): Promise<number> => {
      state.nowMs = nowMs;
      await secret.refresh(never);
      return state.reads;
    };
    return { state, secret, refreshAt };
  };

  test('is done once in five minutes', async () => {
    const { refreshAt } = setting();

    expect([await refreshAt(0), await refreshAt(299_999), await refreshAt(300_000)]).toEqual([1, 1, 2]);
  });

  test('is done again after a refusal, but not within ten seconds', async () => {
    const { secret, refreshAt } = setting();
    await refreshAt(0);
    secret.refused();

    expect([await refreshAt(9999), await refreshAt(10_000), await refreshAt(10_001)]).toEqual([1, 2, 2]);
  });

  test('that fails leaves the last good one in use', async () => {
    const { state, secret, refreshAt } = setting();
    await refreshAt(0);
    state.text = new Error('no answer');

    expect(await refreshAt(300_000)).toBe(2);
    expect(secret.current.tls.cert).toBe(certificate);
    state.text = 'nonsense';
    expect(await refreshAt(310_000)).toBe(3);
    expect(secret.current.tls.cert).toBe(certificate);
  });

  test('that fails at first is told', async () => {
    const { state, secret } = setting();
    state.text = new Error('no answer');

    await expect(secret.refresh(never)).rejects.toThrow('no answer');
  });
});
