import { isDeepStrictEqual } from 'node:util';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { json, jsonObjects } from './arbitraries.ts';
import type { Json } from './content.ts';
import { canonicalContent, ContentError, contentOf, hashText, isObject, MAX_DEPTH, parseContent } from './content.ts';

/** The same value with the fields of every object in the opposite order. */
function turned(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(turned);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([field, child]) => [field, turned(child)]));
}

describe('canonical content', () => {
  test('does not depend on the order of fields', () => {
    fc.assert(fc.property(json, (value) => canonicalContent(value).hash === canonicalContent(turned(value)).hash));
  });

  test('reads back as the value it was made of', () => {
    fc.assert(fc.property(jsonObjects, (value) => { expect(JSON.stringify(parseContent(canonicalContent(value).text))).toBe(JSON.stringify(JSON.parse(canonicalContent(value).text))); }));
    // Not toEqual, to which a field named "constructor" beside another says that the objects are of two kinds.
    fc.assert(fc.property(jsonObjects, (value) => isDeepStrictEqual(parseContent(canonicalContent(value).text), JSON.parse(JSON.stringify(value)))));
  });

  test('is stable: its own canonical content is itself', () => {
    fc.assert(fc.property(jsonObjects, (value) => canonicalContent(parseContent(canonicalContent(value).text)).text === canonicalContent(value).text));
  });

  test('differs where the values differ', () => {
    fc.assert(fc.property(json, json, (a, b) => {
      const isSame = canonicalContent(a).hash === canonicalContent(b).hash;
      expect(isSame).toBe(canonicalContent(a).text === canonicalContent(b).text);
    }));
  });

  test('is that of RFC 8785', () => {
    expect(canonicalContent({ b: [1e21, 0.000001, 'é', '€', '\u000a'], a: { z: null, '': true } }).text).toBe('{"a":{"":true,"z":null},"b":[1e+21,0.000001,"é","€","\\n"]}');
  });
});

test('a content\'s hash and length are those of its UTF-8 bytes', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => {
    const bytes = new TextEncoder().encode(text);
    expect(contentOf(text)).toEqual({ text, hash: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length });
    expect(hashText(text)).toBe(contentOf(text).hash);
  }));
});

describe('what is no content is refused, saying where and why', () => {
  test.each(['[]', '1', 'null', '"a"', '{', '', '{"a":01}'])('%s', (text) => {
    expect(() => parseContent(text)).toThrow(ContentError);
  });

  test('half a surrogate pair, which UTF-8 cannot say', () => {
    expect(() => parseContent('{"spec":{"a":["\\ud800"]}}')).toThrow('content/spec/a/0 holds half a surrogate pair');
    expect(() => canonicalContent({ '\ud800': 1 })).toThrow('content has a field name with half a surrogate pair');
  });

  test.each([Infinity, -Infinity, NaN])('%d, which JSON cannot say', (number) => {
    expect(() => canonicalContent({ weight: number })).toThrow('content/weight is not a finite number');
  });

  test('nesting without end', () => {
    const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

    expect(() => parseContent(nested(MAX_DEPTH))).not.toThrow();
    expect(() => parseContent(nested(MAX_DEPTH + 1))).toThrow('nests deeper than 200 levels');
    expect(() => parseContent(nested(100_000))).toThrow(ContentError);
  });
});
