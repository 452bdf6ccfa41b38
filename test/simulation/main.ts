import { parseArgs } from 'node:util';
import { FAULTS } from './faults.ts';
import { hunt } from './hunt.ts';
import { OPERATIONS } from './operations.ts';
import { describe } from './report.ts';
import { DEFAULT_STEPS } from './run.ts';
import { WORKERS, simulateInProcesses } from './workers.ts';

const USAGE = `Usage: npm run simulate -- [options]

  --schedules N    how many schedules (default 1000)
  --seed S         the first one's seed; each further one adds one (default 1)
  --steps N        operations of a schedule at least (default ${DEFAULT_STEPS.toString()})
  --without NAME   leaves out a fault ("faults": all of them) or an operation; may be given several times
  --keep           goes on after a finding
  --workers N      processes (default ${WORKERS.toString()}, one a core)
  --mutant NAME    with a seeded bug in the product (test/simulation/mutants/)
  --mutants        hunts every seeded bug, and exits 1 if one is not caught
  --seeds N        of a hunt: first seeds, of which the median is told (default 3)

faults
${Object.entries(FAULTS).map(([name, what]) => `  ${name.padEnd(17)}${what}`).join('\n')}

operations
  ${Object.keys(OPERATIONS).join(' ')}`;

const say = (text: string): void => { process.stdout.write(`${text}\n`); };

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' }, steps: { type: 'string', default: DEFAULT_STEPS.toString() },
    without: { type: 'string', multiple: true, default: [] }, keep: { type: 'boolean', default: false }, workers: { type: 'string', default: WORKERS.toString() },
    mutant: { type: 'string' }, mutants: { type: 'boolean', default: false }, seeds: { type: 'string', default: '3' }, help: { type: 'boolean', default: false },
  },
});

/** A whole number above zero. @throws RangeError naming the option */
function count(name: 'schedules' | 'seed' | 'steps' | 'workers' | 'seeds'): number {
  const number = Number(values[name]);
  if (!Number.isSafeInteger(number) || number < 1) throw new RangeError(`--${name}: expected a whole number above 0, got "${values[name]}"`);
  return number;
}

async function main(): Promise<number> {
  const unknown = values.without.find((name) => name !== 'faults' && !(name in FAULTS) && !(name in OPERATIONS));
  if (unknown !== undefined) throw new RangeError(`--without: there is no fault or operation "${unknown}"; see --help`);
  if (values.help) { say(USAGE); return 0; }
  if (values.mutants) return hunt(say, count('seed'), count('seeds'), count('workers'));
  const startedMs = performance.now();
  const summary = await simulateInProcesses({
    seed: count('seed'), count: count('schedules'), steps: count('steps'), disabled: values.without, keepGoing: values.keep, mutant: values.mutant,
  }, count('workers'));
  for (const finding of summary.findings) say(finding);
  say(describe(summary, (performance.now() - startedMs) / 1000));
  return summary.findings.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof RangeError)) throw error;
  say(error.message);
  process.exitCode = 2;
}
