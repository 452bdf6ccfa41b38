import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isObject } from '../../shared/model/content.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import { silentLogger } from '../../shared/ports/logger.ts';
import type { ClusterHarness } from '../../cluster/bridge/cluster-acceptance.ts';
import { realClock, realRandom } from '../../cluster/bridge/test-federation.ts';
import { KubeClient } from '../../cluster/kubernetes/client.ts';
import { openAccess } from '../../cluster/kubernetes/kube-config.ts';
import { KubernetesCluster } from '../../cluster/kubernetes/kubernetes-cluster.ts';
import { takeLease } from '../../cluster/kubernetes/lease.ts';
import { startCluster } from '../../local/kubernetes/start-cluster.ts';
import type { InstalledCluster } from './installed-cluster.ts';
import { installedCluster, TEST_KINDS } from './installed-cluster.ts';
import { KubernetesUser } from './kubernetes-user.ts';

const never = new AbortController().signal;
export const BRIDGE_NAMESPACE = 'novaedge-system';

/** An adapter as the bridge's program opens it: with the lease, over connections of its own. */
export interface OpenedCluster { readonly cluster: KubernetesCluster; close(): Promise<void> }

export interface OpenOptions {
  readonly logger?: Logger;
  readonly createNamespaces?: boolean;
  /** Another way to the API server, for faults on it. */
  readonly server?: string;
  /** Told of every request, attempts that are repeated included. */
  readonly onRequest?: (method: string, url: URL) => void;
}

export async function openCluster(kubeconfig: string, { logger = silentLogger, createNamespaces = false, server, onRequest }: OpenOptions = {}): Promise<OpenedCluster> {
  const access = openAccess({ kind: 'file', path: kubeconfig });
  const client = new KubeClient({
    ...access, server: server ?? access.server,
    authorize: (url, method) => { onRequest?.(method, new URL(url)); return access.authorize(url, method); },
  });
  const holder = crypto.randomUUID();
  const lease = await takeLease({ client, clock: realClock, logger, namespace: BRIDGE_NAMESPACE, name: 'novaedge-bridge', holder }, never);
  const cluster = new KubernetesCluster({ client, clock: realClock, random: realRandom, logger, namespace: BRIDGE_NAMESPACE, createNamespaces, lease });
  return {
    cluster,
    close: async () => {
      cluster.close();
      await lease.release();
      await client.close();
    },
  };
}

/** One API server for all tests of a file; a test begins with none of the objects of the one before. */
export async function makeKubernetesHarness(shared: InstalledCluster): Promise<ClusterHarness> {
  let current = shared;
  let backup: string | undefined;
  await Promise.all(TEST_KINDS.map((kind) => shared.user.deletesAll(kind)));
  let opened = await openCluster(current.cluster.kubeconfig);

  /** The processes go, the folder is put in its place, and they come back as the same cluster. */
  const offline = async (task: () => void): Promise<void> => {
    const { port, name } = current.cluster;
    await current.user.close();
    await current.cluster.stop();
    task();
    const cluster = await startCluster({ folder: current.folder, name, port });
    Object.assign(shared, { cluster, user: new KubernetesUser(cluster.kubeconfig) });
  };

  return {
    cluster: () => opened.cluster,
    userWrites: async (manifest) => { await current.user.writes(manifest); },
    userDeletes: (key) => current.user.deletes(key),
    userCopies: (key, name) => current.user.copies(key, name),
    userExports: (key) => current.user.export(key),
    userReads: (key) => current.user.reads(key),
    restart: async () => {
      await opened.close();
      opened = await openCluster(current.cluster.kubeconfig);
    },
    rebuildEmpty: async () => {
      await opened.close();
      current = await installedCluster();
      opened = await openCluster(current.cluster.kubeconfig);
    },
    backUp: async () => {
      await opened.close();
      backup = mkdtempSync(join(tmpdir(), 'novaedge-kube-backup-'));
      const to = backup;
      await offline(() => { cpSync(current.folder, to, { recursive: true }); });
      opened = await openCluster(current.cluster.kubeconfig);
    },
    restoreBackup: async () => {
      await opened.close();
      await offline(() => {
        rmSync(join(current.folder, 'etcd'), { recursive: true });
        cpSync(join(backup ?? '', 'etcd'), join(current.folder, 'etcd'), { recursive: true });
      });
      opened = await openCluster(current.cluster.kubeconfig);
    },
    status: async () => {
      const object = await current.user.client.find({ path: `/apis/novaedge.io/v1alpha1/namespaces/${BRIDGE_NAMESPACE}/novaedgefederations/global` }, never);
      return isObject(object?.['status']) ? object['status'] : undefined;
    },
    close: async () => {
      await opened.close();
      if (current !== shared) await current.remove();
      if (backup !== undefined) rmSync(backup, { recursive: true, force: true });
    },
  };
}
