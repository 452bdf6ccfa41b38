import { lookBeforeServing } from '../../shared/replica/recover.ts';
import { regionOf } from '../../shared/replica/region.ts';
import { offerToBridges } from '../../shared/rpc/bridge-service.ts';
import { apiHandler } from '../http/api-handler.ts';
import type { PayloadV2, PayloadV2Answer } from '../http/payload-v2.ts';
import type { LambdaHandler } from '../region/lambda.ts';
import type { OpenRegion } from '../region/open-region.ts';

/** BridgeService of a region. Each instance looks whether state was lost before it takes a first commit. */
export const clusterApi = (region: OpenRegion): LambdaHandler<PayloadV2, PayloadV2Answer> =>
  apiHandler(region, [offerToBridges(regionOf(region.replica))], () => lookBeforeServing(region.replica));
