import { noAgents, offerToAgents } from '../../shared/rpc/agent-service.ts';
import { apiHandler } from '../http/api-handler.ts';
import type { PayloadV2, PayloadV2Answer } from '../http/payload-v2.ts';
import type { LambdaHandler } from '../region/lambda.ts';
import type { OpenRegion } from '../region/open-region.ts';

/** AgentService of a region. */
export const agentApi = (region: OpenRegion): LambdaHandler<PayloadV2, PayloadV2Answer> => apiHandler(region, [offerToAgents(noAgents)]);
