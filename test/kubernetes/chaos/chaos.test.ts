import { afterEach, expect, test } from 'vitest';
import { GuideFederation, PLACES } from '../guide-federation.ts';
import { ChaosRun } from './chaos-run.ts';
import type { FaultShares } from './faults.ts';
import { BRIDGES_KILLED, MEMBERS_KILLED } from './faults.ts';

const TIMEOUT_MS = 900_000;
/** Any other by CHAOS_OPERATIONS and CHAOS_SEED; a finding names its seed. */
const OPERATIONS = Number(process.env['CHAOS_OPERATIONS'] ?? 500);
const SEED = Number(process.env['CHAOS_SEED'] ?? 1);
const PATIENCE = { timeout: 60_000, interval: 300 };

let federation: GuideFederation | undefined;
afterEach(async () => {
  await federation?.end();
  federation = undefined;
}, TIMEOUT_MS);

async function survive(started: GuideFederation, faults: FaultShares): Promise<ChaosRun> {
  federation = started;
  // Many routes are deleted within a minute: the guard against that has tests of its own.
  for (const place of PLACES) await started.kubectl(place, 'apply -f -', started.manifest(place).replace(/^ {2}sync:\n/m, '  sync:\n    massDelete: { percent: 100 }\n'));
  for (const place of PLACES) await expect.poll(() => started.kubectl(place, 'get fed global-federation -n novaedge-system -o jsonpath={.status.phase}'), PATIENCE).toBe('Healthy');
  const run = new ChaosRun(started, { operations: OPERATIONS, seed: SEED, faults });
  await run.run();
  console.log(`chaos: ${Object.entries({ ...run.counts, ...run.faults }).map(([what, count]) => `${what} ${count.toString()}`).join(', ')}`);
  expect(run.counts.written + run.counts.deleted).toBe(OPERATIONS);
  expect(run.counts.commits).toBeGreaterThan(OPERATIONS / 2);
  expect(run.counts.edits).toBeGreaterThan(OPERATIONS / 4);
  return run;
}

test('three clusters are equal, nothing acknowledged is lost or sent twice, whatever is killed while users go on', async () => {
  const { faults } = await survive(await GuideFederation.start({ asProcesses: true, logLevel: 'debug' }), MEMBERS_KILLED);

  expect(faults['member killed']).toBeGreaterThan(0);
}, TIMEOUT_MS);

test('nor where a bridge is killed and one that stands by takes over, a region hangs, and certificates are replaced meanwhile', async () => {
  const { faults } = await survive(await GuideFederation.start({ bridgesEach: 2, logLevel: 'debug' }), BRIDGES_KILLED);

  for (const kind of ['bridge handed over', 'Secret rotated'] as const) expect(faults[kind], kind).toBeGreaterThan(0);
  expect((faults['region hung'] ?? 0) + (faults['region killed'] ?? 0)).toBeGreaterThan(0);
}, TIMEOUT_MS);
