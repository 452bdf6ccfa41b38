import { STATE_ONLY } from '../region/reach.ts';
import { thisRegion } from '../region/this-region.ts';
import { tickHandler } from './tick.ts';

export const handler = tickHandler(thisRegion(STATE_ONLY));
