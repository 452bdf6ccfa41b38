import { MUTANTS } from './mutants/index.ts';
import { DEFAULT_STEPS } from './run.ts';
import { runInProcess } from './workers.ts';

/** A seeded bug that is not caught by then means that the generator or an invariant is too weak. */
export const MAX_SCHEDULES = 5000;
/** First seeds of a hunt lie this far apart, so that none looks at another's schedules. */
const SEED_DISTANCE = 1_000_000;

/** How many schedules it took to catch a seeded bug; undefined when it was not caught. @throws when something else than an invariant failed */
export async function schedulesUntilCaught(name: string, seed: number, atMost: number = MAX_SCHEDULES): Promise<number | undefined> {
  const { schedules, findings } = await runInProcess({ seed, stride: 1, count: atMost, steps: DEFAULT_STEPS, disabled: [], keepGoing: false, mutant: name }, new AbortController().signal);
  const [finding] = findings;
  if (finding !== undefined && !/^seed \d+: I\d+: /.test(finding)) throw new Error(`seeded bug "${name}" fails otherwise than by an invariant: ${finding.slice(0, 500)}`);
  return finding === undefined ? undefined : schedules;
}

/** Hunts all seeded bugs, from several first seeds each. Returns 0, or 1 when one got away (by the median) or broke the program. */
export async function hunt(say: (text: string) => void, seed: number, seeds: number, workers: number): Promise<number> {
  const left = [...MUTANTS];
  let escaped = 0;
  const worker = async (): Promise<void> => {
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      const runs: number[] = [];
      try {
        for (let at = 0; at < seeds; at += 1) runs.push((await schedulesUntilCaught(mutant.name, seed + at * SEED_DISTANCE)) ?? Infinity);
      } catch (error) {
        escaped += 1;
        say(`    BROKEN  ${String(error)}`);
        continue;
      }
      const sorted = runs.toSorted((a, b) => a - b);
      const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? Infinity;
      if (median === Infinity) escaped += 1;
      say(`${median === Infinity ? 'NOT CAUGHT' : median.toString().padStart(10)}  ${mutant.name}${seeds > 1 ? `  (${sorted.map((run) => (run === Infinity ? '-' : run.toString())).join(', ')})` : ''}`);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  say(`${(MUTANTS.length - escaped).toString()} of ${MUTANTS.length.toString()} seeded bugs caught`);
  return escaped === 0 ? 0 : 1;
}
