import { CALLS_PEERS } from '../region/calls-peers.ts';
import { jobHandler } from '../region/job.ts';
import { thisRegion } from '../region/this-region.ts';
import { compareWithPeers } from './compare-with-peers.ts';

const region = thisRegion(CALLS_PEERS);
export const handler = jobHandler(region, (signal) => compareWithPeers(region, signal));
