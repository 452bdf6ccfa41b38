import { afterAll, beforeAll, expect, test } from 'vitest';
import { GuideFederation, PLACES } from '../guide-federation.ts';
import { ChaosRun } from './chaos-run.ts';

const START_TIMEOUT_MS = 180_000;
const TIMEOUT_MS = 600_000;
/** Any other by CHAOS_OPERATIONS and CHAOS_SEED; a finding names its seed. */
const OPERATIONS = Number(process.env['CHAOS_OPERATIONS'] ?? 500);
const SEED = Number(process.env['CHAOS_SEED'] ?? 1);
const PATIENCE = { timeout: 60_000, interval: 300 };

let federation: GuideFederation;
beforeAll(async () => { federation = await GuideFederation.start({ asProcesses: true }); }, START_TIMEOUT_MS);
afterAll(() => federation.end(), START_TIMEOUT_MS);

test('three clusters are equal and nothing acknowledged is lost, whatever is killed while users go on', async () => {
  // Many routes are deleted within a minute: the guard against that has tests of its own.
  for (const place of PLACES) await federation.kubectl(place, 'apply -f -', federation.manifest(place).replace(/^ {2}sync:\n/m, '  sync:\n    massDelete: { percent: 100 }\n'));
  for (const place of PLACES) await expect.poll(() => federation.kubectl(place, 'get fed global-federation -n novaedge-system -o jsonpath={.status.phase}'), PATIENCE).toBe('Healthy');

  const run = new ChaosRun(federation, { operations: OPERATIONS, seed: SEED });
  await run.run();
  console.log(`chaos: ${Object.entries(run.counts).map(([what, count]) => `${what} ${count.toString()}`).join(', ')}`);

  expect(run.counts.written + run.counts.deleted).toBe(OPERATIONS);
  expect(run.counts['member killed']).toBeGreaterThan(0);
}, TIMEOUT_MS);
