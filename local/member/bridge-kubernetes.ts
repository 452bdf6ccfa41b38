import { randomUUID } from 'node:crypto';
import { startBridge } from '../../cluster/bridge/bridge.ts';
import { KubeClient } from '../../cluster/kubernetes/client.ts';
import { openAccess } from '../../cluster/kubernetes/kube-config.ts';
import { KubernetesCluster } from '../../cluster/kubernetes/kubernetes-cluster.ts';
import type { HeldLease } from '../../cluster/kubernetes/lease.ts';
import { takeLease } from '../../cluster/kubernetes/lease.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/index.ts';
import { version } from '../version.ts';
import type { MemberBridge, MemberBridgeParts } from './bridge-folder.ts';

const NAMESPACE = 'novaedge-system';
const LEASE = 'novaedge-bridge';

/**
 * Bridges a Kubernetes cluster, with the cluster's lease: while the API server is away the lease runs out, and the bridge begins again
 * with the next one.
 */
export function bridgeKubernetes(kubeconfig: string, parts: MemberBridgeParts): MemberBridge {
  const stopping = new AbortController();
  const client = new KubeClient(openAccess({ kind: 'file', path: kubeconfig }));
  const ended = run(client, parts, stopping.signal)
    .catch((error: unknown) => { if (!stopping.signal.aborted) parts.logger.error('bridge-failed', { reason: error instanceof Error ? error.message : String(error) }); });
  return {
    stop: async () => {
      stopping.abort();
      await ended;
      await client.close();
    },
  };
}

async function run(client: KubeClient, parts: MemberBridgeParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const lease = await takeLease({ client, clock: systemClock, logger: parts.logger, namespace: NAMESPACE, name: LEASE, holder: randomUUID() }, signal);
    await bridgeWhileHeld(client, lease, parts, signal);
    await lease.release();
  }
}

async function bridgeWhileHeld(client: KubeClient, lease: HeldLease, { region, logger, onProblems }: MemberBridgeParts, signal: AbortSignal): Promise<void> {
  const cluster = new KubernetesCluster({ client, clock: systemClock, random: systemRandom, logger, namespace: NAMESPACE, createNamespaces: true, lease });
  const over = AbortSignal.any([signal, lease.lost]);
  const tell = (): void => { onProblems(cluster.problems().map(({ message }) => message)); };
  cluster.watch(({ kind }) => { if (kind === 'problems') tell(); }, over).catch((error: unknown) => { logger.warn('problems-not-told', { reason: String(error) }); });
  const bridge = startBridge({ cluster, region, clock: systemClock, random: systemRandom, logger, version });
  await Promise.race([bridge.ended, aborted(over)]);
  await bridge.stop();
  cluster.close();
}

const aborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => {
  if (signal.aborted) resolve();
  else signal.addEventListener('abort', () => { resolve(); }, { once: true });
});
