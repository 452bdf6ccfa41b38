import { InterruptedError } from '../errors.ts';
import type { Host } from '../host.ts';
import { runNovactl } from '../run.ts';

/** A host whose outputs are kept, and whose world stands still. */
export interface TestHost {
  readonly host: Host;
  /** Runs novactl with these words; answers with what it wrote and its exit code. */
  run(...words: readonly string[]): Promise<Ran>;
  interrupt(): void;
}
export interface Ran { readonly code: number; readonly out: string; readonly err: string }

/** 2026-03-01 12:00 UTC. */
export const NOW_MS = Date.UTC(2026, 2, 1, 12);

/** Never twice in a process: a region does a write of the same name once. */
let requests = 0;

export function testHost(change: Partial<Omit<Host, 'out' | 'err'>> & { readonly columns?: number; readonly stdin?: string } = {}): TestHost {
  const interrupted = new AbortController();
  let written = { out: '', err: '' };
  const host: Host = {
    out: { columns: change.columns, write: (text) => { written.out += text; } },
    err: { columns: undefined, write: (text) => { written.err += text; } },
    readStdin: async () => change.stdin ?? '',
    environment: {},
    workingFolder: '/nowhere',
    homeFolder: '/nowhere',
    nodeVersion: '24.0.0',
    nowMs: () => NOW_MS,
    newRequestId: () => { requests += 1; return `request-${requests.toString()}`; },
    interrupted: interrupted.signal,
    sleep: () => Promise.resolve(),
    connect: () => { throw new Error('nobody is to be called here'); },
    localControl: () => { throw new Error('no local federation is to be steered here'); },
    ...change,
  };
  return {
    host,
    interrupt: () => { interrupted.abort(new InterruptedError('ended', 130)); },
    async run(...words) {
      written = { out: '', err: '' };
      const code = await runNovactl(words, host);
      return { code, ...written };
    },
  };
}
