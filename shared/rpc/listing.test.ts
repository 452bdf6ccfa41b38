import { expect, test } from 'vitest';
import { asMember } from '../model/ids.ts';
import { parseResourceKey } from '../model/resource-key.ts';
import { cutToFit, DEFAULT_LIST_LIMIT, limitOf, MAX_LIST_LIMIT, partOf } from './listing.ts';

const key = (name: string): ReturnType<typeof parseResourceKey> => parseResourceKey(`novaedge.io/ProxyRoute/default/${name}`);
const item = (name: string, bytes = 10): { key: ReturnType<typeof key>; manifest: string; versions: readonly never[] } => ({ key: key(name), manifest: 'x'.repeat(bytes), versions: [] });
const MIB = 1024 * 1024;

test('a list comes in key order, in parts that join up', () => {
  const all = ['c', 'a', 'd', 'b', 'e'].map((name) => item(name));

  const first = partOf(all, undefined, 2);
  const second = partOf(all, first.next, 2);
  const third = partOf(all, second.next, 2);

  expect([first, second, third].map(({ items }) => items.map((one) => one.key))).toEqual([[key('a'), key('b')], [key('c'), key('d')], [key('e')]]);
  expect(third.next).toBeUndefined();
});

test('an empty list has no next', () => {
  expect(partOf([], undefined, 2)).toEqual({ items: [], next: undefined });
});

test('what is too long for one answer goes into the next, but one item always comes', () => {
  const all = [item('a', MIB), item('b', MIB), item('c', MIB), item('d', 5 * MIB), item('e')];

  expect(partOf(all, undefined, 10)).toMatchObject({ items: [{ key: key('a') }, { key: key('b') }], next: key('b') });
  expect(partOf(all, key('c'), 10)).toMatchObject({ items: [{ key: key('d') }], next: key('d') });
  expect(partOf(all, key('d'), 10)).toMatchObject({ items: [{ key: key('e') }], next: undefined });
});

test('versions count as well', () => {
  const version = { version: 'v1.1', member: asMember('a'), isLocal: true, writtenAtMs: 0, origin: 'o', deleted: false, hash: undefined, manifest: 'x'.repeat(3 * MIB) };

  expect(cutToFit({ items: [item('a'), { ...item('b'), versions: [version] }], next: key('z') })).toMatchObject({ items: [{ key: key('a') }], next: key('a') });
});

test('a limit is what was asked for, in bounds', () => {
  expect([limitOf(0), limitOf(7), limitOf(1_000_000)]).toEqual([DEFAULT_LIST_LIMIT, 7, MAX_LIST_LIMIT]);
});
