import { peerHandlers } from '../../shared/replica/peer-handlers.ts';
import { offerToPeers } from '../../shared/rpc/peer-service.ts';
import { apiHandler } from '../http/api-handler.ts';
import type { PayloadV2, PayloadV2Answer } from '../http/payload-v2.ts';
import type { LambdaHandler } from '../region/lambda.ts';
import type { OpenRegion } from '../region/open-region.ts';

/** PeerService of a region. A function of its own, so that heartbeats never wait behind bridges or agents. */
export const peerApi = (region: OpenRegion): LambdaHandler<PayloadV2, PayloadV2Answer> => apiHandler(region, [offerToPeers(peerHandlers(region.replica))]);
