import { readFile } from 'node:fs/promises';
import { ConnectRegion, PeerConnections } from '../../shared/adapters/connect/index.ts';
import type { ClientTls } from '../../shared/adapters/connect/index.ts';
import { openSqlite } from '../../shared/adapters/sqlite/index.ts';
import { jsonLogger, systemClock, systemRandom } from '../../shared/adapters/system/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import { isDenied } from '../../shared/replica/deny-list.ts';
import { joinDelete } from '../../shared/replica/ledger-deletes.ts';
import { operatorOf } from '../../shared/replica/operator.ts';
import { peersLetIn } from '../../shared/replica/policy.ts';
import { peerHandlers } from '../../shared/replica/peer-handlers.ts';
import { newProcessMemory } from '../../shared/replica/process-memory.ts';
import type { Replica } from '../../shared/replica/replica.ts';
import { DEFAULT_LIMITS } from '../../shared/replica/replica.ts';
import { regionOf } from '../../shared/replica/region.ts';
import { loadSettings } from '../../shared/replica/settings.ts';
import { createApp } from '../../shared/rpc/app.ts';
import { noAgents } from '../../shared/rpc/agent-service.ts';
import { readOneAuthority } from '../../shared/rpc/authorities.ts';
import { certificateOfSocket } from '../../shared/rpc/certificate-sources.ts';
import { identify } from '../../shared/rpc/identity.ts';
import type { IdentityPolicy } from '../../shared/rpc/identity.ts';
import { serve } from '../../shared/rpc/node-server.ts';
import type { MemberBridge, MemberBridgeParts } from './bridge-folder.ts';
import { bridgeFolder } from './bridge-folder.ts';
import { bridgeKubernetes } from './bridge-kubernetes.ts';
import { followLedger, withLedger } from './ledger-exchange.ts';
import { LocalEvents } from './local-events.ts';
import type { MemberConfig } from './member-config.ts';
import { Schedule } from './schedule.ts';

const HOST = '127.0.0.1';
/** Ticks at which a changed spec is passed on to connections. */
const SPEC_FOLLOW_MS = 200;
/** The other members' ledgers are waited for this long at start; the members of a federation start together. */
const FIRST_LEDGER_WAIT_MS = 3000;

/** A folder without a federation object never gives one. */
const FIRST_SPEC_WAIT_MS = 3000;
const FIRST_SPEC_LOOK_MS = 20;

export interface RunningMember { stop(): Promise<void> }

/**
 * Runs one member: store, API, schedule and the bridge of its cluster, unless that runs elsewhere, all in this process.
 *
 * @param onProblems is told what is wrong in its cluster, all of it, whenever that changes
 */
export async function runMember(config: MemberConfig, onProblems: (messages: readonly string[]) => void): Promise<RunningMember> {
  const member = asMember(config.member);
  const logger = jsonLogger({ level: config.logLevel, file: config.log, base: { member } });
  const tls = await readTls(config);
  const stopping = new AbortController();
  const sqlite = openSqlite({ path: config.database, member, durability: 'process-crash' });
  const events = new LocalEvents(logger);
  const peers = new PeerConnections({ federationId: config.federationId, tls: () => ({ cert: tls.memberCert, key: tls.memberKey, ca: tls.authority }) });
  const replica: Replica = {
    identity: { federationId: config.federationId, member, hub: config.hub === undefined ? undefined : asMember(config.hub) },
    limits: { ...DEFAULT_LIMITS, minimumTombstoneTtlMs: config.minimumTombstoneTtlMs },
    store: sqlite.store, ledger: sqlite.ledger, peers, clock: systemClock, random: systemRandom, events, wakeups: events, logger,
    memory: newProcessMemory(),
  };

  const authorities = readOneAuthority(tls.authority);
  const policy: IdentityPolicy = {
    federationId: config.federationId,
    localMember: member,
    authorities: () => authorities,
    listedMembers: () => peersLetIn(replica),
    isDenied: (names) => isDenied(replica, names),
  };
  const services = createApp({
    handlers: { peer: peerHandlers(replica), bridge: regionOf(replica), operator: operatorOf(replica), agent: noAgents },
    identity: policy, logger, clock: systemClock, random: systemRandom,
  });
  const isPeer = async (environment: unknown): Promise<boolean> => {
    const caller = await identify(policy, certificateOfSocket(environment), systemClock.nowMs()).catch(() => undefined);
    return caller?.role === 'peer';
  };
  const app = withLedger(services, { ledger: sqlite.ledger, isPeer, changed: (maxMs) => events.arm().wait(maxMs, stopping.signal) });
  const server = await serve({ app, host: HOST, port: config.port, tls: { cert: tls.memberCert, key: tls.memberKey, ca: [tls.authority] }, logger });

  const heard = config.ledgers.map(({ endpoint, member: name }) => {
    let onFirst: () => void = () => undefined;
    const first = new Promise<void>((resolve) => { onFirst = resolve; });
    const tlsOf = (): ClientTls => ({ cert: tls.memberCert, key: tls.memberKey, ca: tls.authority, serverName: name });
    return { first, ended: followLedger({ ledger: sqlite.ledger, endpoint, tls: tlsOf, clock: systemClock, logger, onFirst }, stopping.signal) };
  });
  // A file without state may be one that was lost: what the others know of this member's clock row tells.
  await Promise.race([Promise.all(heard.map(({ first }) => first)), systemClock.sleep(FIRST_LEDGER_WAIT_MS)]);

  const schedule = new Schedule(replica, stopping.signal);
  followSpec(replica, peers, schedule, stopping.signal);
  events.onEvent((event) => {
    if (event.kind === 'Committed') schedule.committed();
    if (event.kind === 'SpecChanged') { void loadSettings(replica).then(({ spec }) => { peers.follow(spec); schedule.changed(); }); }
  });
  sqlite.ledger.onChange((change) => {
    if (change.kind === 'clock') schedule.doorbell(change.clock);
    else void joinDelete(replica, change.delete).catch((error: unknown) => { logger.debug('delete-not-joined', { reason: String(error) }); });
  });
  schedule.start();

  const endpoint = `${HOST}:${server.port.toString()}`;
  const region = new ConnectRegion({ federationId: config.federationId, member, endpoint, tls: () => ({ cert: tls.bridgeCert, key: tls.bridgeKey, ca: tls.authority }) });
  const bridge = await startBridge(config, endpoint, { region, logger, onProblems });
  if (bridge !== undefined) await firstSpec(replica);
  logger.info('member-started', { port: server.port });

  return {
    stop: async () => {
      await bridge?.stop();
      stopping.abort();
      await server.stop(1000);
      region.close();
      peers.close();
      await Promise.all([schedule.ended(), ...heard.map(({ ended }) => ended)]);
      sqlite.close();
      logger.info('member-stopped');
    },
  };
}

/** Undefined: none of this process. */
async function startBridge(config: MemberConfig, endpoint: string, parts: MemberBridgeParts): Promise<MemberBridge | undefined> {
  switch (config.cluster.kind) {
    case 'folder': return bridgeFolder(config.cluster.folder, parts);
    case 'kubernetes': return bridgeKubernetes(config.cluster.kubeconfig, endpoint, config, parts);
    case 'bridged-elsewhere': return undefined;
  }
}

/** Ready is who can take an edit: until then a first one would wait for the bridge to introduce itself. */
async function firstSpec(replica: Replica): Promise<void> {
  const untilMs = systemClock.nowMs() + FIRST_SPEC_WAIT_MS;
  while ((await loadSettings(replica)).spec === undefined && systemClock.nowMs() < untilMs) await systemClock.sleep(FIRST_SPEC_LOOK_MS);
}

/** Keeps connections in step with the spec in force, also after a restart. */
function followSpec(replica: Replica, peers: PeerConnections, schedule: Schedule, signal: AbortSignal): void {
  let generation = -1;
  const timer = setInterval(() => {
    void loadSettings(replica).then((settings) => {
      if (settings.generation === generation) return;
      generation = settings.generation;
      peers.follow(settings.spec);
      schedule.changed();
    }).catch((error: unknown) => { replica.logger.warn('spec-unreadable', { reason: String(error) }); });
  }, SPEC_FOLLOW_MS);
  signal.addEventListener('abort', () => { clearInterval(timer); }, { once: true });
}

async function readTls({ tls }: MemberConfig): Promise<Record<'authority' | 'memberCert' | 'memberKey' | 'bridgeCert' | 'bridgeKey', string>> {
  const read = (path: string): Promise<string> => readFile(path, 'utf8');
  return { authority: await read(tls.authority), memberCert: await read(tls.memberCert), memberKey: await read(tls.memberKey), bridgeCert: await read(tls.bridgeCert), bridgeKey: await read(tls.bridgeKey) };
}
