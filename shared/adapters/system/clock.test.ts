import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { systemClock } from './clock.ts';

const GIVEN_UP = new Error('given up');

test('sleep rejects with the reason of its signal, before or meanwhile, and leaves nothing behind', async () => {
  await expect(systemClock.sleep(60_000, AbortSignal.abort(GIVEN_UP))).rejects.toBe(GIVEN_UP);
  const ending = new AbortController();
  const asleep = systemClock.sleep(60_000, ending.signal);
  ending.abort(GIVEN_UP);
  await expect(asleep).rejects.toBe(GIVEN_UP);

  const lasting = new AbortController();
  await systemClock.sleep(1, lasting.signal);
  expect(getEventListeners(lasting.signal, 'abort')).toEqual([]);
});
