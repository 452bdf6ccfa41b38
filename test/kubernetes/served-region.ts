import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { issueMemberCertificate } from '../../shared/adapters/certificates/index.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import { silentLogger } from '../../shared/ports/logger.ts';
import { operatorOf } from '../../shared/replica/operator.ts';
import { peerHandlers } from '../../shared/replica/peer-handlers.ts';
import { noAgents } from '../../shared/rpc/agent-service.ts';
import { createApp } from '../../shared/rpc/app.ts';
import { readOneAuthority } from '../../shared/rpc/authorities.ts';
import type { RunningServer } from '../../shared/rpc/node-server.ts';
import { serve } from '../../shared/rpc/node-server.ts';
import type { TestMember } from '../../cluster/bridge/test-federation.ts';

/** A member's region behind its real API: mutual TLS, identities, limits. */
export async function serveRegion(member: TestMember, authority: KeyedCertificate): Promise<RunningServer> {
  const { federationId } = member.replica.identity;
  const certificate = await issueMemberCertificate(authority, { federationId, member: asMember(member.name), hosts: ['127.0.0.1'] }, { nowMs: Date.now() });
  const authorities = readOneAuthority(authority.certificatePem);
  const app = createApp({
    handlers: { peer: peerHandlers(member.replica), bridge: member.region, operator: operatorOf(member.replica), agent: noAgents },
    identity: { federationId, localMember: asMember(member.name), authorities: () => authorities, listedMembers: async () => new Set(), isDenied: async () => false },
    logger: silentLogger, clock: systemClock, random: systemRandom,
  });
  return serve({ app, host: '127.0.0.1', port: 0, tls: { cert: certificate.certificatePem, key: certificate.privateKeyPem, ca: [authority.certificatePem] }, logger: silentLogger });
}
