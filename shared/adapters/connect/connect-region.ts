import { BridgeService } from '../../../proto/gen/novaedge/federation/v1/bridge_service_codec.ts';
import type { Member } from '../../model/ids.ts';
import type {
  BridgeCommitRequest, BridgeCommitResponse, BridgeCompareRequest, BridgeCompareResponse, BridgePullRequest, BridgePullResponse, CleanUpRequest, CleanUpResponse, PutFederationRequest, PutFederationResponse, Region,
  ReportAppliedRequest, ReportStatusRequest, ReportStatusResponse, Target,
} from '../../ports/region.ts';
import { readCleanUpResponse, writeCleanUpRequest } from '../../wire/bridge-clean-up.ts';
import { readCommitResponse, writeCommitRequest } from '../../wire/bridge-commit.ts';
import type { ViewAtRequest } from '../../wire/bridge-compare.ts';
import { readBridgeCompareResponse, readViewAtResponse, writeBridgeCompareRequest, writeViewAtRequest } from '../../wire/bridge-compare.ts';
import { readPutFederationResponse, readReportStatusResponse, writePutFederationRequest, writeReportStatusRequest } from '../../wire/bridge-federation.ts';
import { readBridgePullResponse, writeBridgePullRequest, writeReportAppliedRequest } from '../../wire/bridge-pull.ts';
import { callServer } from './call.ts';
import type { ClientTls } from './connection.ts';
import { Connection } from './connection.ts';
import type { CallOptions, ClientOf } from './unary-client.ts';

export interface ConnectRegionOptions {
  readonly federationId: string;
  /** The member that the region is to be of; undefined believes its host's name. */
  readonly member: Member | undefined;
  readonly endpoint: string;
  readonly tls: () => ClientTls;
  readonly compression?: boolean;
  /** Default 30 s; a pull that waits has its wait on top. */
  readonly callTimeoutMs?: number;
}

const CALL_TIMEOUT_MS = 30_000;

/** The region of a bridge's own member over Connect. */
export class ConnectRegion implements Region {
  readonly #connection: Connection;
  readonly #endpoint: string;
  readonly #callTimeoutMs: number;

  /** @throws RangeError for an endpoint that is none */
  constructor({ federationId, member, endpoint, tls, compression, callTimeoutMs = CALL_TIMEOUT_MS }: ConnectRegionOptions) {
    this.#connection = new Connection({ endpoint, tls, compression, expected: { federationId, member } });
    this.#endpoint = endpoint;
    this.#callTimeoutMs = callTimeoutMs;
  }

  putFederation(request: PutFederationRequest, signal: AbortSignal): Promise<PutFederationResponse> {
    return this.#call(signal, async (client, options) => readPutFederationResponse(await client.putFederation(writePutFederationRequest(request), options)));
  }

  pull(request: BridgePullRequest, signal: AbortSignal): Promise<BridgePullResponse> {
    return this.#call(signal, async (client, options) => readBridgePullResponse(await client.pull(writeBridgePullRequest(request), options)), this.#callTimeoutMs + request.waitMs);
  }

  commit(request: BridgeCommitRequest, signal: AbortSignal): Promise<BridgeCommitResponse> {
    return this.#call(signal, async (client, options) => readCommitResponse(await client.commit(writeCommitRequest(request), options)));
  }

  compare(request: BridgeCompareRequest, signal: AbortSignal): Promise<BridgeCompareResponse> {
    return this.#call(signal, async (client, options) => readBridgeCompareResponse(await client.compare(writeBridgeCompareRequest(request), options)));
  }

  viewAt(request: ViewAtRequest, signal: AbortSignal): Promise<Target | undefined> {
    return this.#call(signal, async (client, options) => readViewAtResponse(await client.viewAt(writeViewAtRequest(request), options)));
  }

  cleanUp(request: CleanUpRequest, signal: AbortSignal): Promise<CleanUpResponse> {
    return this.#call(signal, async (client, options) => readCleanUpResponse(await client.cleanUp(writeCleanUpRequest(request), options)));
  }

  reportApplied(request: ReportAppliedRequest, signal: AbortSignal): Promise<void> {
    return this.#call(signal, async (client, options) => { await client.reportApplied(writeReportAppliedRequest(request), options); });
  }

  reportStatus(request: ReportStatusRequest & { readonly ifNot: string | undefined }, signal: AbortSignal): Promise<ReportStatusResponse> {
    return this.#call(signal, async (client, options) => readReportStatusResponse(await client.reportStatus(writeReportStatusRequest(request), options)));
  }

  /** Ends its connections. */
  close(): void {
    this.#connection.close();
  }

  #call<T>(signal: AbortSignal, work: (client: ClientOf<typeof BridgeService>, options: CallOptions) => Promise<T>, timeoutMs = this.#callTimeoutMs): Promise<T> {
    return callServer(this.#endpoint, timeoutMs, signal, (options) => work(this.#connection.client(BridgeService), options));
  }
}
