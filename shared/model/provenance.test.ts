import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gateways } from './arbitraries.ts';
import { canonicalContent, parseContent } from './content.ts';
import type { JsonObject } from './content.ts';
import { leavesOf } from './fields.ts';
import { asIncarnation, asMember } from './ids.ts';
import { MAX_PROVENANCE_PATHS, compactProvenance, editProvenance, leavesOfText, writerOf, writtenWhole } from './provenance.ts';
import type { Provenance } from './row.ts';
import type { Write } from './stamp.ts';

const writeNumber = (counter: number): Write => ({ dot: { incarnation: asIncarnation('iaxxxxxxxxx'), counter }, stamp: { ms: counter, counter: 0, member: asMember('a') } });
const [first, second, third] = [1, 2, 3].map(writeNumber) as [Write, Write, Write];
const text = (content: JsonObject): string => canonicalContent(content).text;
const edit = (write: Write, before: JsonObject, fields: Provenance, after: JsonObject, stable?: ReadonlyMap<ReturnType<typeof asIncarnation>, number>): Provenance =>
  editProvenance('ProxyRoute', write, { content: text(before), fields }, text(after), stable);

describe('who wrote a field', () => {
  const before = { spec: { a: 1, b: 1, c: { d: 1 } } };
  const whole = writtenWhole(first);

  test('everything, in a version made from nothing', () => {
    expect([...leavesOf('ProxyRoute', before).keys()].map((path) => writerOf(whole, path))).toEqual([first, first, first]);
  });

  test('is the edit for what it changed, and stays for the rest', () => {
    const fields = edit(second, before, whole, { spec: { a: 2, b: 1, c: { d: 1 }, e: 1 } });

    expect(['spec/a', 'spec/b', 'spec/c/d', 'spec/e'].map((path) => writerOf(fields, path))).toEqual([second, first, first, second]);
  });

  test('is remembered for what was taken away, until everybody has seen it', () => {
    const removed = edit(second, before, whole, { spec: { b: 1, c: { d: 1 } } });
    const next = (stable: number | undefined): Provenance =>
      edit(third, { spec: { b: 1, c: { d: 1 } } }, removed, { spec: { b: 2, c: { d: 1 } } }, stable === undefined ? undefined : new Map([[second.dot.incarnation, stable]]));

    expect(removed.removed).toEqual(new Map([['spec/a', second]]));
    expect(next(undefined).removed).toEqual(new Map([['spec/a', second]]));
    expect(next(1).removed).toEqual(new Map([['spec/a', second]]));
    expect(next(2).removed).toEqual(new Map());
  });

  test('is the one who put a field back', () => {
    const removed = edit(second, before, whole, { spec: { b: 1, c: { d: 1 } } });
    const back = edit(third, { spec: { b: 1, c: { d: 1 } } }, removed, before);

    expect(back.removed).toEqual(new Map());
    expect(writerOf(back, 'spec/a')).toEqual(third);
  });

  test('is the edit for all of it where what was shown is lost', () => {
    expect(editProvenance('ProxyRoute', second, undefined, text(before), undefined)).toEqual(writtenWhole(second));
  });

  test('is nobody new where nothing was changed', () => {
    fc.assert(fc.property(gateways, (content) => {
      expect(editProvenance('ProxyGateway', second, { content: text(content), fields: whole }, text(content), undefined)).toEqual(whole);
    }));
  });

  test('is told for every leaf of any edit, and for no other path', () => {
    fc.assert(fc.property(gateways, gateways, (from, to) => {
      const fields = editProvenance('ProxyGateway', second, { content: text(from), fields: whole }, text(to), undefined);
      const [was, is] = [leavesOf('ProxyGateway', from), leavesOf('ProxyGateway', to)];
      for (const [path, value] of is) expect(writerOf(fields, path)).toEqual(JSON.stringify(was.get(path)) === JSON.stringify(value) ? first : second);
      expect([...fields.set.keys()].every((path) => is.has(path))).toBe(true);
      expect([...fields.removed.keys()].sort()).toEqual([...was.keys()].filter((path) => !is.has(path)).sort());
    }));
  });
});

test('an object with too many separately written fields counts as wholly written by its last writer', () => {
  const many = (count: number, value: number): JsonObject => Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at.toString()}`, value]));
  const fields = (count: number): Provenance => edit(second, many(count, 1), writtenWhole(first), many(count, 2));

  expect(fields(MAX_PROVENANCE_PATHS).set.size).toBe(MAX_PROVENANCE_PATHS);
  expect(fields(MAX_PROVENANCE_PATHS + 1)).toEqual(writtenWhole(second));
});

test('what most leaves share is the base and is not said again', () => {
  expect(compactProvenance(first, new Map([['a', first], ['b', second]]), new Map([['c', third]]))).toEqual({ base: first, set: new Map([['b', second]]), removed: new Map([['c', third]]) });
});

test('the leaves of a text are those of what it says', () => {
  fc.assert(fc.property(gateways, (content) => { expect(leavesOfText('ProxyGateway', text(content))).toEqual(leavesOf('ProxyGateway', parseContent(text(content)))); }));
});
