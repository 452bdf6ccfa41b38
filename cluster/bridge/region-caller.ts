import type { Clock } from '../../shared/ports/clock.ts';
import type {
  BridgeCommitRequest, BridgeCommitResponse, BridgeCompareRequest, BridgeCompareResponse, BridgeIdentity, BridgePullRequest, BridgePullResponse, CleanUpRequest, CleanUpResponse,
  PutFederationRequest, PutFederationResponse, Region, ReportAppliedRequest, ReportStatusRequest, ReportStatusResponse, Target,
} from '../../shared/ports/region.ts';
import { ReplicaError } from '../../shared/ports/errors.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { withDeadline } from '../../shared/replica/deadline.ts';
import { CALL_TIMEOUT_MS, PULL_GRACE_MS } from './limits.ts';

/** The region does not answer, or not now: everything is tried again later. */
export class RegionUnavailableError extends Error { override readonly name = 'RegionUnavailableError' }

/** Another bridge has the lease: this one must stop. */
export class LowerEpochError extends Error { override readonly name = 'LowerEpochError' }

type WithoutIdentity<Request> = Omit<Request, keyof BridgeIdentity>;

/** The region with a time limit on every call, called in the name of one cluster. */
export class RegionCaller {
  readonly #region: Region;
  readonly #clock: Clock;
  readonly identity: BridgeIdentity;

  constructor(region: Region, clock: Clock, identity: BridgeIdentity) {
    this.#region = region;
    this.#clock = clock;
    this.identity = identity;
  }

  putFederation(request: WithoutIdentity<PutFederationRequest>, signal: AbortSignal): Promise<PutFederationResponse> {
    return this.#call('putFederation', CALL_TIMEOUT_MS, signal, (inner) => this.#region.putFederation({ ...request, ...this.identity }, inner));
  }
  pull(request: WithoutIdentity<BridgePullRequest>, signal: AbortSignal): Promise<BridgePullResponse> {
    return this.#call('pull', request.waitMs + PULL_GRACE_MS, signal, (inner) => this.#region.pull({ ...request, ...this.identity }, inner));
  }
  commit(request: WithoutIdentity<BridgeCommitRequest>, signal: AbortSignal): Promise<BridgeCommitResponse> {
    return this.#call('commit', CALL_TIMEOUT_MS, signal, (inner) => this.#region.commit({ ...request, ...this.identity }, inner));
  }
  compare(request: WithoutIdentity<BridgeCompareRequest>, signal: AbortSignal): Promise<BridgeCompareResponse> {
    return this.#call('compare', CALL_TIMEOUT_MS, signal, (inner) => this.#region.compare({ ...request, ...this.identity }, inner));
  }
  viewAt(key: ResourceKey, token: string, signal: AbortSignal): Promise<Target | undefined> {
    return this.#call('viewAt', CALL_TIMEOUT_MS, signal, (inner) => this.#region.viewAt({ key, token, ...this.identity }, inner));
  }
  cleanUp(request: WithoutIdentity<CleanUpRequest>, signal: AbortSignal): Promise<CleanUpResponse> {
    return this.#call('cleanUp', CALL_TIMEOUT_MS, signal, (inner) => this.#region.cleanUp({ ...request, ...this.identity }, inner));
  }
  reportApplied(request: WithoutIdentity<ReportAppliedRequest>, signal: AbortSignal): Promise<void> {
    return this.#call('reportApplied', CALL_TIMEOUT_MS, signal, (inner) => this.#region.reportApplied({ ...request, ...this.identity }, inner));
  }
  reportStatus(request: WithoutIdentity<ReportStatusRequest> & { readonly ifNot: string | undefined }, signal: AbortSignal): Promise<ReportStatusResponse> {
    return this.#call('reportStatus', CALL_TIMEOUT_MS, signal, (inner) => this.#region.reportStatus({ ...request, ...this.identity }, inner));
  }

  async #call<T>(what: string, limitMs: number, signal: AbortSignal, call: (inner: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await withDeadline(this.#clock, limitMs, signal, what, call);
    } catch (cause) {
      signal.throwIfAborted();
      // The answer of a report has no place for it.
      if (what === 'reportApplied' && cause instanceof ReplicaError && cause.code === 'refused') throw new LowerEpochError(cause.message, { cause });
      throw new RegionUnavailableError(`${what} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
}
