import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { Summary } from './report.ts';
import { noRuns, together } from './report.ts';

/** What a worker is asked to run: `seed`, and every `stride`-th one after it, `count` in all. */
export interface Task { readonly seed: number; readonly stride: number; readonly count: number; readonly steps: number; readonly disabled: readonly string[]; readonly keepGoing: boolean; readonly mutant: string | undefined }

export type Share = Omit<Task, 'stride'>;
const WORKER = new URL('worker.ts', import.meta.url);
/**
 * A world is small and soon garbage: it fits into a young generation of this size, and one thread collects it. With V8's defaults a
 * quarter of the processor goes to helpers of the collector, which processes on all cores have no room for. All code is warm soon, so that
 * noting types from the first call on pays.
 */
const V8_FLAGS = ['--max-semi-space-size=32', '--min-semi-space-size=32', '--single-threaded-gc', '--no-lazy-feedback-allocation'];

/** One process a core. */
export const WORKERS = availableParallelism();

/** Runs schedules in several processes at once, each with every n-th seed. A finding ends the others too, unless told to go on. */
export async function simulateInProcesses(share: Share, workers: number = WORKERS): Promise<Summary> {
  const processes = Math.max(1, Math.min(workers, share.count));
  const stopped = new AbortController();
  const parts = await Promise.all(Array.from({ length: processes }, async (_, at) => {
    const count = Math.floor((share.count - at + processes - 1) / processes);
    const part = await runInProcess({ ...share, seed: share.seed + at, stride: processes, count }, stopped.signal);
    if (part.findings.length > 0 && !share.keepGoing) stopped.abort();
    return part;
  }));
  return parts.reduce(together, noRuns);
}

/** Runs a task in a process of its own. */
export function runInProcess(task: Task, signal: AbortSignal): Promise<Summary> {
  return new Promise((resolve, reject) => {
    let summary: Summary | undefined;
    const child = fork(WORKER, { execArgv: [...process.execArgv, ...V8_FLAGS], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const stop = (): void => { child.kill(); };
    signal.addEventListener('abort', stop);
    child.on('message', (message) => { summary = message as Summary; });
    child.on('error', reject);
    child.on('exit', (code) => {
      signal.removeEventListener('abort', stop);
      if (summary !== undefined) resolve(summary);
      else if (signal.aborted) resolve(noRuns);
      else reject(new Error(`a simulation process ended with code ${String(code)} and said nothing`));
    });
    child.send(task);
  });
}
