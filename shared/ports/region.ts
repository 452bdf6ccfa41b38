import type { ClusterId, Hash, Member, ResourceKey } from '../model/ids.ts';
import type { Filter } from '../model/federated-part.ts';
import type { Dot, VersionVector } from '../model/version-vector.ts';

/** Who speaks for a cluster: its identity and the epoch of the bridge's lease. */
export interface BridgeIdentity { readonly clusterId: ClusterId; readonly leaseEpoch: number }

/** A condition as Kubernetes writes it. */
export interface Condition { readonly type: string; readonly status: 'True' | 'False' | 'Unknown'; readonly reason: string; readonly message: string }

/** The federation object of the cluster, as it is. Undefined manifest: it was deleted, which pauses. */
export interface PutFederationRequest extends BridgeIdentity {
  readonly manifest: string | undefined;
  readonly generation: number;
  /** Fields in use that the cluster's definition lacks. */
  readonly schemaGaps: readonly string[];
}
export interface PutFederationResponse {
  readonly accepted: boolean;
  readonly member: Member;
  readonly federationId: string;
  readonly paused: boolean;
  readonly mode: 'hub-spoke' | 'mesh' | 'unified';
  readonly isHub: boolean;
  readonly filter: Filter;
  readonly conditions: readonly Condition[];
  /** The member has left, and what came from others is to go: see `Region.cleanUp`. */
  readonly cleanUp: boolean;
}

/** What a cluster should show of a resource. */
export interface Target {
  readonly key: ResourceKey;
  readonly show:
    | { readonly kind: 'live'; readonly hash: Hash; readonly content: string; readonly token: string }
    | { readonly kind: 'gone' };
  /** What the cluster should hold until then; an object that differs is an edit, to be committed first. */
  readonly before: { readonly kind: 'live'; readonly hash: Hash } | { readonly kind: 'nothing' };
}

export interface BridgePullRequest extends BridgeIdentity {
  /** Where the last pull came to; undefined goes on from the recorded applied vector. */
  readonly since: VersionVector | undefined;
  readonly limit: number;
  /** Wait this long for a change when there is none. At most MAX_PULL_WAIT_MS. */
  readonly waitMs: number;
}
export interface BridgePullResponse {
  /** For the commits that follow. */
  readonly session: string;
  /** `compacted`: list everything and compare. */
  readonly kind: 'page' | 'compacted';
  readonly targets: readonly Target[];
  readonly upTo: VersionVector;
  readonly more: boolean;
}
/** Lambda is paid by the millisecond: a wait of 20 s costs about 1 USD a day and cluster at 128 MB. */
export const MAX_PULL_WAIT_MS = 20_000;

/** One object as the cluster has it now, read when it is sent and not when it was queued. */
export interface Observation {
  readonly key: ResourceKey;
  /** Empty where a missing object's is not known any more. */
  readonly uid: string;
  /** A decimal number that only rises in the cluster; of a missing object, that of the read which found it missing. */
  readonly resourceVersion: string;
  /** The token the object carries; of a missing one, that of its last state where a watch or a record still has it. */
  readonly token: string | undefined;
  readonly state:
    | { readonly kind: 'live'; readonly content: string }
    /** Missing. `confirmed`: the list was complete and uncached, the kind is served, nothing is going, a GET said so. */
    | { readonly kind: 'gone'; readonly confirmed: boolean };
}
export interface BridgeCommitRequest extends BridgeIdentity {
  readonly session: string;
  readonly requestId: string;
  readonly observations: readonly Observation[];
}
export type RefusalReason =
  | 'Fenced' | 'Paused' | 'TooLarge' | 'NotFederated' | 'Recovering' | 'Invalid' | 'NotApplied' | 'Held' | 'SpokeReadOnly' | 'Busy' | 'Quota';
export type ObservationResult = { readonly key: ResourceKey } & (
  /** Written; `target` is what to show now, with its token. */
  | { readonly outcome: 'committed'; readonly dot: Dot; readonly target: Target | undefined }
  /** Nothing to write: an echo, equal content, or already done. */
  | { readonly outcome: 'unchanged'; readonly target: Target | undefined }
  /** Not written. The object stays as it is and is listed as an exception, except `NotApplied`: then show `target`. */
  | { readonly outcome: 'refused'; readonly reason: RefusalReason; readonly message: string; readonly target: Target | undefined });
export type BridgeCommitResponse =
  | { readonly kind: 'done'; readonly results: readonly ObservationResult[] }
  /** Pull again and send again. */
  | { readonly kind: 'session-expired' }
  /** Another bridge has the lease. */
  | { readonly kind: 'lower-epoch' };

/** A listed object without its content. */
export interface ListedObject {
  readonly key: ResourceKey;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly hash: Hash;
  readonly token: string | undefined;
}
/** A complete stretch of the cluster's objects in key order: all between `after` and `upTo`. */
export interface BridgeCompareRequest extends BridgeIdentity {
  readonly after: ResourceKey | undefined;
  /** Undefined: to the end. */
  readonly upTo: ResourceKey | undefined;
  /** Of the complete, uncached list that this is a stretch of. One below the recorded means the cluster was restored. */
  readonly listResourceVersion: string;
  readonly objects: readonly ListedObject[];
}
export interface BridgeCompareResponse {
  /** Objects to commit: send an observation of each, read anew; missing ones among them. */
  readonly send: readonly ResourceKey[];
  /** Objects to show as said. */
  readonly apply: readonly Target[];
  /** Where the region's rows were read to; go on after it with the objects that follow. Undefined: done to `upTo`. */
  readonly readTo: ResourceKey | undefined;
}

/**
 * `not-shown`: the cluster does not show what the region asked for, or nobody can tell. `not-sent`: it does, and what somebody did to
 * the object since could not be committed; its absence is a delete all the same.
 */
export type ExceptionKind = 'not-shown' | 'not-sent';
export interface ApplyException { readonly key: ResourceKey; readonly kind: ExceptionKind; readonly reason: string; readonly message: string }
export interface ReportAppliedRequest extends BridgeIdentity {
  /** All targets up to here were shown, but the exceptions. */
  readonly applied: VersionVector;
  readonly exceptions: readonly ApplyException[];
  /** Resources whose exception is over. */
  readonly cleared: readonly ResourceKey[];
  readonly listResourceVersion: string | undefined;
  /** The filter in force when it was listed. */
  readonly filterHash: string | undefined;
}

export interface ReportStatusRequest extends BridgeIdentity { readonly objects: number; readonly dirty: number; readonly version: string }
/** The status to write into the federation object, as JSON text; undefined when it has not changed since `ifNot`. */
export interface ReportStatusResponse { readonly status: string | undefined; readonly statusHash: string }

/** What became of an object that was to be removed: it is gone, or it was kept, and why. */
export interface CleanedUp { readonly key: ResourceKey; readonly kept: string | undefined }
export interface CleanUpRequest extends BridgeIdentity {
  readonly done: readonly CleanedUp[];
  /** Undefined: from the beginning. */
  readonly after: ResourceKey | undefined;
}
export interface CleanUpResponse {
  /** All of them `gone`. Once they are done, ask again from the same place; with none left, go on after `next`. */
  readonly remove: readonly Target[];
  /** Undefined: that was all. */
  readonly next: ResourceKey | undefined;
}

export type ViewAtRequest = BridgeIdentity & { readonly key: ResourceKey; readonly token: string };

/** A region, as a bridge calls it. */
export interface Region {
  putFederation(request: PutFederationRequest, signal: AbortSignal): Promise<PutFederationResponse>;
  pull(request: BridgePullRequest, signal: AbortSignal): Promise<BridgePullResponse>;
  commit(request: BridgeCommitRequest, signal: AbortSignal): Promise<BridgeCommitResponse>;
  compare(request: BridgeCompareRequest, signal: AbortSignal): Promise<BridgeCompareResponse>;
  /** What the cluster would show at a token's context; for the dry run that tells a default from an edit. */
  viewAt(request: ViewAtRequest, signal: AbortSignal): Promise<Target | undefined>;
  /** After the member has left, if it was asked for: what came from others goes. */
  cleanUp(request: CleanUpRequest, signal: AbortSignal): Promise<CleanUpResponse>;
  reportApplied(request: ReportAppliedRequest, signal: AbortSignal): Promise<void>;
  reportStatus(request: ReportStatusRequest & { readonly ifNot: string | undefined }, signal: AbortSignal): Promise<ReportStatusResponse>;
}
