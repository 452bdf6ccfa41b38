import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LeashedProcess } from './leashed-process.ts';

const READY_TIMEOUT_MS = 60_000;
const LOOK_MS = 50;
const ANSWER_TIMEOUT_MS = 2000;

/**
 * Waits until the API server at `server` says that it is ready.
 *
 * @throws Error with the last lines of a log when one of the processes ends first, or nothing comes of it in a minute
 */
export async function untilReady(server: string, authorityPem: string, processes: readonly LeashedProcess[]): Promise<void> {
  const untilMs = Date.now() + READY_TIMEOUT_MS;
  while (!(await answersReady(server, authorityPem))) {
    for (const process of processes) {
      if (process.ended !== undefined) throw new Error(`it ended (${process.ended}); ${process.log} ends with:\n${process.lastWords()}`);
    }
    if (Date.now() > untilMs) throw new Error(`it was not ready within ${(READY_TIMEOUT_MS / 1000).toString()} s; its log ends with:\n${processes.at(-1)?.lastWords() ?? ''}`);
    await sleep(LOOK_MS);
  }
}

function answersReady(server: string, authorityPem: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(`${server}/readyz`, { ca: authorityPem, agent: false, timeout: ANSWER_TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('timeout', () => { asked.destroy(); });
    asked.on('error', () => { resolve(false); });
    asked.end();
  });
}
