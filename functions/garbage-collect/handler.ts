import { jobHandler } from '../region/job.ts';
import { STATE_ONLY } from '../region/reach.ts';
import { thisRegion } from '../region/this-region.ts';
import { keepHouse } from './keep-house.ts';

const region = thisRegion(STATE_ONLY);
export const handler = jobHandler(region, () => keepHouse(region));
