import { runProgram } from '../../cluster/program/run-program.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/index.ts';
import { version } from '../version.ts';
import type { MemberBridge, MemberBridgeParts } from './bridge-folder.ts';
import type { MemberConfig } from './member-config.ts';

const NAMESPACE = 'novaedge-system';
const LEASE = 'novaedge-bridge';
/** Any free port: its log says which. */
const LISTEN = { host: '127.0.0.1', port: 0 };

/**
 * Bridges a Kubernetes cluster by the program that runs in a cluster, with the cluster's lease: while the API server is away the lease
 * runs out, and the program stands by for the next one.
 *
 * @param regionEndpoint the member's own API
 */
export function bridgeKubernetes(kubeconfig: string, regionEndpoint: string, config: MemberConfig, { logger, onProblems }: Omit<MemberBridgeParts, 'region'>): MemberBridge {
  const stopping = new AbortController();
  const { federationId, member, logLevel, tls } = config;
  const options = {
    federationId, member, regionEndpoint, logLevel, namespace: NAMESPACE, leaseName: LEASE, createNamespaces: true, listen: LISTEN,
    tls: { kind: 'files', ca: tls.authority, cert: tls.bridgeCert, key: tls.bridgeKey },
    config: { kind: 'file', path: kubeconfig },
  } as const;
  const ended = runProgram({ options, clock: systemClock, random: systemRandom, logger, version, onProblems }, stopping.signal)
    .catch((error: unknown) => { logger.error('bridge-program-failed', { reason: error instanceof Error ? error.message : String(error) }); });
  return {
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
}
