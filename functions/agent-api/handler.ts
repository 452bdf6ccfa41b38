import { CALLED } from '../region/reach.ts';
import { thisRegion } from '../region/this-region.ts';
import { agentApi } from './agent-api.ts';

export const handler = agentApi(thisRegion(CALLED));
