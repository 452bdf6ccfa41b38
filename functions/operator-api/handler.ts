import { CALLED } from '../region/reach.ts';
import { thisRegion } from '../region/this-region.ts';
import { operatorApi } from './operator-api.ts';

export const handler = operatorApi(thisRegion(CALLED));
