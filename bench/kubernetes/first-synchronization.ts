import { until } from '../../test/kubernetes/until.ts';
import { monotonicMs } from '../samples.ts';
import type { ProcessUsage } from './process-usage.ts';
import { usageOf } from './process-usage.ts';
import type { Rig } from './rig.ts';
import { FLOOR_NAMESPACE } from './rig.ts';
import type { KubernetesSite } from './site.ts';

/** Ten thousand objects on a machine with other work. */
const PATIENCE_MS = 600_000;

/** What one bridge did: for how long, and what of the machine it took meanwhile; the memory is the most it ever had. */
export interface Leg extends ProcessUsage { readonly tookMs: number }

/** One first synchronization: the cluster's objects go up to a region that has none, and come down to a cluster that has none. */
export interface FirstSynchronization {
  readonly objects: number;
  /** Of each, creating as many in the cluster that is empty, by a plain client, as many at a time as the bridge has under way. */
  readonly createMs: number;
  readonly up: Leg;
  readonly down: Leg;
}

/** Leaves both bridges running. The rig is fresh, and no bridge runs. */
export async function measureFirstSynchronization({ origin, other }: Rig, objects: number): Promise<FirstSynchronization> {
  // Members know of each other from here on.
  await Promise.all([origin, other].map(async (site) => {
    await (await site.startBridge()).follows();
    await site.stopBridge();
  }));
  await origin.creates(objects, 'default');
  const createMs = await other.creates(objects, FLOOR_NAMESPACE);
  const up = await legOf(origin);
  await until(`${objects.toString()} routes in the other region`, async () => (await other.operator.status()).resources === objects, PATIENCE_MS);
  const down = await legOf(other);
  const shown = await other.client.json({ path: '/apis/novaedge.io/v1alpha1/namespaces/default/proxyroutes' }, new AbortController().signal);
  const found = Array.isArray(shown['items']) ? shown['items'].length : 0;
  if (found !== objects) throw new Error(`${found.toString()} of ${objects.toString()} routes came down`);
  return { objects, createMs, up, down };
}

/** From a bridge that answers to one that follows: by then all was compared, sent and shown. */
async function legOf(site: KubernetesSite): Promise<Leg> {
  const bridge = await site.startBridge();
  const [startedMs, before] = [monotonicMs(), usageOf(bridge.pid)];
  await bridge.follows(PATIENCE_MS);
  const { peakMemoryBytes, processorMs } = usageOf(bridge.pid);
  return { tookMs: monotonicMs() - startedMs, peakMemoryBytes, processorMs: processorMs - before.processorMs };
}
