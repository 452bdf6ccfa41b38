import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 60_000;
const LOOK_MS = 25;

/**
 * Looks again and again until something is so; what is thrown counts as "not yet".
 *
 * @param what is awaited, for the message
 * @throws Error naming it, and what the last look threw
 */
export async function until(what: string, look: () => Promise<boolean>, patienceMs = PATIENCE_MS): Promise<void> {
  let last: unknown;
  for (const untilMs = Date.now() + patienceMs; Date.now() < untilMs; await sleep(LOOK_MS)) {
    try {
      last = undefined;
      if (await look()) return;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`${what}: not within ${(patienceMs / 1000).toString()} s`, { cause: last });
}
