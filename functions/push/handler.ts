import { CALLS_PEERS } from '../region/calls-peers.ts';
import { thisRegion } from '../region/this-region.ts';
import { pushHandler } from './push.ts';

export const handler = pushHandler(thisRegion(CALLS_PEERS));
