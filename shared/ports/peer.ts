import type { ClockRow } from '../model/clock-row.ts';
import type { Hash, Member, ResourceKey } from '../model/ids.ts';
import type { LogSegment } from '../model/log.ts';
import type { EntryCheck } from '../model/merkle.ts';
import type { Answer } from '../model/row.ts';
import type { SharedSettings } from '../model/shared-settings.ts';
import type { VersionVector } from '../model/version-vector.ts';

export interface KeyedAnswer { readonly key: ResourceKey; readonly answer: Answer }

/** What changed since a vector: segments that join up, with the current rows of what they touch. */
export interface Page {
  readonly kind: 'page';
  readonly from: Member;
  readonly since: VersionVector;
  readonly upTo: VersionVector;
  readonly segments: readonly LogSegment[];
  readonly answers: readonly KeyedAnswer[];
  readonly more: boolean;
}
/** The follower is older than the log: it must resynchronize. */
export interface Compacted { readonly kind: 'compacted'; readonly seen: VersionVector; readonly floors: VersionVector }

export interface PullRequest {
  readonly since: VersionVector;
  readonly limit: number;
  /** How old "nothing new" may be, for who knows of nothing in particular; left out: it is looked now. At most a second counts. */
  readonly maxAgeMs?: number;
}

/** Rows sent without being asked. With segments they are a page of the log; without, a repair. */
export type PushRequest =
  | { readonly kind: 'page'; readonly page: Page }
  | { readonly kind: 'repair'; readonly from: Member; readonly answers: readonly KeyedAnswer[] };
export type PushResult =
  | { readonly kind: 'applied'; readonly seen: VersionVector }
  /** The page starts beyond what the receiver has: it will pull. */
  | { readonly kind: 'gap'; readonly seen: VersionVector }
  /** The receiver cannot take it now (unknown incarnation, recovering); it will pull later. */
  | { readonly kind: 'deferred'; readonly reason: string };

/** What members tell each other at every health interval, both ways in one exchange. */
export interface Heartbeat {
  readonly federationId: string;
  readonly member: Member;
  readonly clock: ClockRow;
  /** Everything the sender has seen, its own writes included. */
  readonly seen: VersionVector;
  /** The settings this member's federation object asks for; undefined before its first spec. */
  readonly asks: SharedSettings | undefined;
  /** When the sender sent it, by its clock. */
  readonly sentAtMs: number;
  readonly agents: number;
  /** Members the sender reaches, for telling a partial partition. */
  readonly reaches: readonly Member[];
  /** The hub's spec on its way to the spokes, as JSON text. */
  readonly hubSpec: string | undefined;
}

/** A child of the root that differs, with the asker's digests of its children. */
export interface AskedNode { readonly index: number; readonly children: Uint8Array }
/** The children of an asked node that differ, by their number within it, each with the digests of its own children. */
export type AnsweredNode = ReadonlyMap<number, Uint8Array>;

/**
 * A comparison's steps; each message says a level and the answer goes one further, so that three calls reach the entries. The first
 * is 64 bytes at most: a hash of the sender's vector with its root.
 */
export type CompareRequest =
  | { readonly kind: 'summary'; readonly summary: string }
  | { readonly kind: 'nodes'; readonly nodes: readonly AskedNode[] }
  | { readonly kind: 'buckets'; readonly buckets: readonly number[] };
export type CompareResponse =
  | { readonly kind: 'same' }
  /** Vectors or roots differ. `top`: the digests of the root's children, whose hash the root is. */
  | { readonly kind: 'different'; readonly seen: VersionVector; readonly vector: VersionVector; readonly top: Uint8Array }
  /** For each asked node, in order. */
  | { readonly kind: 'nodes'; readonly nodes: readonly AnsweredNode[] }
  /** For each asked bucket, in order, as many as fit into an answer and at least one. */
  | { readonly kind: 'buckets'; readonly entries: readonly (readonly EntryCheck[])[] };

/** Rows by key, or by the name they have in the index where the asker does not know the key. */
export interface FetchRowsRequest {
  readonly keys: readonly ResourceKey[];
  readonly keyHashes: readonly string[];
  /**
   * Instead of keys: rows that the Merkle index does not show, from this key on (resynchronization). These are rows of deletes only, and
   * rows of a page that was not taken to its end, which stand ahead of what the asked member has seen.
   */
  readonly unindexed: { readonly after: ResourceKey | undefined } | undefined;
}
export interface FetchRowsResponse {
  readonly answers: readonly KeyedAnswer[];
  /** Keys asked for that did not fit; ask again. For `unindexed`: where to go on. */
  readonly rest: readonly ResourceKey[];
}
export interface FetchContentsRequest { readonly wanted: readonly { readonly key: ResourceKey; readonly hash: Hash }[] }
export interface FetchContentsResponse { readonly contents: ReadonlyMap<Hash, string> }

/** Another member, as this one calls it. Every call has a timeout and passes on the signal. */
export interface Peer {
  readonly member: Member;
  pull(request: PullRequest, signal: AbortSignal): Promise<Page | Compacted>;
  push(request: PushRequest, signal: AbortSignal): Promise<PushResult>;
  heartbeat(beat: Heartbeat, signal: AbortSignal): Promise<Heartbeat>;
  compareDigests(request: CompareRequest, signal: AbortSignal): Promise<CompareResponse>;
  fetchRows(request: FetchRowsRequest, signal: AbortSignal): Promise<FetchRowsResponse>;
  fetchContents(request: FetchContentsRequest, signal: AbortSignal): Promise<FetchContentsResponse>;
}

/** The members that the spec in force lists, as peers to call. */
export interface Peers {
  /** Undefined for a member this program does not know how to reach. */
  peer(member: Member): Peer | undefined;
}

/** A page may be this long on the wire before compression; what does not fit is left for the next. */
export const MAX_PAGE_BYTES = 1024 * 1024;
/** Buckets in one comparison request; fewer are answered where their entries do not fit. */
export const MAX_COMPARE_BUCKETS = 1024;
