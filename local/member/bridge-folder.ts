import { startBridge } from '../../cluster/bridge/bridge.ts';
import { openDirectoryCluster } from '../../cluster/directory/directory-cluster.ts';
import type { DirectoryCluster } from '../../cluster/directory/directory-cluster.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/index.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { Region } from '../../shared/ports/region.ts';
import { version } from '../version.ts';

export interface MemberBridgeParts {
  readonly region: Region;
  readonly logger: Logger;
  /** Told all that is wrong in the cluster, a sentence each, whenever that changes. */
  readonly onProblems: (messages: readonly string[]) => void;
}
export interface MemberBridge { stop(): Promise<void> }

const NO_FEDERATION = 'no file holds a NovaEdgeFederation: nothing is taken from this folder or shown in it until one does';

/** Bridges a folder of manifests. */
export async function bridgeFolder(folder: string, { region, logger, onProblems }: MemberBridgeParts): Promise<MemberBridge> {
  const closing = new AbortController();
  const cluster = await openDirectoryCluster({ root: folder, clock: systemClock, random: systemRandom, logger });
  await tellProblems(cluster, onProblems, logger, closing.signal);
  const bridge = startBridge({ cluster, region, clock: systemClock, random: systemRandom, logger, version });
  return {
    stop: async () => {
      await bridge.stop();
      await cluster.close();
      closing.abort();
    },
  };
}

async function tellProblems(cluster: DirectoryCluster, onProblems: MemberBridgeParts['onProblems'], logger: Logger, signal: AbortSignal): Promise<void> {
  let told = '';
  const look = async (): Promise<void> => {
    const isIdle = (await cluster.federation()).kind === 'gone' && cluster.held() === undefined;
    const messages = [...cluster.problems().map(({ message }) => message), ...(isIdle ? [NO_FEDERATION] : [])];
    if (messages.join('\n') === told) return;
    told = messages.join('\n');
    onProblems(messages);
  };
  const complain = (error: unknown): void => { logger.warn('problems-not-told', { reason: String(error) }); };
  await cluster.watch(() => { look().catch(complain); }, signal);
  await look();
}
