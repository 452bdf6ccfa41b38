import { CALLS_PEERS } from '../region/calls-peers.ts';
import { thisRegion } from '../region/this-region.ts';
import { peerApi } from './peer-api.ts';

export const handler = peerApi(thisRegion(CALLS_PEERS));
