import { isDenied } from '../../shared/replica/deny-list.ts';
import { peersLetIn } from '../../shared/replica/policy.ts';
import { HEALTH, HEALTH_PATH, createCallServer } from '../../shared/rpc/call-server.ts';
import { certificateOfApiGateway } from '../../shared/rpc/certificate-sources.ts';
import type { Offer } from '../../shared/rpc/offer.ts';
import type { LambdaHandler } from '../region/lambda.ts';
import { deadlineOf } from '../region/lambda.ts';
import type { OpenRegion } from '../region/open-region.ts';
import type { PayloadV2, PayloadV2Answer } from './payload-v2.ts';
import { answerOf, callOf } from './payload-v2.ts';

/** Time kept for writing the answer; the gateway waits for no answer longer than the function lives. */
const MARGIN_MS = 500;

/**
 * A function behind the region's HTTP API. The gateway's domain has checked that some authority vouched for the certificate; here it is
 * verified again, for its role (DESIGN §10).
 *
 * @param beforeFirst is done once by each instance, before its first call; when it fails, the next call tries again
 */
export function apiHandler(region: OpenRegion, offers: readonly Offer[], beforeFirst: () => Promise<unknown> = () => Promise.resolve()): LambdaHandler<PayloadV2, PayloadV2Answer> {
  const { replica, secret, logger } = region;
  const { federationId, member } = replica.identity;
  const server = createCallServer({
    offers, logger, clock: replica.clock, random: replica.random, clientCertificate: certificateOfApiGateway,
    identity: { federationId, localMember: member, authorities: () => secret.current.authorities, listedMembers: () => peersLetIn(replica), isDenied: (names) => isDenied(replica, names) },
  });
  let first: Promise<unknown> | undefined;
  return async (event, context) => {
    const signal = deadlineOf(context, MARGIN_MS);
    const call = callOf(event, signal);
    if (call.path === HEALTH_PATH) return answerOf(HEALTH);
    try {
      await region.prepare(signal);
      await (first ??= beforeFirst());
    } catch (error) {
      first = undefined;
      return answerOf(server.failed(call, error));
    }
    return answerOf(await server.serve(call, { event }));
  };
}
