import { expect, test } from 'vitest';
import { SharedLooks } from './shared-looks.ts';

test('whoever asks while a look is under way shares the next, which begins when it is over', async () => {
  const looks = new SharedLooks<number>();
  const begun: ((value: number) => void)[] = [];
  const look = (): Promise<number> => new Promise((resolve) => { begun.push(resolve); });
  const first = looks.ask('a', look);
  const [second, third] = [looks.ask('a', look), looks.ask('a', look)];
  const other = looks.ask('b', look);

  expect(begun).toHaveLength(2);
  begun[0]?.(1);
  begun[1]?.(2);
  expect([await first, await other]).toEqual([1, 2]);
  await new Promise((resolve) => { setImmediate(resolve); });
  expect(begun).toHaveLength(3);
  begun[2]?.(3);

  expect([await second, await third]).toEqual([3, 3]);
});

test('a look that fails fails for those who share it, and for nobody after', async () => {
  const looks = new SharedLooks<number>();
  const failing = [looks.ask('a', () => Promise.reject(new Error('away'))), looks.ask('a', () => Promise.resolve(2))];

  await expect(failing[0]).rejects.toThrow('away');
  expect(await failing[1]).toBe(2);
  expect(await looks.ask('a', () => Promise.resolve(3))).toBe(3);
});
