import { CALLS_PEERS } from '../region/calls-peers.ts';
import { thisRegion } from '../region/this-region.ts';
import { doorbellHandler } from './doorbell.ts';

export const handler = doorbellHandler(thisRegion(CALLS_PEERS));
