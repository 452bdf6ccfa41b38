import { ConnectOperator, ConnectRegion } from '../../shared/adapters/connect/index.ts';
import type { ConnectPeer } from '../../shared/adapters/connect/index.ts';
import type { GlobalTable } from '../../shared/adapters/memory/index.ts';
import { MemoryStore } from '../../shared/adapters/memory/index.ts';
import type { Member } from '../../shared/model/ids.ts';
import { asTableId } from '../../shared/model/ids.ts';
import { isDenied } from '../../shared/replica/deny-list.ts';
import { operatorOf } from '../../shared/replica/operator.ts';
import { peerHandlers } from '../../shared/replica/peer-handlers.ts';
import { peersLetIn } from '../../shared/replica/policy.ts';
import { newProcessMemory } from '../../shared/replica/process-memory.ts';
import { ensureServing } from '../../shared/replica/recover.ts';
import { regionOf } from '../../shared/replica/region.ts';
import type { Replica } from '../../shared/replica/replica.ts';
import { DEFAULT_LIMITS } from '../../shared/replica/replica.ts';
import { noAgents } from '../../shared/rpc/agent-service.ts';
import { createApp } from '../../shared/rpc/app.ts';
import type { RunningServer } from '../../shared/rpc/node-server.ts';
import { serve } from '../../shared/rpc/node-server.ts';
import type { Logged, TestAuthorities } from './world.ts';
import { bridgeCertificate, caPems, clientTls, FEDERATION, memberCertificate, operatorCertificate, pinned, recordingLogger, systemClock, systemRandom } from './world.ts';

const never = new AbortController().signal;

/** A real region behind a real server, with everybody who calls it. */
export interface RunningRegion { readonly replica: Replica; readonly server: RunningServer; readonly peers: Map<Member, ConnectPeer>; readonly bridge: ConnectRegion; readonly operator: ConnectOperator; readonly events: Logged[] }

export async function startRegion(member: Member, { authorities, ledgers, hub }: { readonly authorities: TestAuthorities; readonly ledgers: GlobalTable; readonly hub?: Member }): Promise<RunningRegion> {
  const { logger, events } = recordingLogger();
  const peers = new Map<Member, ConnectPeer>();
  const ledger = ledgers.replica(member);
  const replica: Replica = {
    identity: { federationId: FEDERATION, member, hub }, limits: DEFAULT_LIMITS, store: new MemoryStore(ledger, asTableId(`table-${member}`)), ledger,
    peers: { peer: (name) => peers.get(name) }, clock: systemClock, random: systemRandom, events: { publish: () => Promise.resolve() }, wakeups: { arm: () => ({ wait: () => Promise.resolve() }) },
    logger, memory: newProcessMemory(),
  };
  const policy = pinned(authorities);
  const app = createApp({
    handlers: { peer: peerHandlers(replica), bridge: regionOf(replica), operator: operatorOf(replica), agent: noAgents }, logger, clock: systemClock, random: systemRandom,
    identity: {
      federationId: FEDERATION, localMember: member, authorities: () => policy, isDenied: (names) => isDenied(replica, names),
      listedMembers: () => peersLetIn(replica),
    },
  });
  const own = await memberCertificate(authorities.peer, member);
  const server = await serve({ app, host: '127.0.0.1', port: 0, tls: { cert: own.certificatePem, key: own.privateKeyPem, ca: caPems(authorities) }, logger });
  const endpoint = `127.0.0.1:${server.port.toString()}`;
  const bridgeTls = clientTls(await bridgeCertificate(authorities.bridge, member), authorities);
  const adminTls = clientTls(await operatorCertificate(authorities.operator, 'admin'), authorities);
  await ensureServing(replica, never);
  return {
    replica, server, peers, events,
    bridge: new ConnectRegion({ federationId: FEDERATION, member, endpoint, tls: () => bridgeTls }),
    operator: new ConnectOperator({ federationId: FEDERATION, member, endpoint, tls: () => adminTls }),
  };
}

/** Ends what one region has open. */
export async function stopRegion({ peers, bridge, operator, server }: RunningRegion): Promise<void> {
  for (const peer of peers.values()) peer.close();
  bridge.close();
  operator.close();
  await server.stop(100);
}
