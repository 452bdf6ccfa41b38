import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashText } from './content.ts';
import { asClusterId, asHash, asIncarnation, newIncarnation, newLocalLog } from './ids.ts';
import { resourceKey } from './resource-key.ts';
import type { Token, TokenScope, WriteSession } from './token.ts';
import { MAX_TOKEN_BYTES, openSession, openToken, sealSession, sealToken, sealingKey } from './token.ts';
import type { VersionVector } from './version-vector.ts';
import { sameVector } from './version-vector.ts';

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const logs = fc.oneof(bytes(10).map(newIncarnation), bytes(10).map(newLocalLog));
const contexts: fc.Arbitrary<VersionVector> = fc.array(fc.tuple(logs, fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })), { maxLength: 20 }).map((entries) => new Map(entries));
const tokens: fc.Arbitrary<Token> = fc.record({ context: contexts, hash: fc.string().map(hashText) });
const scopes: fc.Arbitrary<TokenScope> = fc.record({
  federationId: fc.constantFrom('prod', 'prod-global', 'p'),
  clusterId: fc.constantFrom('cluster-a', 'cluster-b', '').map(asClusterId),
  key: fc.constantFrom('api', 'web').map((name) => resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name })),
});
const keys = bytes(32).map(sealingKey);
const zeroKey = sealingKey(new Uint8Array(32));

/** A text with one character replaced, taken out or put in. */
const tampered = (text: string): fc.Arbitrary<string> => fc
  .record({ at: fc.nat({ max: text.length }), remove: fc.nat({ max: 2 }), insert: fc.oneof(fc.constantFrom('', '.', ',', ':', '0', 'A', '-', '_', '=', '!', '\u0000'), fc.string({ maxLength: 2 })) })
  .map(({ at, remove, insert }) => text.slice(0, at) + insert + text.slice(at + remove))
  .filter((other) => other !== text);

describe('a token', () => {
  test('opens as what was sealed, for whom it was sealed', () => {
    fc.assert(fc.property(keys, scopes, tokens, (secret, scope, token) => {
      const opened = openToken(secret, scope, sealToken(secret, scope, token));
      expect(opened?.hash).toBe(token.hash);
      expect(sameVector(opened?.context ?? new Map(), token.context)).toBe(true);
    }));
  });

  test('is one text for one meaning', () => {
    fc.assert(fc.property(keys, scopes, tokens, (secret, scope, { context, hash }) =>
      sealToken(secret, scope, { context, hash }) === sealToken(secret, scope, { context: new Map([...context].reverse()), hash })));
  });

  test('is none for another federation, cluster, resource or region', () => {
    fc.assert(fc.property(keys, keys, scopes, scopes, tokens, (secret, otherSecret, scope, other, token) => {
      const text = sealToken(secret, scope, token);
      fc.pre(JSON.stringify(scope) !== JSON.stringify(other) && !secret.equals(otherSecret));
      expect(openToken(secret, other, text)).toBeUndefined();
      expect(openToken(otherSecret, scope, text)).toBeUndefined();
    }));
  });

  test('is none after any change of its text', () => {
    fc.assert(fc.property(keys, scopes, tokens, fc.gen(), (secret, scope, token, draw) => {
      const text = sealToken(secret, scope, token);
      expect(openToken(secret, scope, draw(tampered, text))).toBeUndefined();
    }));
  });

  test('is none after a change of the last character, all of whose bits do not count in base64', () => {
    const [secret, scope] = [zeroKey, { federationId: 'prod', clusterId: asClusterId('a'), key: resourceKey({ group: '', kind: 'Secret', namespace: 'a', name: 'b' }) }];
    const text = sealToken(secret, scope, { context: new Map(), hash: hashText('') });

    const opened = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_').filter((last) => openToken(secret, scope, text.slice(0, -1) + last) !== undefined);
    expect(opened).toEqual([text.at(-1)]);
  });

  test('is none where it is anything else', () => {
    fc.assert(fc.property(keys, scopes, fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.array(fc.string({ maxLength: 5 }), { maxLength: 6 }).map((parts) => ['1', ...parts].join('.'))), (secret, scope, text) =>
      openToken(secret, scope, text) === undefined));
  });

  test('of a session is none', () => {
    fc.assert(fc.property(keys, scopes, (secret, scope) => {
      const session = sealSession(secret, scope.federationId, { clusterId: scope.clusterId, leaseEpoch: 1, issuedAtMs: 1, recordRevision: 1 });
      expect(openToken(secret, scope, session)).toBeUndefined();
    }));
  });

  test('fits in an annotation, or says whose it is and how long it would be', () => {
    const scope = { federationId: 'prod', clusterId: asClusterId('a'), key: resourceKey({ group: '', kind: 'Secret', namespace: 'a', name: 'b' }) };
    const seal = (writers: number, counter: number): string => sealToken(zeroKey, scope, {
      context: new Map(Array.from({ length: writers }, (_, at) => [newIncarnation(Uint8Array.from({ length: 10 }, (_byte, place) => at >> place)), counter])),
      hash: hashText('x'),
    });

    expect(seal(50, 100_000).length).toBeLessThanOrEqual(MAX_TOKEN_BYTES);
    expect(() => seal(100, 100_000)).toThrow(/^token of \/Secret\/a\/b would be \d+ bytes, at most 1024/);
  });

  test('says nothing about a context that is not one', () => {
    const scope = { federationId: 'prod', clusterId: asClusterId('a'), key: resourceKey({ group: '', kind: 'Secret', namespace: 'a', name: 'b' }) };
    const sealed = sealToken(zeroKey, scope, { context: new Map([[asIncarnation('not a log'), 1]]), hash: asHash('00') });

    expect(openToken(zeroKey, scope, sealed)).toBeUndefined();
  });
});

describe('a write session', () => {
  const sessions: fc.Arbitrary<WriteSession> = fc.record({
    clusterId: fc.oneof(fc.uuid(), fc.string({ unit: 'grapheme' })).map(asClusterId),
    leaseEpoch: fc.nat(),
    issuedAtMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    recordRevision: fc.nat(),
  });

  test('opens as what was sealed', () => {
    fc.assert(fc.property(keys, sessions, (secret, session) => { expect(openSession(secret, 'prod', sealSession(secret, 'prod', session))).toEqual(session); }));
  });

  test('and a token are none with anything after them', () => {
    const [secret, scope] = [zeroKey, { federationId: 'prod', clusterId: asClusterId('a'), key: resourceKey({ group: '', kind: 'Secret', namespace: 'a', name: 'b' }) }];
    const [session, token] = [sealSession(secret, 'prod', { clusterId: scope.clusterId, leaseEpoch: 1, issuedAtMs: 1, recordRevision: 1 }), sealToken(secret, scope, { context: new Map(), hash: hashText('') })];

    for (const more of ['.', '.x', ' ', '\n', '=', '\u0000']) expect([openSession(secret, 'prod', session + more), openToken(secret, scope, token + more)]).toEqual([undefined, undefined]);
  });

  test('is none for another federation or region', () => {
    fc.assert(fc.property(keys, keys, sessions, (secret, other, session) => {
      fc.pre(!secret.equals(other));
      const text = sealSession(secret, 'prod', session);
      expect([openSession(secret, 'prod2', text), openSession(other, 'prod', text)]).toEqual([undefined, undefined]);
    }));
  });

  test('is none after any change of its text', () => {
    fc.assert(fc.property(keys, sessions, fc.gen(), (secret, session, draw) => {
      const text = sealSession(secret, 'prod', session);
      expect(openSession(secret, 'prod', draw(tampered, text))).toBeUndefined();
    }));
  });

  test('is none where it is anything else, a token among them', () => {
    const scope = { federationId: 'prod', clusterId: asClusterId('a'), key: resourceKey({ group: '', kind: 'Secret', namespace: 'a', name: 'b' }) };
    fc.assert(fc.property(keys, fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.array(fc.string({ maxLength: 5 }), { maxLength: 6 }).map((parts) => ['s1', ...parts].join('.'))), (secret, text) => {
      expect(openSession(secret, 'prod', text)).toBeUndefined();
      expect(openSession(secret, 'prod', sealToken(secret, scope, { context: new Map(), hash: hashText(text) }))).toBeUndefined();
    }));
  });
});
