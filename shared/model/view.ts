import type { ClusterId, Hash } from './ids.ts';
import type { LiveSibling } from './merge-view.ts';
import { mergeSiblings } from './merge-view.ts';
import type { Path, Provenance, Row, Sibling } from './row.ts';
import { bodyHash, isConflict } from './row.ts';
import { compareWrites } from './stamp.ts';

/** How concurrent versions are shown. Storage never depends on it. */
export type Strategy = 'LastWriterWins' | 'Merge' | 'Manual';
export const STRATEGIES = ['LastWriterWins', 'Merge', 'Manual'] as const satisfies readonly Strategy[];

/** What a row presents. `content` is undefined only where it is an item of its own that the caller did not load. */
export type ViewBody =
  | { readonly kind: 'absent' }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'live'; readonly hash: Hash; readonly content: string | undefined; readonly fields: Provenance };

/** Versions that said different things: what came of it, and whether a person is waited for. */
export interface Conflict {
  readonly status: 'decided' | 'pending';
  /** Merge only: fields that were written concurrently and differently. */
  readonly overlapping: readonly Path[];
  /** The version shown; undefined where it is a merge of several. */
  readonly winner: Sibling | undefined;
  readonly losers: readonly Sibling[];
}

export interface View { readonly body: ViewBody; readonly conflict: Conflict | undefined }

/** Whose eyes a row is seen with: `Manual` depends on what the cluster has (DESIGN §5, invariant 7). */
export interface Viewer { readonly clusterId: ClusterId | undefined; readonly shownHash: Hash | 'deleted' | undefined }

/**
 * What a row presents under a strategy. `LastWriterWins` and `Merge` are functions of the row alone.
 *
 * @param loaded contents that are items of their own, by hash; needed under `Merge` where versions conflict
 */
export function viewOf(kind: string, row: Row, strategy: Strategy, viewer: Viewer, loaded: ReadonlyMap<Hash, string> = new Map()): View {
  const winner = lastWriter(row);
  if (winner === undefined) return { body: { kind: 'absent' }, conflict: undefined };
  if (!isConflict(row)) return { body: strategy === 'Merge' ? agreedBody(kind, row, winner, loaded) : bodyOf(winner, loaded), conflict: undefined };
  switch (strategy) {
    case 'LastWriterWins': return decidedFor(row, winner, 'decided', loaded);
    case 'Manual': return decidedFor(row, manualChoice(row, viewer), 'pending', loaded);
    case 'Merge': return mergeView(kind, row, loaded);
  }
}

/** The version with the greatest stamp. */
export const lastWriter = (row: Row): Sibling | undefined => (row.siblings.length > 1 ? newestFirst(row.siblings)[0] : row.siblings[0]);

/** Versions from the latest to the earliest. */
const newestFirst = (siblings: readonly Sibling[]): Sibling[] => [...siblings].sort((a, b) => compareWrites(b, a));

/** Each cluster stays with what it has: its own version, else the one applied there, else the earliest. */
function manualChoice(row: Row, viewer: Viewer): Sibling {
  const latestFirst = newestFirst(row.siblings);
  const own = viewer.clusterId === undefined ? undefined : latestFirst.find((sibling) => sibling.origin === viewer.clusterId);
  const choice = own ?? latestFirst.findLast((sibling) => bodyHash(sibling.body) === viewer.shownHash) ?? latestFirst.at(-1);
  if (choice === undefined) throw new RangeError('a conflict without versions');
  return choice;
}

function decidedFor(row: Row, winner: Sibling, status: Conflict['status'], loaded: ReadonlyMap<Hash, string>): View {
  const losers = newestFirst(row.siblings).filter((sibling) => bodyHash(sibling.body) !== bodyHash(winner.body));
  return { body: bodyOf(winner, loaded), conflict: { status, overlapping: [], winner, losers } };
}

function mergeView(kind: string, row: Row, loaded: ReadonlyMap<Hash, string>): View {
  const versions = newestFirst(row.siblings);
  const live = versions.map((sibling) => liveSibling(sibling, loaded)).filter((version) => version !== undefined);
  const deleted = versions.filter((sibling) => sibling.body.kind === 'deleted');
  const [only, second] = live;
  if (only === undefined) return { body: { kind: 'deleted' }, conflict: undefined };
  if (second === undefined) return { body: bodyOf(only.sibling, loaded), conflict: { status: 'decided', overlapping: [], winner: only.sibling, losers: deleted } };
  const { content, fields, overlapping } = mergeSiblings(kind, live);
  const losers = versions.filter((sibling) => bodyHash(sibling.body) !== content.hash);
  return {
    body: { kind: 'live', hash: content.hash, content: content.text, fields },
    conflict: { status: overlapping.length > 0 ? 'pending' : 'decided', overlapping, winner: undefined, losers },
  };
}

/** Versions with equal content are no conflict; each field's writer still is the latest of those who wrote it. */
function agreedBody(kind: string, row: Row, winner: Sibling, loaded: ReadonlyMap<Hash, string>): ViewBody {
  const body = bodyOf(winner, loaded);
  if (row.siblings.length === 1 || body.kind !== 'live' || body.content === undefined) return body;
  const { content } = body;
  const live = row.siblings.flatMap((sibling): LiveSibling[] => (sibling.body.kind === 'live' ? [{ sibling, content, fields: sibling.body.fields }] : []));
  return { ...body, fields: mergeSiblings(kind, live).fields };
}

function liveSibling(sibling: Sibling, loaded: ReadonlyMap<Hash, string>): LiveSibling | undefined {
  if (sibling.body.kind === 'deleted') return undefined;
  const content = sibling.body.content ?? loaded.get(sibling.body.hash);
  if (content === undefined) throw new RangeError(`content ${sibling.body.hash} was not loaded for merging`);
  return { sibling, content, fields: sibling.body.fields };
}

function bodyOf(sibling: Sibling, loaded: ReadonlyMap<Hash, string>): ViewBody {
  if (sibling.body.kind === 'deleted') return { kind: 'deleted' };
  const { hash, content, fields } = sibling.body;
  return { kind: 'live', hash, content: content ?? loaded.get(hash), fields };
}

/** The content hash a view shows; undefined where it shows nothing. */
export const viewHash = (body: ViewBody): Hash | undefined => (body.kind === 'live' ? body.hash : undefined);

/** The hashes whose contents a merge of this row needs and the row does not hold. */
export const missingContents = (row: Row): readonly Hash[] =>
  row.siblings.flatMap(({ body }) => (body.kind === 'live' && body.content === undefined ? [body.hash] : []));
