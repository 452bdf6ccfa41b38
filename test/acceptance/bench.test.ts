import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { measureUsage } from '../../bench/costs/measure-usage.ts';
import { RECORDED } from '../../bench/costs/usage.ts';
import type { Emulator } from '../../bench/emulator.ts';
import { startEmulator } from '../../bench/emulator.ts';
import { PARTS } from '../../bench/options.ts';
import type { Section } from '../../bench/report.ts';
import type { UnitsFound } from '../../bench/write-units.ts';
import { GOAL_ORIGIN_UNITS, GOAL_PEER_UNITS, countUnits, readsOfUnchangedPull } from '../../bench/write-units.ts';

const root = join(import.meta.dirname, '..', '..');
/** All parts, a deploy among them, on a busy machine. */
const RUN_TIMEOUT_MS = 480_000;
const run = (...args: readonly string[]): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, [join(root, 'bench', 'main.ts'), ...args], { timeout: RUN_TIMEOUT_MS });

describe('the bench', () => {
  test('measures every part in a smoke run; how fast anything was is not asked here', async () => {
    // The part with real API servers is run beside their tests.
    const parts = PARTS.filter((part) => part !== 'kubernetes');
    const { stdout, stderr } = await run('--quick', '-o', 'json', ...parts.flatMap((part) => ['--only', part]));

    const sections = JSON.parse(stdout) as Section[];
    expect(sections.map(({ part }) => part)).toEqual(parts);
    expect(sections.every(({ tables }) => tables.every(({ rows }) => rows.length > 0))).toBe(true);
    expect(stderr).toBe('');
  }, RUN_TIMEOUT_MS);

  test('names an option that is none', async () => {
    await expect(run('--only', 'speed')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('--only speed: expected one of visible') });
  });
});

describe('units of the product\'s own path', () => {
  let emulator: Emulator | undefined;
  // The first time ever, the emulator is installed.
  beforeAll(async () => { emulator = await startEmulator(); }, 200_000);
  afterAll(async () => { await emulator?.stop(); });

  test('a change in a batch of 50 stays within the goals, and a lone one costs what docs/storage.md says', async () => {
    if (emulator === undefined) throw new Error('the emulator is not running');

    const found = await countUnits(emulator, 1);

    const of = (what: string, batch: number): UnitsFound | undefined => found.find((one) => one.what === what && one.batch === batch);
    for (const what of ['new routes', 'edits']) {
      expect(of(what, 50)?.origin.reported).toBeLessThanOrEqual(GOAL_ORIGIN_UNITS);
      expect(of(what, 50)?.peer.reported).toBeLessThanOrEqual(GOAL_PEER_UNITS);
      expect(of(what, 1)).toMatchObject({ origin: { reported: 6 }, peer: { reported: 5 } });
    }
    // The emulator's word against our own reckoning.
    for (const { origin, peer } of found) expect([origin.reported, peer.reported]).toEqual([origin.reckoned, peer.reckoned]);
  });

  test('a pull that finds nothing new reads, and another within a second reads nothing', async () => {
    if (emulator === undefined) throw new Error('the emulator is not running');

    const { first, again } = await readsOfUnchangedPull(emulator);

    expect(first).toBeGreaterThan(0);
    expect(again).toBe(0);
  });

  test('docs/costs.md goes by what each piece of work consumes', async () => {
    if (emulator === undefined) throw new Error('the emulator is not running');

    expect(await measureUsage(emulator)).toEqual(RECORDED);
  });
});
