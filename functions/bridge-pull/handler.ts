import { CALLED } from '../region/reach.ts';
import { thisRegion } from '../region/this-region.ts';
import { bridgePull } from './bridge-pull.ts';

export const handler = bridgePull(thisRegion(CALLED));
