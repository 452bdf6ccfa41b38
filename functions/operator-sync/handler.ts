import { CALLS_PEERS } from '../region/calls-peers.ts';
import { thisRegion } from '../region/this-region.ts';
import { operatorSync } from './operator-sync.ts';

export const handler = operatorSync(thisRegion(CALLS_PEERS));
