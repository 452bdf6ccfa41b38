import { CALLED } from '../region/reach.ts';
import { thisRegion } from '../region/this-region.ts';
import { clusterApi } from './cluster-api.ts';

export const handler = clusterApi(thisRegion(CALLED));
