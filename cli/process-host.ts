import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { InterruptedError } from './errors.ts';
import type { Host, Output } from './host.ts';
import { SupervisorClient } from './supervisor-client.ts';

/** What a shell gives a program that the signal ended. */
const EXIT_OF_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const;

/** The process that novactl runs in. The only place that reads `process`. */
export function processHost(): Host {
  const interrupted = new AbortController();
  for (const [signal, exit] of Object.entries(EXIT_OF_SIGNAL)) {
    process.on(signal, () => {
      // The second time somebody means it.
      if (interrupted.signal.aborted) process.exit(exit);
      interrupted.abort(new InterruptedError(`ended by ${signal}; a write that was under way may have been done`, exit));
    });
  }
  // The reader has gone, as `head` does: nobody is left to tell.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => { if (error.code === 'EPIPE') process.exit(0); else throw error; });
  }
  return {
    out: outputOf(process.stdout),
    err: outputOf(process.stderr),
    readStdin: () => text(process.stdin),
    environment: process.env,
    workingFolder: process.cwd(),
    homeFolder: homedir(),
    nodeVersion: process.versions.node,
    nowMs: () => Date.now(),
    newRequestId: () => randomUUID(),
    interrupted: interrupted.signal,
    sleep: (ms) => sleep(ms, undefined, { signal: interrupted.signal }),
    // Loaded when it is needed: commands that call nobody, completion among them, start twice as fast without.
    connect: async (options) => (await import('./connection/connect-region.ts')).connectRegion(options),
    localControl: (dataFolder) => new SupervisorClient(dataFolder, interrupted.signal),
  };
}

const outputOf = (stream: NodeJS.WriteStream): Output => ({
  columns: stream.isTTY ? stream.columns : undefined,
  write: (chunk) => { stream.write(chunk); },
});

/** Resolves when everything written has been handed on. */
export async function flushed(): Promise<void> {
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => { stream.write('', () => { resolve(); }); })));
}
