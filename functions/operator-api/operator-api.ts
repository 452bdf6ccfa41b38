import { ownOperatorOf } from '../../shared/replica/operator.ts';
import { lookBeforeServing } from '../../shared/replica/recover.ts';
import { offerToOperators } from '../../shared/rpc/operator-service.ts';
import { RegionDeadLetters } from '../dead-letters/region-dead-letters.ts';
import { apiHandler } from '../http/api-handler.ts';
import type { PayloadV2, PayloadV2Answer } from '../http/payload-v2.ts';
import type { LambdaHandler } from '../region/lambda.ts';
import type { OpenRegion } from '../region/open-region.ts';

/** OperatorService of a region, but for what it does with its peers. Operators commit too: each instance looks first whether state was lost. */
export const operatorApi = (region: OpenRegion): LambdaHandler<PayloadV2, PayloadV2Answer> =>
  apiHandler(region, [offerToOperators(ownOperatorOf(region.replica, new RegionDeadLetters(region)))], () => lookBeforeServing(region.replica));
