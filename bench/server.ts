import { asMember } from '../shared/model/ids.ts';
import type { Member } from '../shared/model/ids.ts';
import { systemClock, systemRandom } from '../shared/adapters/system/index.ts';
import type { Logger } from '../shared/ports/logger.ts';
import type { Handlers } from '../shared/rpc/app.ts';
import { createApp } from '../shared/rpc/app.ts';
import { readOneAuthority } from '../shared/rpc/authorities.ts';
import type { IdentityPolicy } from '../shared/rpc/identity.ts';
import type { RunningServer, ServeOptions } from '../shared/rpc/node-server.ts';
import { serve } from '../shared/rpc/node-server.ts';
import type { MemberTls } from './pair.ts';
import { FEDERATION, HOST, ORIGIN, OTHER } from './pair.ts';
import { benchLogger } from './replica.ts';

/** Who may call: the two members of the bench. */
export function policyOf(member: Member, tls: MemberTls): IdentityPolicy {
  const authorities = readOneAuthority(tls.authority);
  const others = new Set([ORIGIN, OTHER].filter((other) => other !== member));
  return { federationId: FEDERATION, localMember: asMember(member), authorities: () => authorities, listedMembers: () => Promise.resolve(others), isDenied: () => Promise.resolve(false) };
}

/** The services as a member has them: HTTPS with mutual TLS, identity, authorization, limits. */
export const benchApp = (member: Member, tls: MemberTls, handlers: Handlers, logger: Logger = benchLogger): ReturnType<typeof createApp> =>
  createApp({ handlers, identity: policyOf(member, tls), logger, clock: systemClock, random: systemRandom });

/** Serves an app on a free port. */
export const benchServer = (app: ServeOptions['app'], { cert, key, authority }: MemberTls): Promise<RunningServer> =>
  serve({ app, host: HOST, port: 0, tls: { cert, key, ca: [authority] }, logger: benchLogger });
