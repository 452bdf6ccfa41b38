import { BridgeService } from '../../proto/gen/novaedge/federation/v1/bridge_service_codec.ts';
import type { Region } from '../ports/region.ts';
import { readCleanUpRequest, writeCleanUpResponse } from '../wire/bridge-clean-up.ts';
import { readCommitRequest, writeCommitResponse } from '../wire/bridge-commit.ts';
import { readBridgeCompareRequest, readViewAtRequest, writeBridgeCompareResponse, writeViewAtResponse } from '../wire/bridge-compare.ts';
import { readPutFederationRequest, readReportStatusRequest, writePutFederationResponse, writeReportStatusResponse } from '../wire/bridge-federation.ts';
import { readBridgePullRequest, readReportAppliedRequest, writeBridgePullResponse } from '../wire/bridge-pull.ts';
import type { Methods, Offer } from './offer.ts';
import { offer } from './offer.ts';

/** BridgeService over a region. Which bridge may call is decided before. */
export const bridgeService = (region: Region): Methods<typeof BridgeService> => ({
  async putFederation(request, { signal }) {
    return writePutFederationResponse(await region.putFederation(readPutFederationRequest(request), signal));
  },
  async commit(request, { signal }) {
    return writeCommitResponse(await region.commit(readCommitRequest(request), signal));
  },
  async pull(request, { signal }) {
    return writeBridgePullResponse(await region.pull(readBridgePullRequest(request), signal));
  },
  async compare(request, { signal }) {
    return writeBridgeCompareResponse(await region.compare(readBridgeCompareRequest(request), signal));
  },
  async viewAt(request, { signal }) {
    return writeViewAtResponse(await region.viewAt(readViewAtRequest(request), signal));
  },
  async reportApplied(request, { signal }) {
    await region.reportApplied(readReportAppliedRequest(request), signal);
    return {};
  },
  async reportStatus(request, { signal }) {
    return writeReportStatusResponse(await region.reportStatus(readReportStatusRequest(request), signal));
  },
  async cleanUp(request, { signal }) {
    return writeCleanUpResponse(await region.cleanUp(readCleanUpRequest(request), signal));
  },
});

/** BridgeService, for bridges. */
export const offerToBridges = (region: Region): Offer => offer('bridge', BridgeService, () => bridgeService(region));
