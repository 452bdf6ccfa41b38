import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../shared/model/content.ts';
import type { ClusterOptions, LocalCluster } from '../../local/kubernetes/local-cluster.ts';
import { startCluster } from '../../local/kubernetes/start-cluster.ts';
import { factsOf } from '../../cluster/kubernetes/object.ts';
import { KubernetesUser } from './kubernetes-user.ts';
import { permissiveDefinition } from './permissive-definitions.ts';

const never = new AbortController().signal;
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
export const TEST_KINDS: readonly string[] = ['ProxyRoute', 'ProxyBackend', 'NovaEdgeFederation'];
const TEST_NAMESPACES: readonly string[] = ['shop', 'private', 'novaedge-system'];

/** A real cluster in a folder of its own, with the namespaces and kinds of the tests. */
export interface InstalledCluster { readonly cluster: LocalCluster; readonly folder: string; readonly user: KubernetesUser; remove(): Promise<void> }

export async function installedCluster(options: Partial<ClusterOptions> & { readonly definitions?: readonly JsonObject[] } = {}): Promise<InstalledCluster> {
  const { definitions = TEST_KINDS.map((kind) => permissiveDefinition(kind)), ...rest } = options;
  const folder = mkdtempSync(join(tmpdir(), 'novaedge-kube-'));
  const cluster = await startCluster({ folder, name: 'test', ...rest });
  const user = new KubernetesUser(cluster.kubeconfig);
  await Promise.all([...TEST_NAMESPACES, 'default'].map((name) => user.createsNamespace(name)));
  for (const definition of definitions) await user.client.json({ method: 'POST', path: DEFINITIONS, body: definition }, never);
  await Promise.all(definitions.map((definition) => served(user, factsOf(definition).name)));
  return {
    cluster, folder, user,
    remove: async () => {
      await user.close();
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Until objects of the kind can be listed. */
export async function served(user: KubernetesUser, name: string): Promise<void> {
  const [plural = '', ...group] = name.split('.');
  while ((await user.client.find({ path: `/apis/${group.join('.')}/v1alpha1/${plural}` }, never)) === undefined) await sleep(50);
}
