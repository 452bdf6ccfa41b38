import { CALLS_PEERS } from '../region/calls-peers.ts';
import { thisRegion } from '../region/this-region.ts';
import { clusterApi } from './cluster-api.ts';

export const handler = clusterApi(thisRegion(CALLS_PEERS));
