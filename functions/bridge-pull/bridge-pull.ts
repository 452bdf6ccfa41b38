import { pullTargets } from '../../shared/replica/cluster-pull.ts';
import { lookBeforeServing } from '../../shared/replica/recover.ts';
import { offerPullsToBridges } from '../../shared/rpc/bridge-pull-service.ts';
import { apiHandler } from '../http/api-handler.ts';
import type { PayloadV2, PayloadV2Answer } from '../http/payload-v2.ts';
import type { LambdaHandler } from '../region/lambda.ts';
import type { OpenRegion } from '../region/open-region.ts';

/**
 * BridgeService's Pull, in a function of its own: one always waits, and waiting is paid for by memory. Each instance looks first whether
 * state was lost: rows of a backup would be shown to the cluster as what is newest.
 */
export const bridgePull = (region: OpenRegion): LambdaHandler<PayloadV2, PayloadV2Answer> =>
  apiHandler(region, [offerPullsToBridges({ pull: (request, signal) => pullTargets(region.replica, request, signal) })], () => lookBeforeServing(region.replica));
