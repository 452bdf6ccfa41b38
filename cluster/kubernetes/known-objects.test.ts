import { expect, test } from 'vitest';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { resourceKey } from '../../shared/model/resource-key.ts';
import { KnownObjects } from './known-objects.ts';
import { KNOWN_BYTES } from './limits.ts';

const key = (name: string): ResourceKey => resourceKey({ group: '', kind: 'ConfigMap', namespace: 'default', name });
const object = (name: string, resourceVersion: string, text = '') => ({ metadata: { name, uid: name, resourceVersion }, data: { text } });

test('gives out an object at exactly the version that is asked for', () => {
  const known = new KnownObjects();
  known.put(key('a'), object('a', '2'));

  expect(known.get(key('a'), { uid: 'a', resourceVersion: '2' })).toEqual(object('a', '2'));
  expect(known.get(key('a'), { uid: 'a', resourceVersion: '3' })).toBeUndefined();
  expect(known.get(key('a'), { uid: 'b', resourceVersion: '2' })).toBeUndefined();
  expect(known.get(key('a'), undefined)).toBeUndefined();
});

test('keeps the latest, up to its limit in bytes, however often one is put again', () => {
  const known = new KnownObjects();
  const text = 'x'.repeat(KNOWN_BYTES / 4);
  for (let again = 0; again < 10; again += 1) known.put(key('same'), object('same', '1', text));
  for (const name of ['a', 'b']) known.put(key(name), object(name, '1', text));
  expect(known.get(key('same'), { uid: 'same', resourceVersion: '1' })).toBeDefined();
  known.put(key('c'), object('c', '1', text));

  expect(known.get(key('same'), { uid: 'same', resourceVersion: '1' })).toBeUndefined();
  for (const name of ['a', 'b', 'c']) expect(known.get(key(name), { uid: name, resourceVersion: '1' })).toBeDefined();
});
