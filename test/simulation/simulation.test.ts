import { stripTypeScriptTypes } from 'node:module';
import { describe, expect, test } from 'vitest';
import { FAULTS } from './faults.ts';
import { schedulesUntilCaught } from './hunt.ts';
import { mutatedSources } from './mutate.ts';
import { MUTANTS } from './mutants/index.ts';
import { OPERATIONS } from './operations.ts';
import { DEFAULT_STEPS, runSchedule } from './run.ts';
import { simulate } from './simulate.ts';
import { simulateInProcesses } from './workers.ts';

/** The same schedules each time, so that a change is judged by itself; `npm run simulate -- --seed S` looks at others. */
const SHARE = { seed: 1, count: 10_000, steps: DEFAULT_STEPS, disabled: [], keepGoing: false, mutant: undefined };
/** Seeded bugs that are caught within few schedules, one of each kind; all are hunted by `npm run simulate -- --mutants`. */
const QUICK = [
  'an absent row with an empty context on commit',
  'one cluster conflicts with itself',
  'an old token with its matching hash is taken for an echo',
  "a rebuilt cluster's emptiness is taken for deletes",
  'versions are merged two ways, whatever they started from',
  'the newest change is lost when a page is full',
  'a row that is absent here takes whatever arrives',
  'a page with missing answers is taken',
  'a dot of mine that I never issued is taken',
  'the content is left out of the Merkle entry',
  'deletes are collected by time only',
  'no new incarnation after a restore',
];
const QUICK_SCHEDULES = 500;

describe('random schedules with faults, against the oracle [I1] [I2] [I3] [I4] [I5] [I6] [I7] [I8] [I10] [I11] [I12]', () => {
  test('hold, with every operation, every fault and every check among them', async () => {
    const { findings, schedules, repeated, operations, faults, checks } = await simulateInProcesses(SHARE);

    expect(findings).toEqual([]);
    expect(schedules).toBe(SHARE.count);
    expect(repeated).toBe(SHARE.count / 100);
    expect(Object.keys(operations).sort()).toEqual(Object.keys(OPERATIONS).sort());
    expect(Object.keys(faults).sort()).toEqual(Object.keys(FAULTS).sort());
    expect(Object.keys(checks).sort()).toEqual(['I1', 'I10', 'I11', 'I12', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8']);
  }, 900_000);

  test('go the same way twice from one seed', async () => {
    const options = { steps: DEFAULT_STEPS, disabled: new Set<string>() };

    expect(await runSchedule(7, options)).toStrictEqual(await runSchedule(7, options));
  });

  test('go without the faults and operations that are left out', async () => {
    const { findings, faults, operations } = await simulate({ seeds: [1, 2, 3, 4, 5], steps: DEFAULT_STEPS, disabled: new Set(['crash', 'old-copy', 'restore']), keepGoing: false });

    expect(findings).toEqual([]);
    expect(Object.keys(faults)).toEqual(expect.not.arrayContaining(['crash', 'old-copy', 'backup', 'backup-again']));
    expect(operations['restore']).toBeUndefined();
  });

  test('go without any fault', async () => {
    const { findings, faults } = await simulate({ seeds: [1, 2, 3, 4, 5], steps: DEFAULT_STEPS, disabled: new Set(['faults']), keepGoing: false });

    expect([findings, Object.keys(faults)]).toEqual([[], ['compaction']]);
  });
});

describe('seeded bugs', () => {
  test.each(MUTANTS)('have their place in the product, which is a program with them as well: $name', (mutant) => {
    for (const source of mutatedSources(mutant).values()) expect(() => stripTypeScriptTypes(source)).not.toThrow();
  });

  test('have names of their own', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });

  test.each(QUICK)('are caught: %s', async (name) => {
    expect(await schedulesUntilCaught(name, 1, QUICK_SCHEDULES)).toBeDefined();
  }, 240_000);
});
