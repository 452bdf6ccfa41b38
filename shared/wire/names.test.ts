import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { altNamesOf, parseAltNames } from './alt-names.ts';
import { asMember } from '../model/ids.ts';
import type { IdentityName } from './identity-name.ts';
import { identityUri, parseIdentityName } from './identity-name.ts';

describe('an identity', () => {
  const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,10}[a-z0-9])?$/);
  const names: fc.Arbitrary<IdentityName> = fc.oneof(
    fc.record({ federationId: label, role: fc.constantFrom('peer' as const, 'bridge' as const), member: label.map(asMember) }),
    fc.record({ federationId: label, role: fc.constant('agent' as const), member: label.map(asMember), node: fc.option(label, { nil: undefined }) }),
    fc.record({ federationId: label, role: fc.constant('operator' as const), level: fc.constantFrom('viewer' as const, 'admin' as const), name: fc.constantFrom('alice@example.com', 'ci_bot-2', 'A.B+c') }),
  );

  test('is read as it was written', () => {
    fc.assert(fc.property(names, (name) => { expect(parseIdentityName(identityUri(name))).toEqual(name); }));
  });

  test('is written as it was read: there is one way to write each', () => {
    const uris = fc.tuple(fc.constantFrom('novaedge://', 'NovaEdge://', 'novaedge:/', ''), fc.array(fc.constantFrom('prod', 'peer', 'bridge', 'agent', 'operator', 'admin', 'viewer', 'us-west', '', '..', '%2e', 'a b', 'A', 'x?y', 'x#y', 'x@y:1'), { maxLength: 6 }))
      .map(([scheme, parts]) => scheme + parts.join('/'));
    fc.assert(fc.property(uris, (uri) => {
      const name = parseIdentityName(uri);

      expect(name === undefined ? uri : identityUri(name)).toBe(uri);
    }), { numRuns: 5000 });
  });

  test.each([
    'https://prod/peer/us-west', 'novaedge://prod/peer', 'novaedge://prod/peer/', 'novaedge://prod/peer/us-west/', 'novaedge://prod/peer/us-west/x', 'novaedge://prod/operator/alice', 'novaedge://prod/operator/root/alice',
    'novaedge://prod/operator/admin/', 'novaedge://prod/operator/admin/a/b', 'novaedge://prod/agent/us-west/a/b', 'novaedge://prod/agent/us-west/', 'novaedge:///peer/us-west', 'novaedge://Prod/peer/us-west', 'novaedge://prod/peer/..',
    'novaedge://prod/peer/us-west?x', 'novaedge://prod/peer/us west', 'novaedge://prod/peer/us-west\u0000', 'novaedge://prod/peer/us-west\n', `novaedge://prod/peer/${'a'.repeat(64)}`,
  ])('is not %j', (uri) => {
    expect(parseIdentityName(uri)).toBeUndefined();
  });

  test('that cannot be read back is not written', () => {
    expect(() => identityUri({ federationId: 'prod', role: 'operator', level: 'admin', name: 'a/b' })).toThrow(/is not an identity/);
  });
});

describe('the names of a certificate', () => {
  test('are told apart by type', () => {
    const names = parseAltNames('URI:novaedge://prod/peer/us-west, DNS:us-west, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');

    expect(altNamesOf(names, 'DNS')).toEqual(['us-west', 'localhost']);
    expect(altNamesOf(names, 'URI')).toEqual(['novaedge://prod/peer/us-west']);
    expect(parseAltNames('')).toEqual([]);
  });

  test('are not found inside of one another', () => {
    const names = parseAltNames('DNS:"x\\u002c URI:novaedge://prod/peer/us-west", DNS:b');

    expect(altNamesOf(names, 'URI')).toEqual([]);
    expect(altNamesOf(names, 'DNS')).toEqual(['x, URI:novaedge://prod/peer/us-west', 'b']);
  });

  test.each(['no type', 'DNS:a,URI:b', 'DNS:"a', 'DNS:a"b', 'DNS:"\\x", DNS:b'])('are refused where they cannot be told apart: %j', (text) => {
    expect(() => parseAltNames(text)).toThrow(RangeError);
  });
});
