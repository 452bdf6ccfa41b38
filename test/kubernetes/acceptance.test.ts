import { afterAll, beforeAll } from 'vitest';
import { describeCluster } from '../../cluster/bridge/cluster-acceptance.ts';
import type { InstalledCluster } from './installed-cluster.ts';
import { installedCluster } from './installed-cluster.ts';
import { makeKubernetesHarness } from './kubernetes-harness.ts';

let shared: InstalledCluster;
beforeAll(async () => { shared = await installedCluster(); });
afterAll(() => shared.remove());

describeCluster('a real API server is a cluster', () => makeKubernetesHarness(shared));
