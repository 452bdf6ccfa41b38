import { binaries } from './binaries.ts';
import { ClusterFolder } from './cluster-folder.ts';
import { freePort } from './free-port.ts';
import type { ClusterOptions } from './local-cluster.ts';
import { LocalCluster } from './local-cluster.ts';

/** A port found free may be taken before the API server has it. */
const PORT_TRIES = 3;

/**
 * Starts a cluster: 2 to 3 s, 300 MB, once the programs are there.
 *
 * @throws Error in one sentence where the programs can neither be found nor built
 */
export async function startCluster(options: ClusterOptions): Promise<LocalCluster> {
  const programs = await binaries(['etcd', 'kube-apiserver', 'kubectl'], options.say ?? (() => undefined));
  const folder = await ClusterFolder.open(options.folder, Date.now());
  for (let left = options.port === undefined ? PORT_TRIES : 1; ; left -= 1) {
    const cluster = new LocalCluster(options, folder, programs, options.port ?? await freePort());
    try {
      await cluster.start();
      return cluster;
    } catch (error) {
      await cluster.stop();
      if (left <= 1 || !(error instanceof Error && error.message.includes('address already in use'))) throw error;
    }
  }
}
