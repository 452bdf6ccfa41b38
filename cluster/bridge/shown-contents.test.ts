import { expect, test } from 'vitest';
import type { Hash, ResourceKey } from '../../shared/model/ids.ts';
import { SHOWN_BYTES } from './limits.ts';
import { ShownContents } from './shown-contents.ts';

const key = (name: string): ResourceKey => `g/K/n/${name}` as ResourceKey;
const shown = (token: string, content = '{}') => ({ token, hash: 'a'.repeat(64) as Hash, content });

test('a token stands for what was shown with it, and another one for nothing that is known', () => {
  const contents = new ShownContents();
  contents.put(key('a'), shown('first', '{"n":1}'));
  contents.put(key('a'), shown('second', '{"n":2}'));

  expect(contents.get(key('a'), 'second')?.content).toBe('{"n":2}');
  expect(contents.get(key('a'), 'first')).toBeUndefined();
  expect(contents.get(key('b'), 'second')).toBeUndefined();
});

test('the latest are kept, up to the limit, however often one is shown again', () => {
  const contents = new ShownContents();
  const text = 'x'.repeat(SHOWN_BYTES / 2);
  for (let again = 0; again < 5; again += 1) contents.put(key('a'), shown('t', text));
  contents.put(key('b'), shown('t', text));
  expect(contents.get(key('a'), 't')).toBeDefined();
  contents.put(key('c'), shown('t'));

  expect([key('a'), key('b'), key('c')].map((one) => contents.get(one, 't') !== undefined)).toEqual([false, true, true]);
});
