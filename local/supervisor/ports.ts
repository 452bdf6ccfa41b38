import { createServer } from 'node:net';

/** Below the range from which systems hand out ports by themselves. */
const FIRST_TRIED = 19_400;
const LAST_TRIED = 32_000;

/** The first of `count` free ports in a row. @throws when there are none */
export async function findFreePorts(count: number): Promise<number> {
  for (let first = FIRST_TRIED; first + count <= LAST_TRIED; first += count) {
    if ((await firstTaken(first, count)) === undefined) return first;
  }
  throw new Error(`no ${count.toString()} free ports in a row between ${FIRST_TRIED.toString()} and ${LAST_TRIED.toString()}; give the first with --port`);
}

/** The first port of a row that somebody else listens on; undefined when all are free. */
export async function firstTaken(first: number, count: number): Promise<number | undefined> {
  for (let port = first; port < first + count; port += 1) if (!(await isFree(port))) return port;
  return undefined;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => { resolve(false); });
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => { server.close(() => { resolve(true); }); });
  });
}
