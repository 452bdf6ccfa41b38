import { firstTaken } from '../supervisor/ports.ts';

/** Below the ports of members (`supervisor/ports.ts`) and of those that systems hand out, so that nobody takes it while a cluster is down. */
const FIRST = 11_000;
const COUNT = 8000;
const TRIES = 100;

/** Handed out by this process, which perhaps does not listen yet. */
const given = new Set<number>();

/** A port of this machine that nobody listens on, another each time; picked at random, so that processes that look at once hardly meet. */
export async function freePort(): Promise<number> {
  for (let left = TRIES; left > 0; left -= 1) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (given.has(port)) continue;
    given.add(port);
    if ((await firstTaken(port, 1)) === undefined) return port;
  }
  throw new Error(`no free port found between ${FIRST.toString()} and ${(FIRST + COUNT).toString()}`);
}
