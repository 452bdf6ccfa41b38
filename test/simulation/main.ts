import { parseArgs } from 'node:util';
import { hunt } from './hunt.ts';
import { plant } from './mutate.ts';

const USAGE = `Usage: npm run simulate -- [options]

  --schedules N    how many schedules (default 1000)
  --seed S         the first one's seed; each further one adds one (default 1)
  --steps N        operations of a schedule (default 100)
  --without OP     leaves an operation out (or "faults"); may be given several times
  --keep           goes on after a finding
  --mutant NAME    with a seeded bug in the product (test/simulation/mutants.ts)
  --mutants        hunts every seeded bug, and exits 1 if one is not caught`;

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' }, steps: { type: 'string', default: '100' },
    without: { type: 'string', multiple: true, default: [] }, keep: { type: 'boolean', default: false },
    mutant: { type: 'string' }, mutants: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
  },
});
const say = (text: string): void => { process.stdout.write(`${text}\n`); };

if (values.help) {
  say(USAGE);
} else if (values.mutants) {
  process.exitCode = await hunt(say, Number(values.seed));
} else {
  if (values.mutant !== undefined) plant(values.mutant);
  // Only now, so that a seeded bug is in it.
  const { simulate } = await import('./simulate.ts');
  process.exitCode = await simulate(say, {
    schedules: Number(values.schedules), firstSeed: Number(values.seed), steps: Number(values.steps), disabled: new Set(values.without), keepGoing: values.keep,
  });
}
