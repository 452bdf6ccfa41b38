import { afterAll, beforeAll, beforeEach } from 'vitest';
import { eventually } from '../../e2e/local-federation.ts';
import { leaveOnly } from '../deployment/controls.ts';
import { DeployedFederation } from '../deployment/deployed-federation.ts';
import { expiredCredentials } from './credentials.ts';
import type { Faulted } from './faulted.ts';
import { NAMES, PATIENCE_MS } from './faulted.ts';
import { restoredTable } from './restore.ts';
import { storeFaults } from './store.ts';
import { streamFaults } from './stream.ts';
import { twoHandlers } from './two-handlers.ts';

/*
 * What goes wrong under deployed functions. One deployment for all of it, since that is what takes time; what goes wrong with the main
 * job is in ../deployment.
 */
/** A deployment of two regions, on a small and busy machine. */
const DEPLOY_TIMEOUT_MS = 400_000;

let federation: Faulted;
const the = (): Faulted => federation;
beforeAll(async () => {
  federation = await DeployedFederation.deploy({ members: NAMES, withFaults: true, say: (line) => { process.stdout.write(`faults: ${line}\n`); } });
  await eventually('every region has its spec', async () => Promise.all(NAMES.map((name) => federation.members[name].operator.status())), (all) => all.every(({ observedGeneration }) => observedGeneration > 0), PATIENCE_MS, 500);
}, DEPLOY_TIMEOUT_MS);
afterAll(() => federation.stop(), DEPLOY_TIMEOUT_MS);
beforeEach(() => leaveOnly(federation, 'push', 'doorbell', 'schedule'));

storeFaults(the);
expiredCredentials(the);
streamFaults(the);
twoHandlers(the);
// Last: it leaves us-west under another incarnation.
restoredTable(the);
