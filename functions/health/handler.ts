import { CALLS_PEERS } from '../region/calls-peers.ts';
import { jobHandler } from '../region/job.ts';
import { thisRegion } from '../region/this-region.ts';
import { beatAll } from './beat-all.ts';

const region = thisRegion(CALLS_PEERS);
export const handler = jobHandler(region, (signal) => beatAll(region, signal));
