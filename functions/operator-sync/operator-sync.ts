import { operatorExchangeOf } from '../../shared/replica/operator-exchange.ts';
import { lookBeforeServing } from '../../shared/replica/recover.ts';
import { offerExchangeToOperators } from '../../shared/rpc/operator-exchange-service.ts';
import { apiHandler } from '../http/api-handler.ts';
import type { PayloadV2, PayloadV2Answer } from '../http/payload-v2.ts';
import type { LambdaHandler } from '../region/lambda.ts';
import type { OpenRegion } from '../region/open-region.ts';

/** OperatorService's SyncNow and Reconcile: what of it calls peers, and brings along what that takes. */
export const operatorSync = (region: OpenRegion): LambdaHandler<PayloadV2, PayloadV2Answer> =>
  apiHandler(region, [offerExchangeToOperators(operatorExchangeOf(region.replica))], () => lookBeforeServing(region.replica));
