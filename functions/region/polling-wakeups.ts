import type { Clock } from '../../shared/ports/clock.ts';
import type { Wakeups } from '../../shared/ports/events.ts';

/** A change made by another instance is noticed by looking; each look costs some read units. */
const LOOK_MS = 1000;

/** No instance is told what another one does, so whoever waits is woken every second to look. */
export const pollingWakeups = (clock: Clock): Wakeups => ({
  arm: () => ({ wait: (maxMs, signal) => clock.sleep(Math.min(maxMs, LOOK_MS), signal) }),
});
