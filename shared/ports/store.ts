import type { ClockRow } from '../model/clock-row.ts';
import type { Json } from '../model/content.ts';
import type { Hash, Incarnation, LocalLog, LogName, ResourceKey, TableId } from '../model/ids.ts';
import type { LogSegment } from '../model/log.ts';
import type { Entry } from '../model/merkle.ts';
import type { HeldRow } from '../model/row.ts';
import type { Stamp } from '../model/stamp.ts';
import type { VersionVector } from '../model/version-vector.ts';

/** A commit writes at most this many rows: DynamoDB's 100 items a transaction, less segment, clock row and fence check. */
export const MAX_COMMIT_ROWS = 97;
/** An `advance` writes at most this many segments (the same 100, less the `seen` item and a reserve). */
export const MAX_ADVANCE_SEGMENTS = 90;
/** An update of the index writes at most this many buckets. */
export const MAX_INDEX_BUCKETS = 90;
/** A row, stored and compressed, may be this long; DynamoDB's limit for an item is 400 KB. */
export const MAX_ROW_BYTES = 380 * 1024;
/** A resource's content, compressed, may be this long (DESIGN §8). */
export const MAX_CONTENT_BYTES = 350 * 1024;
/** All rows of one transaction together; DynamoDB's limit is 4 MB. */
export const MAX_COMMIT_BYTES = 3.5 * 1024 * 1024;

/** How far this region is: the others' logs, the greatest stamp taken from them, and from where each log is kept. */
export interface Seen {
  readonly others: VersionVector<Incarnation>;
  readonly maxStamp: Stamp;
  /** A log's segments up to and including this counter are gone. */
  readonly floors: VersionVector;
}

/** The region's own log of off-log changes and how far it is. */
export interface LocalHead { readonly log: LocalLog; readonly head: number }

/** Everything about a region but its rows. `clock` is undefined until the first incarnation was started. */
export interface RegionState {
  /** As `Store.tableId`: where it is not the clock row's, the rows were restored and say nothing of what was seen. */
  readonly tableId: TableId;
  readonly seen: Seen;
  readonly clock: ClockRow | undefined;
  readonly local: LocalHead | undefined;
  /** Until when commits are allowed; undefined means nothing fences this region (DESIGN §12). */
  readonly writableUntilMs: number | undefined;
}

/** Rows and state as they stood at one moment. */
export interface Picture extends RegionState { readonly rows: ReadonlyMap<ResourceKey, HeldRow> }

/** The revision a row must still have, or that it must not be there. */
export type RowCondition = number | 'absent';

export interface RowPut { readonly key: ResourceKey; readonly next: HeldRow | 'drop'; readonly if: RowCondition }

export interface CommitTransaction {
  readonly puts: readonly RowPut[];
  readonly segment: LogSegment;
  /** The clock row afterwards: same incarnation, head = segment.last. */
  readonly clock: ClockRow;
  readonly ifHead: number;
  /** The commit is refused unless the region is writable until later than this. Undefined asks for no check. */
  readonly writableAtMs: number | undefined;
}
/** `stale`: a row changed meanwhile. `moved`: the clock row did (another commit, or a recovery). Nothing was written in either case. */
export type CommitOutcome = 'ok' | 'stale' | 'moved' | 'fenced';

export interface OffLogTransaction {
  readonly puts: readonly RowPut[];
  /** A segment of the region's own log. */
  readonly segment: LogSegment;
  readonly ifHead: number;
}

export interface AdvanceTransaction {
  readonly segments: readonly LogSegment[];
  /** The others' counters as they must still be, for every log in `to`. */
  readonly from: VersionVector;
  readonly to: VersionVector<Incarnation>;
  /** Raises the greatest stamp seen. */
  readonly maxStamp: Stamp;
  /** Raises floors: what is below was never received as segments (resynchronization). */
  readonly floors?: VersionVector;
}

export interface IncarnationStart {
  /** The clock row that must still stand, or that there is none. */
  readonly if: { readonly incarnation: Incarnation; readonly head: number; readonly state: ClockRow['state'] } | 'absent';
  readonly clock: ClockRow;
  /** The region's own log from now on. */
  readonly local: LocalHead;
  /** Replaces the vector of the others; undefined keeps it. */
  readonly others: VersionVector<Incarnation> | undefined;
  /** Segments to append, such as the closing of earlier incarnations. */
  readonly segments: readonly LogSegment[];
}

/** A small JSON document under a name, such as the federation's spec; its revision rises with every change. */
export interface StoredDocument { readonly revision: number; readonly value: Json }

/** The Merkle index: leaf digests with the vector they stand for. */
export interface StoredIndex { readonly revision: number; readonly vector: VersionVector; readonly leaves: Uint8Array }
export interface IndexUpdate {
  readonly ifRevision: number | 'absent';
  readonly vector: VersionVector;
  readonly leaves: Uint8Array;
  readonly buckets: ReadonlyMap<number, readonly Entry[]>;
}

/** Rows that work is waiting for: those of deletes only, and those whose versions differ. */
export type CandidateKind = 'delete-only' | 'conflict';
export interface RowPage { readonly rows: ReadonlyMap<ResourceKey, HeldRow>; readonly next: ResourceKey | undefined }

/**
 * One member's state. Every write is one atomic transaction with its conditions; every read behind a commit, an apply or an
 * answer is strongly consistent. Adapters hold no rules. All of them pass the suite in `store-acceptance.ts`.
 *
 * An operation that throws may or may not have been carried out (an answer can be lost): callers settle that by reading.
 */
export interface Store {
  /** The physical identity of what the rows are in; a restore from a backup has another. */
  tableId(): Promise<TableId>;

  rows(keys: readonly ResourceKey[]): Promise<ReadonlyMap<ResourceKey, HeldRow>>;
  state(): Promise<RegionState>;
  /** Rows and state in one consistent picture; at most MAX_COMMIT_ROWS keys. */
  picture(keys: readonly ResourceKey[]): Promise<Picture>;

  commit(transaction: CommitTransaction): Promise<CommitOutcome>;
  putRow(put: RowPut): Promise<'ok' | 'stale'>;
  /** `moved`: the region's own log did. */
  putOffLog(transaction: OffLogTransaction): Promise<'ok' | 'stale' | 'moved'>;
  advance(transaction: AdvanceTransaction): Promise<'ok' | 'moved'>;
  startIncarnation(start: IncarnationStart): Promise<'ok' | 'moved'>;

  /** Segments of a log whose `last` is beyond `after`, in order. */
  segments(log: LogName, after: number, limit: number): Promise<readonly LogSegment[]>;
  /** The last segment of a log. */
  newestSegment(log: LogName): Promise<LogSegment | undefined>;
  /** Moves a log's floor up; it never moves down. */
  moveFloor(log: LogName, to: number): Promise<void>;
  /** Removes segments that lie wholly at or below the log's floor. Returns how many. */
  dropSegmentsBelowFloor(log: LogName, limit: number): Promise<number>;

  /** Rows in key order after `after`. */
  list(after: ResourceKey | undefined, limit: number): Promise<RowPage>;
  /** As `list`, of rows of one kind only. May lag behind; what is done with a row is decided on a fresh read. */
  candidates(kind: CandidateKind, after: ResourceKey | undefined, limit: number): Promise<RowPage>;

  content(key: ResourceKey, hash: Hash): Promise<string | undefined>;
  putContent(key: ResourceKey, hash: Hash, text: string): Promise<void>;
  /** Removes the contents of a resource but those named. */
  sweepContents(key: ResourceKey, keep: readonly Hash[]): Promise<void>;

  document(name: string): Promise<StoredDocument | undefined>;
  documents(prefix: string): Promise<ReadonlyMap<string, StoredDocument>>;
  /** `if` undefined puts whatever stands there. */
  putDocument(name: string, value: Json, condition: number | 'absent' | undefined): Promise<'ok' | 'stale'>;
  dropDocument(name: string): Promise<void>;

  putWritableUntil(ms: number | undefined): Promise<void>;

  index(): Promise<StoredIndex | undefined>;
  buckets(numbers: readonly number[]): Promise<ReadonlyMap<number, readonly Entry[]>>;
  putIndex(update: IndexUpdate): Promise<'ok' | 'stale'>;
}

/** An object that is over a limit; nothing was written. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
  readonly key: ResourceKey;
  readonly bytes: number;
  constructor(key: ResourceKey, bytes: number, limit: number) {
    super(`${key} is ${bytes.toString()} bytes compressed; at most ${limit.toString()} can be stored. Split the object, or exclude its namespace from the federation`);
    this.key = key;
    this.bytes = bytes;
  }
}
