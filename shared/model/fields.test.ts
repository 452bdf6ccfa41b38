import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gateways, json, jsonObjects, routes } from './arbitraries.ts';
import type { Json, JsonObject } from './content.ts';
import { canonicalContent, parseContent } from './content.ts';
import { assemble, editBetween, leavesOf } from './fields.ts';

const canonical = (value: Json): string => canonicalContent(value).text;
const paths = (kind: string, content: JsonObject): string[] => [...leavesOf(kind, content).keys()].sort();
const again = (kind: string, content: JsonObject): JsonObject => assemble(kind, leavesOf(kind, content), [leavesOf(kind, content)]);

describe('an object taken apart and put together is the same', () => {
  test('whatever its field names and values', () => {
    fc.assert(fc.property(fc.constantFrom('ProxyGateway', 'ProxyRoute', 'ConfigMap'), jsonObjects, (kind, content) => {
      expect(canonical(again(kind, content))).toBe(canonical(content));
    }));
  });

  test('whatever stands where a list with keys should be', () => {
    const items = fc.array(fc.oneof(json, fc.record({ name: fc.constantFrom<Json>('a', 'a/b', '~1', '', '__proto__', 1, null, []), namespace: fc.constantFrom<Json>(null, 'default'), port: json }, { requiredKeys: [] })), { maxLength: 4 });
    fc.assert(fc.property(items, (list) => {
      for (const [kind, field] of [['ProxyGateway', 'listeners'], ['ProxyRoute', 'parentRefs']] as const) {
        expect(canonical(again(kind, { spec: { [field]: list } }))).toBe(canonical({ spec: { [field]: list } }));
      }
    }));
  });

  test.each([routes, gateways])('for NovaEdge\'s own kinds (%#)', (kinds) => {
    fc.assert(fc.property(kinds, (content) => canonical(again(content['kind'] === 'ProxyRoute' ? 'ProxyRoute' : 'ProxyGateway', content)) === canonical(content)));
  });

  test('with its own text, so that a name like __proto__ stays a field', () => {
    const content = parseContent('{"__proto__":{"a":1},"constructor":[{"":1}],"toString":{"valueOf":[]}}');

    expect(canonical(again('ProxyGateway', content))).toBe('{"__proto__":{"a":1},"constructor":[{"":1}],"toString":{"valueOf":[]}}');
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });
});

describe('leaves', () => {
  test('different objects have different leaves', () => {
    fc.assert(fc.property(jsonObjects, jsonObjects, (a, b) => {
      const { changed, removed } = editBetween(leavesOf('ProxyRoute', a), leavesOf('ProxyRoute', b));
      return (changed.length + removed.length === 0) === (canonical(a) === canonical(b));
    }));
  });

  test('are scalars, lists without keys, and empty containers', () => {
    expect(paths('ProxyRoute', { spec: { hostnames: ['a', 'b'], limits: { timeout: '1s' }, retry: {}, rules: [] } }))
      .toEqual(['spec/hostnames', 'spec/limits/timeout', 'spec/retry', 'spec/rules']);
  });

  test('of a list with keys stand under their item', () => {
    expect(paths('ProxyGateway', { spec: { listeners: [{ name: 'http', port: 80 }, { name: 'a/b', port: 81 }] } }))
      .toEqual(['spec/listeners/["a~1b"]/port', 'spec/listeners/["http"]/port']);
  });

  test('an item that is nothing but its key has a leaf of its own', () => {
    expect(paths('ProxyRoute', { spec: { parentRefs: [{ name: 'edge' }, { name: 'edge', namespace: 'infra' }] } }))
      .toEqual(['spec/parentRefs/["edge","infra"]', 'spec/parentRefs/["edge",null]']);
  });

  test.each([
    ['an item without a key', [{ port: 80 }]],
    ['a key used twice', [{ name: 'a' }, { name: 'a' }]],
    ['an item that is no object', ['a']],
    ['a key that is no scalar', [{ name: ['a'] }]],
    ['a key that is null', [{ name: null }]],
    ['no items', []],
  ])('%s makes the list one leaf', (_what, listeners) => {
    expect(paths('ProxyGateway', { spec: { listeners } })).toEqual(['spec/listeners']);
  });

  test('the same list in another kind, or elsewhere in the object, is one leaf', () => {
    const listeners = [{ name: 'http', port: 80 }];

    expect(paths('ProxyBackend', { spec: { listeners } })).toEqual(['spec/listeners']);
    expect(paths('ProxyGateway', { spec: { other: { listeners } } })).toEqual(['spec/other/listeners']);
  });
});

describe('assemble', () => {
  const gateway = (...names: string[]): JsonObject => ({ spec: { listeners: names.map((name) => ({ name, port: 80 })) } });
  const namesOf = (content: JsonObject): unknown => (content as { spec: { listeners: { name: string }[] } }).spec.listeners.map(({ name }) => name);

  test('takes the order of items from the first object that knows them', () => {
    const [first, second] = [gateway('b', 'a'), gateway('a', 'c', 'b')].map((content) => leavesOf('ProxyGateway', content));
    if (first === undefined || second === undefined) throw new RangeError('two objects');

    expect(namesOf(assemble('ProxyGateway', new Map([...second, ...first]), [first, second]))).toEqual(['b', 'a', 'c']);
  });

  test('does not depend on the order in which leaves are given', () => {
    fc.assert(fc.property(gateways, fc.array(fc.nat()), (content, swaps) => {
      const leaves = [...leavesOf('ProxyGateway', content)];
      const shuffled = leaves.map((leaf, at) => ({ leaf, rank: swaps[at] ?? at })).sort((a, b) => a.rank - b.rank).map(({ leaf }) => leaf);
      return canonical(assemble('ProxyGateway', new Map(shuffled), [new Map(leaves)])) === canonical(content);
    }));
  });

  test('an item keeps its key whatever else of it is left', () => {
    const leaves = new Map<string, Json>([['spec/listeners/["http"]/port', 8080]]);

    expect(assemble('ProxyGateway', leaves, [])).toEqual({ spec: { listeners: [{ name: 'http', port: 8080 }] } });
  });
});

describe('an edit', () => {
  test('names what it changed, added and took away', () => {
    const before = leavesOf('ProxyGateway', { spec: { compression: { enabled: true }, listeners: [{ name: 'http', port: 80 }], cache: { ttl: '1s' } } });
    const after = leavesOf('ProxyGateway', { spec: { compression: { enabled: false }, listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] } });

    expect(editBetween(before, after)).toEqual({ changed: ['spec/compression/enabled', 'spec/listeners/["http"]/protocol'], removed: ['spec/cache/ttl'] });
  });

  test('of the order of fields is none', () => {
    expect(editBetween(leavesOf('ProxyRoute', { a: 1, b: [{ c: 1, d: 2 }] }), leavesOf('ProxyRoute', parseContent(canonical({ b: [{ d: 2, c: 1 }], a: 1 }))))).toEqual({ changed: [], removed: [] });
  });
});
