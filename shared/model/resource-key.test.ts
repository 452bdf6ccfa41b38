import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ResourceName } from './resource-key.ts';
import { ResourceNameError, parseResourceKey, printKey, resourceKey, splitKey } from './resource-key.ts';

const route: ResourceName = { group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name: 'api' };

describe('a key', () => {
  test('splits into what it was made of', () => {
    const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?$/);
    const names = fc.record({ group: fc.oneof(fc.constant(''), label), kind: fc.stringMatching(/^[A-Z][A-Za-z0-9]{0,8}$/), namespace: fc.oneof(fc.constant(''), label), name: fc.oneof(label, fc.tuple(label, label).map((two) => two.join('.'))) });
    fc.assert(fc.property(names, (name) => {
      const key = resourceKey(name);
      expect(splitKey(key)).toEqual(name);
      expect(parseResourceKey(key)).toBe(key);
    }));
  });

  test('prints as people write it', () => {
    expect(printKey(resourceKey(route))).toBe('ProxyRoute/default/api');
    expect(resourceKey(route)).toBe('novaedge.io/ProxyRoute/default/api');
  });

  test.each<Partial<ResourceName>>([
    { group: '' }, { namespace: '' }, { name: 'a' }, { name: 'a.b-c.d' }, { name: 'a'.repeat(253) }, { namespace: 'a'.repeat(63) }, { name: '0' }, { group: 'gateway.networking.k8s.io' },
  ])('accepts %j', (part) => {
    expect(() => resourceKey({ ...route, ...part })).not.toThrow();
  });

  test.each<[keyof ResourceName, string]>([
    ['group', 'Novaedge.io'], ['group', 'a/b'], ['group', '..'], ['group', 'a..b'], ['group', '.a'], ['group', 'a.'], ['group', 'a'.repeat(254)],
    ['kind', ''], ['kind', 'proxyRoute'], ['kind', 'Proxy/Route'], ['kind', 'Proxy.Route'], ['kind', `P${'a'.repeat(63)}`], ['kind', 'Proxy\u0000'],
    ['namespace', 'Default'], ['namespace', 'a.b'], ['namespace', '..'], ['namespace', '-a'], ['namespace', 'a-'], ['namespace', 'a'.repeat(64)], ['namespace', 'a\n'],
    ['name', ''], ['name', '.'], ['name', '..'], ['name', '../x'], ['name', 'a/b'], ['name', 'a\\b'], ['name', 'a\u0000'], ['name', 'API'], ['name', 'a_b'], ['name', 'é'], ['name', 'a'.repeat(254)], ['name', 'a\n'],
  ])('refuses %s %j, naming the part and what is accepted', (part, value) => {
    expect(() => resourceKey({ ...route, [part]: value })).toThrow(ResourceNameError);
    expect(() => resourceKey({ ...route, [part]: value })).toThrow(new RegExp(`^${part} .* is not accepted: expected `));
  });
});

describe('a key from elsewhere', () => {
  test.each(['', 'a', 'a/B/c', 'a/B/c/d/e', '//', '///', 'novaedge.io/ProxyRoute/default/', 'novaedge.io//default/api', 'novaedge.io/ProxyRoute/../api'])('%j is refused', (text) => {
    expect(() => parseResourceKey(text)).toThrow(ResourceNameError);
  });

  test('is either refused or the very key, without anything that leads elsewhere', () => {
    const pieces = fc.array(fc.constantFrom('a', 'B', '/', '.', '..', '-', '\\', '\u0000', '%2f', '~'), { maxLength: 12 }).map((all) => all.join(''));
    fc.assert(fc.property(fc.oneof(pieces, fc.string({ unit: 'binary-ascii' })), (text) => {
      try {
        const key = parseResourceKey(text);
        expect(key).toBe(text);
        expect(text.split('/').some((part) => part === '..' || part === '.' || /[\u0000\\]/.test(part))).toBe(false);
      } catch (error) {
        expect(error).toBeInstanceOf(ResourceNameError);
      }
    }));
  });

  test('that is very long is printed in part', () => {
    expect(() => parseResourceKey('x'.repeat(100_000))).toThrow(/^.{0,200}$/);
  });
});
