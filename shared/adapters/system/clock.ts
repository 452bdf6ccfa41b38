import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Random } from '../../ports/clock.ts';

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: async (ms, signal) => { await sleep(ms, undefined, signal === undefined ? {} : { signal }); },
};

/** The machine's randomness, fit for secrets. */
export const systemRandom: Random = { bytes: (length) => randomBytes(length) };
