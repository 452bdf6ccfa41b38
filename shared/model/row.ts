import type { ClusterId, Hash, LocalLog } from './ids.ts';
import type { Stamp, Write } from './stamp.ts';
import type { Dot, VersionVector } from './version-vector.ts';
import { coversDot, emptyVector, sameDot } from './version-vector.ts';

/** A field's place in an object: segments joined by `/`, list-map items as `[key]` (see `fields.ts`). */
export type Path = string;

/**
 * Who last wrote each field of a live version. A field without an entry of its own was last written by `base`.
 * `removed` names fields that somebody took away, until everybody has seen it.
 */
export interface Provenance {
  readonly base: Write;
  readonly set: ReadonlyMap<Path, Write>;
  readonly removed: ReadonlyMap<Path, Write>;
}

/** What a version says: the object is gone, or it is this content. */
export type Body =
  | { readonly kind: 'deleted' }
  | { readonly kind: 'live'; readonly hash: Hash; readonly content: string | undefined; readonly bytes: number; readonly fields: Provenance };

/** Who made a write: one cluster, or an operator through the API. */
export type Origin = ClusterId | 'operator';

/** A version not covered by any other; more than one in a row are concurrent writes. Immutable once its dot is given. */
export interface Sibling {
  readonly dot: Dot;
  readonly stamp: Stamp;
  /** What the writer had been shown. */
  readonly writerContext: VersionVector;
  /** Earlier dots of the same cluster, not shown to it but its own (DESIGN §11, "one writer"). */
  readonly covers: readonly Dot[];
  readonly origin: Origin;
  readonly body: Body;
}

/** What a region stores for one resource, what travels and what is hashed: a dotted version vector set (Preguiça et al.). */
export interface Row {
  readonly context: VersionVector;
  readonly siblings: readonly Sibling[];
}

/** What a cluster was last shown of a resource. */
export interface Shown {
  readonly clusterId: ClusterId;
  /** What somebody who edits it without a token had seen. */
  readonly context: VersionVector;
  /** Every token made since covers this; an older one is that of an old copy. More than `context` where versions stand beside the cluster's own. */
  readonly tokensCover: VersionVector;
  /** Undefined: it was shown that the object does not exist. */
  readonly hash: Hash | undefined;
  /** Undefined where a sibling of the row holds the content, or where it is lost. */
  readonly content: string | undefined;
  /** Who wrote its fields; undefined where a sibling of the row holds them. */
  readonly fields: Provenance | undefined;
  /** What the same state looked like under strategies that came into force since: shown or not, a token with one of these is none of an old copy. */
  readonly reshown?: readonly Hash[];
}

/** The part of a row that never travels and is never hashed. */
export interface LocalPart {
  /** The condition of every write. Begins anywhere and rises with every change, so that a row that went and came back is another. */
  readonly revision: number;
  readonly changedAtMs: number;
  /** Where in the region's own log the latest off-log change stands. */
  readonly offLog: { readonly log: LocalLog; readonly counter: number } | undefined;
  readonly conflictSinceMs: number | undefined;
  /** The latest observation of this row that the local cluster sent. */
  readonly observed: { readonly clusterId: ClusterId; readonly uid: string; readonly resourceVersion: string } | undefined;
  /** Stands until the applied vector has passed the row's last change (DESIGN §11, "Applied record"). */
  readonly shown: Shown | undefined;
  /**
   * The local cluster has the object from other members: it had nothing of that name when a version of theirs came, and nobody has put an
   * object of their own there since. Goes with the last live version. What nobody noted stays in the cluster when its member leaves.
   */
  readonly fromOthers: boolean;
}

/** A row as this region holds it. */
export interface HeldRow extends Row { readonly local: LocalPart }

/** What somebody answers about a resource: its row, or that it is absent, which is the row `{context: seen, siblings: ∅}`. */
export type Answer =
  | { readonly kind: 'row'; readonly row: Row }
  | { readonly kind: 'absent'; readonly seen: VersionVector };

export const emptyRow: Row = { context: emptyVector, siblings: [] };

/** The row an answer stands for (DESIGN §4, first rule). */
export const rowOf = (answer: Answer): Row => (answer.kind === 'row' ? answer.row : absentRow(answer.seen));

/** An absent row: all that was ever seen of it is superseded. */
export const absentRow = (seen: VersionVector): Row => ({ context: seen, siblings: [] });

/** What the writer of a sibling knew of: what it was shown, and its own earlier writes. */
export const writerKnew = (sibling: Sibling, dot: Dot): boolean =>
  coversDot(sibling.writerContext, dot) || sameDot(sibling.dot, dot) || sibling.covers.some((own) => sameDot(own, dot));

/** Whether a row says nothing but that the object is gone. */
export const isDeleteOnly = (row: Row): boolean => row.siblings.length > 0 && row.siblings.every((sibling) => sibling.body.kind === 'deleted');

/** Whether any version of the row is live. */
export const hasLiveSibling = (row: Row): boolean => row.siblings.some((sibling) => sibling.body.kind === 'live');

/** The content hash of a body; a deletion has none. */
export const bodyHash = (body: Body): Hash | 'deleted' => (body.kind === 'live' ? body.hash : 'deleted');

/** Whether the versions of a row say different things. Siblings with equal content are no conflict. */
export function isConflict(row: Row): boolean {
  const [first, ...rest] = row.siblings;
  return first !== undefined && rest.some((other) => bodyHash(other.body) !== bodyHash(first.body));
}
