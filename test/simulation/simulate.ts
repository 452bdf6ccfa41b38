import type { Summary } from './report.ts';
import { noRuns, withFinding, withRun } from './report.ts';
import { runSchedule } from './run.ts';

/** Which schedules are run. Each seed makes one. */
export interface SimulateOptions {
  readonly seeds: Iterable<number>;
  readonly steps: number;
  readonly disabled: ReadonlySet<string>;
  /** Whether to go on after a finding. */
  readonly keepGoing: boolean;
}

/** One run in so many is made twice, and has to go the same way. */
const REPEATED_ONE_IN = 100;

/** Runs schedules one after the other. */
export async function simulate({ seeds, steps, disabled, keepGoing }: SimulateOptions): Promise<Summary> {
  let sum = noRuns;
  for (const seed of seeds) {
    const isRepeated = seed % REPEATED_ONE_IN === 0;
    try {
      const report = await runSchedule(seed, { steps, disabled });
      if (isRepeated) requireSame(report.trace, (await runSchedule(seed, { steps, disabled })).trace, seed);
      sum = withRun(sum, report, isRepeated);
    } catch (error) {
      sum = withFinding(sum, error instanceof Error ? (error.name === 'Violation' ? error.message : (error.stack ?? error.message)) : String(error));
      if (!keepGoing) return sum;
    }
  }
  return sum;
}

function requireSame(once: readonly string[], again: readonly string[], seed: number): void {
  const line = once.findIndex((text, at) => text !== again[at]);
  if (line !== -1 || once.length !== again.length) throw new Error(`seed ${seed.toString()} went another way the second time, from line ${line.toString()} of its trace: "${once[line] ?? ''}", then "${again[line] ?? ''}"`);
}
