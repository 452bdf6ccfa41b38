import { plant } from './mutate.ts';
import type { Task } from './workers.ts';

/** A process of `simulateInProcesses`: runs one task, and answers with its summary. */
process.once('message', (message) => { void run(message as Task); });

async function run({ seed, stride, count, steps, disabled, keepGoing, mutant }: Task): Promise<void> {
  if (mutant !== undefined) plant(mutant);
  // Only now, so that a seeded bug is in it.
  const { simulate } = await import('./simulate.ts');
  const seeds = Array.from({ length: count }, (_, at) => seed + at * stride);
  const summary = await simulate({ seeds, steps, disabled: new Set(disabled), keepGoing });
  process.send?.(summary, () => { process.disconnect(); });
}
