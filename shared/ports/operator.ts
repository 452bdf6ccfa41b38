import type { Member, ResourceKey } from '../model/ids.ts';
import type { Direction } from '../model/mass-delete.ts';
import type { Strategy } from '../model/view.ts';
import type { DeadLetterList, DiscardOutcome, Replay, ReplayOutcome } from './dead-letters.ts';
import type { Condition } from './region.ts';

export type Phase = 'Initializing' | 'Syncing' | 'Healthy' | 'Degraded' | 'Partitioned' | 'Left';

/** A member as the local one sees it. Times are milliseconds since 1970. */
export interface MemberStatus {
  readonly name: Member;
  readonly region: string;
  readonly endpoint: string;
  readonly isLocal: boolean;
  readonly healthy: boolean;
  readonly error: string | undefined;
  readonly lastSeenMs: number | undefined;
  readonly lastSyncMs: number | undefined;
  /** How far behind: the age of the oldest change of theirs that is not here, as last heard. */
  readonly syncLagMs: number | undefined;
  readonly agents: number;
  readonly vectorClock: Readonly<Record<string, number>>;
}

export interface FederationStatus {
  readonly federationId: string;
  readonly localMember: Member;
  readonly phase: Phase;
  readonly mode: string;
  readonly strategy: Strategy;
  readonly members: readonly MemberStatus[];
  readonly conflictsPending: number;
  readonly resources: number;
  readonly exceptions: readonly { readonly key: ResourceKey; readonly reason: string; readonly message: string }[];
  readonly conditions: readonly Condition[];
  /** What waits for a person. */
  readonly holds: readonly Hold[];
  readonly merkleRoot: string;
  readonly localVectorClock: Readonly<Record<string, number>>;
  readonly writesFenced: boolean;
  readonly recovering: boolean;
  readonly lastSyncMs: number | undefined;
  readonly observedGeneration: number;
}

/** Many deletes at once that go on only when a person says so. */
export interface Hold {
  readonly id: string;
  readonly reason: string;
  readonly message: string;
  /** From the local cluster to the federation, or from the federation to the local cluster. */
  readonly direction: Direction;
  readonly sinceMs: number;
  readonly resources: number;
  /** Some of them. */
  readonly examples: readonly ResourceKey[];
}

/** One version of a resource as people read it. */
export interface VersionInfo {
  /** `v<ordinal of the incarnation>.<counter>` */
  readonly version: string;
  readonly member: Member;
  readonly isLocal: boolean;
  readonly writtenAtMs: number;
  readonly origin: string;
  readonly deleted: boolean;
  readonly hash: string | undefined;
  /** The manifest; Secrets and ConfigMaps redacted. */
  readonly manifest: string | undefined;
}
/** Members number their versions each by themselves, so a version is named by both. */
export type VersionName = Pick<VersionInfo, 'version' | 'member'>;
export interface ConflictInfo {
  readonly key: ResourceKey;
  readonly status: 'pending' | 'decided';
  readonly strategy: Strategy;
  readonly detectedAtMs: number;
  readonly overlapping: readonly string[];
  readonly versions: readonly VersionInfo[];
  /** Undefined where the view is a merge of several versions. */
  readonly winner: VersionName | undefined;
  /** Why the losing versions lost, in a sentence. */
  readonly why: string;
}

export interface ResourceInfo {
  readonly key: ResourceKey;
  readonly manifest: string;
  readonly hash: string;
  readonly versions: readonly VersionInfo[];
  readonly conflict: 'pending' | 'decided' | undefined;
}
/** Somebody whom the region lets in no more; `entry` as in `model/deny-entry.ts`. */
export interface DeniedInfo { readonly entry: string; readonly reason: string; readonly sinceMs: number }
export interface HistoryEntry { readonly version: string; readonly member: Member; readonly committedAtMs: number | undefined; readonly what: 'written' | 'deleted' | 'superseded' | 'touched' }

export interface LeaveRequest {
  /** The local member's name. Undefined: only say what would be done. */
  readonly confirm: string | undefined;
  /** Leave whatever stands against it. */
  readonly force: boolean;
  /** Take what came from others out of the local cluster. */
  readonly cleanUp: boolean;
}
/** Why leaving now would lose or miss something. */
export interface LeaveObstacle {
  readonly reason: 'NotHeard' | 'Recovering' | 'NotLevel' | 'NotSent' | 'IsHub';
  /** The other member that it is about, where it is about one. */
  readonly member?: Member;
  readonly message: string;
}
export interface LeaveAnswer {
  /** Whether the member has left, now or before. */
  readonly left: boolean;
  /** Of a member that was made to leave: what it went over. */
  readonly obstacles: readonly LeaveObstacle[];
  readonly cleanUp: 'not-asked' | 'asked' | 'done';
  /** Objects in the cluster that came from others and are there still: what a clean-up removes. */
  readonly fromOthers: number;
  /** The first of them. */
  readonly examples: readonly ResourceKey[];
  /** Objects that stay in the cluster. */
  readonly own: number;
}

/** What a person or a script may ask of a region. Errors are `ReplicaError`s. */
export interface Operator {
  status(): Promise<FederationStatus>;
  get(key: ResourceKey): Promise<ResourceInfo | undefined>;
  list(filter: { readonly kind: string | undefined; readonly namespace: string | undefined }, after: ResourceKey | undefined, limit: number): Promise<{ readonly resources: readonly ResourceInfo[]; readonly next: ResourceKey | undefined }>;
  apply(manifest: string, requestId: string): Promise<{ readonly key: ResourceKey; readonly version: string; readonly outcome: 'created' | 'configured' | 'unchanged' }>;
  delete(key: ResourceKey, requestId: string): Promise<'deleted' | 'not-found'>;
  conflicts(all: boolean): Promise<readonly ConflictInfo[]>;
  conflict(key: ResourceKey): Promise<ConflictInfo | undefined>;
  /** `keep`: `local`, `remote` or a member's name. */
  resolve(key: ResourceKey, keep: string, requestId: string): Promise<{ readonly version: string }>;
  /** `reason`: why it failed, was put off or stopped early. */
  syncNow(peer: Member | undefined, signal: AbortSignal): Promise<readonly { readonly peer: Member; readonly outcome: string; readonly changes: number; readonly reason: string | undefined }[]>;
  /** Anti-entropy with one or all peers, now. */
  reconcile(peer: Member | undefined, signal: AbortSignal): Promise<readonly { readonly peer: Member; readonly outcome: string; readonly repaired: number; readonly reason: string | undefined }[]>;
  history(key: ResourceKey): Promise<readonly HistoryEntry[]>;
  /** Lets the deletes of a hold go on. Returns how many. */
  approve(hold: string, requestId: string): Promise<{ readonly resources: number }>;
  /** Drops the deletes of a hold: up, the objects come back in the local cluster; down, in the whole federation. */
  reject(hold: string, reason: string, requestId: string): Promise<{ readonly resources: number }>;
  /** Takes the local member out of the federation, for good. */
  leave(request: LeaveRequest): Promise<LeaveAnswer>;
  /** Whom this region lets in no more. */
  denied(): Promise<readonly DeniedInfo[]>;
  /** `entry`: a name, a serial number or a fingerprint. In force from the next call on. */
  deny(entry: string, reason: string): Promise<DeniedInfo>;
  undeny(entry: string): Promise<'removed' | 'not-found'>;
  /** What the region's functions gave up, of one function (`source`) or all. */
  deadLetters(source: string | undefined, signal: AbortSignal): Promise<DeadLetterList>;
  /** Tries dead letters again. */
  replayDeadLetters(which: Replay, requestId: string, signal: AbortSignal): Promise<ReplayOutcome>;
  /** Throws dead letters away. */
  discardDeadLetters(ids: readonly string[], requestId: string, signal: AbortSignal): Promise<DiscardOutcome>;
}
