import { ConnectRegion } from '../../shared/adapters/connect/index.ts';
import type { JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { asMember } from '../../shared/model/ids.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { startBridge } from '../bridge/bridge.ts';
import type { ClusterChange, FederationObject } from '../bridge/cluster-port.ts';
import { KubeClient } from '../kubernetes/client.ts';
import { openAccess } from '../kubernetes/kube-config.ts';
import { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import type { HeldLease } from '../kubernetes/lease.ts';
import { takeLease } from '../kubernetes/lease.ts';
import { BridgeTls } from './bridge-tls.ts';
import { serveHealth } from './http-server.ts';
import type { ProgramHealth } from './http-server.ts';
import { meteredRegion } from './metered-region.ts';
import { BridgeMetrics } from './metrics.ts';
import type { ProgramOptions } from './options.ts';

export interface ProgramParts {
  readonly options: ProgramOptions;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly version: string;
  /** Told all that is wrong in the cluster, a sentence each, whenever that may have changed while this program has the lease. */
  readonly onProblems?: (messages: readonly string[]) => void;
}

/** A bridge that ended because another has the lease is not begun again sooner. */
const PAUSE_AFTER_LOWER_EPOCH_MS = 1000;

/**
 * Runs the bridge of one cluster until the signal is aborted: waits for the lease, speaks for the cluster while it has it, and stands by
 * again when it is lost. Resolves when work under way is finished and the lease given up.
 *
 * @throws Error for a kubeconfig that cannot be used or an address that cannot be listened on
 */
export async function runProgram(parts: ProgramParts, signal: AbortSignal): Promise<void> {
  const { options, clock, random, logger } = parts;
  const { namespace, leaseName, member, federationId, regionEndpoint } = options;
  const client = new KubeClient(openAccess(options.config));
  let leading: { readonly cluster: KubernetesCluster; readonly bridge: Bridge } | undefined;
  const tls: BridgeTls = new BridgeTls({
    source: options.tls, client, namespace, expected: { federationId, member, role: 'bridge' }, clock, logger,
    spec: async (inner) => specOf(await leading?.cluster.federation(inner)),
    changed: () => { leading?.cluster.refreshConditions(signal).catch((error: unknown) => { logger.debug('conditions-not-written', { reason: String(error) }); }); },
  });
  const health = (): ProgramHealth => healthOf(leading, tls);
  const metrics = new BridgeMetrics(() => health());
  const connection = new ConnectRegion({ federationId, member: asMember(member), endpoint: regionEndpoint, tls: tls.tls });
  const region = meteredRegion(connection, { member, metrics, clock, logger });
  const http = await serveHealth({ ...options.listen, health, metrics: async () => ({ contentType: metrics.registry.contentType, text: await metrics.registry.metrics() }) });
  logger.info('bridge-program-started', { member, namespace, region: regionEndpoint, health: `${options.listen.host}:${http.port.toString()}` });
  const holder = `${member}-${Buffer.from(random.bytes(8)).toString('hex')}`;
  try {
    await tls.start(signal);
    while (!signal.aborted) {
      const lease = await takeLease({ client, clock, logger, namespace, name: leaseName, holder }, signal);
      const cluster = new KubernetesCluster({ client, clock, random, logger, namespace, createNamespaces: options.createNamespaces, lease, conditions: () => [tls.condition()] });
      if (parts.onProblems !== undefined) tellProblems(cluster, parts.onProblems, logger, AbortSignal.any([signal, lease.lost]));
      const bridge = startBridge({ cluster, region, clock, random, logger, version: parts.version });
      leading = { cluster, bridge };
      await untilOver(bridge, lease, signal);
      await bridge.stop();
      cluster.close();
      leading = undefined;
      await lease.release();
      const end = await bridge.ended;
      if (end.kind === 'lower-epoch') await clock.sleep(PAUSE_AFTER_LOWER_EPOCH_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    connection.close();
    await http.close();
    await client.close();
    logger.info('bridge-program-stopped', {});
  }
}

function tellProblems(cluster: KubernetesCluster, tell: (messages: readonly string[]) => void, logger: Logger, signal: AbortSignal): void {
  const onChange = ({ kind }: ClusterChange): void => { if (kind === 'problems') tell(cluster.problems().map(({ message }) => message)); };
  cluster.watch(onChange, signal).catch((error: unknown) => { logger.debug('problems-not-told', { reason: error instanceof Error ? error.message : String(error) }); });
}

async function untilOver(bridge: Bridge, lease: HeldLease, signal: AbortSignal): Promise<void> {
  const over = AbortSignal.any([lease.lost, signal]);
  let wake: () => void = () => undefined;
  const aborted = new Promise<void>((resolve) => { wake = resolve; });
  if (over.aborted) return;
  over.addEventListener('abort', wake, { once: true });
  await Promise.race([bridge.ended, aborted]);
  over.removeEventListener('abort', wake);
}

function specOf(object: FederationObject | undefined): JsonObject | undefined {
  const manifest: unknown = object?.kind === 'live' ? JSON.parse(object.manifest) : undefined;
  const spec = isObject(manifest) ? manifest['spec'] : undefined;
  return isObject(spec) ? spec : undefined;
}

/** Ready is who follows, idles as told, or stands by for another; not who cannot reach cluster or region. */
function healthOf(leading: { readonly cluster: KubernetesCluster; readonly bridge: Bridge } | undefined, tls: BridgeTls): ProgramHealth {
  const certificates = tls.condition();
  const problems = [...(certificates.status === 'True' ? [] : [certificates.message]), ...(leading?.cluster.problems().map(({ message }) => message) ?? [])];
  if (leading === undefined) return { state: 'standby', message: undefined, isReady: certificates.status === 'True', isLeading: false, exceptions: 0, problems };
  const state = leading.bridge.state();
  const message = 'message' in state ? state.message : undefined;
  const isReady = state.kind === 'following' || state.kind === 'comparing' || state.kind === 'idle';
  return { state: state.kind, message, isReady, isLeading: true, exceptions: leading.bridge.exceptions(), problems };
}
