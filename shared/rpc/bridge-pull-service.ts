import { BridgeServicePull } from '../../proto/gen/novaedge/federation/v1/bridge_service_codec.ts';
import type { Region } from '../ports/region.ts';
import { readBridgePullRequest, writeBridgePullResponse } from '../wire/bridge-pull.ts';
import type { Offer } from './offer.ts';
import { offer, serviceOf } from './offer.ts';

const SERVICE = serviceOf('BridgeService', { pull: BridgeServicePull });

/** BridgeService's Pull alone, for a program that does nothing else. */
export const offerPullsToBridges = (region: Pick<Region, 'pull'>): Offer => offer('bridge', SERVICE, () => ({
  async pull(request, { signal }) {
    return writeBridgePullResponse(await region.pull(readBridgePullRequest(request), signal));
  },
}));
