import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 200;
/** A lock without its holder's number: either it is being made at this moment, or whoever made it died doing so. */
const UNSIGNED_LOOKS = 25;

/**
 * Runs `task` while no other process on this machine does so under the same lock, and waits for one that does. A lock whose holder
 * is gone is taken over.
 *
 * @param lock path of a folder that stands for the lock; its parent exists
 * @throws Error when the lock is held for longer than `patienceMs`
 */
export async function exclusive(lock: string, patienceMs: number, task: () => Promise<void>): Promise<void> {
  let unsigned = 0;
  for (let waitedMs = 0; waitedMs <= patienceMs; waitedMs += LOOK_MS) {
    if (take(lock)) {
      try {
        await task();
      } finally {
        rmSync(lock, { recursive: true, force: true });
      }
      return;
    }
    const holder = holderOf(lock);
    unsigned = holder === undefined ? unsigned + 1 : 0;
    if (unsigned > UNSIGNED_LOOKS || (holder !== undefined && !isAlive(holder))) rmSync(lock, { recursive: true, force: true });
    else await sleep(LOOK_MS);
  }
  throw new Error(`${lock} has been held for ${(patienceMs / 1000).toString()} s; remove it if nothing else is building`);
}

/** Making a folder either succeeds or finds it there. */
function take(lock: string): boolean {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(lock, 'pid'), process.pid.toString());
  return true;
}

function holderOf(lock: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(lock, 'pid'), 'utf8'));
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined; // Not written yet, or just removed.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
