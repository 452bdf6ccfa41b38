import type { ResourceKey } from '../model/ids.ts';
import type { LogName } from '../model/ids.ts';
import { isLocalLog } from '../model/ids.ts';
import { DIGEST_BYTES, Digests, bucketDigest, bucketOf, bucketsHeld, emptyLeaves, entryOf, isEmptyBucket, keyHashOf, withEntry } from '../model/merkle.ts';
import type { Entry } from '../model/merkle.ts';
import type { Row } from '../model/row.ts';
import type { VersionVector } from '../model/version-vector.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { Store, StoredIndex } from '../ports/store.ts';
import { MAX_INDEX_BUCKETS } from '../ports/store.ts';
import { answerPull } from './pages.ts';
import { positionOf } from './position.ts';
import type { Replica } from './replica.ts';

/** Log entries taken into the index at a time: few enough that their buckets fit into one update. */
const FOLLOW_LIMIT = MAX_INDEX_BUCKETS;
/** Steps of one refresh before the caller goes on with what there is. */
const MAX_STEPS = 10_000;
const SCAN_PAGE = 500;

/** The Merkle index as it stands: digests and the members' logs they stand for. */
export interface Index { readonly digests: Digests; readonly vector: VersionVector; readonly revision: number }

/**
 * Brings the index up to date from the log, as any local follower (DESIGN §4): reads digests and the rows that changed, never all
 * rows, unless the log no longer reaches back. Other handlers may do the same; whoever is first wins.
 */
export async function refreshIndex(replica: Replica): Promise<Index> {
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const stored = await replica.store.index();
    if (stored === undefined) { await rebuild(replica, 'absent'); continue; }
    const page = await answerPull(replica, stored.vector, FOLLOW_LIMIT, 'local');
    if (page.kind === 'compacted') { await rebuild(replica, stored.revision); continue; }
    if (page.segments.length === 0) return { digests: digestsOf(replica.store, stored.leaves), vector: withoutLocal(stored.vector), revision: stored.revision };
    const rows = page.answers.map(({ key, answer }) => ({ key, row: answer.kind === 'row' ? answer.row : undefined }));
    await update(replica, stored, rows, page.upTo);
  }
  throw new ReplicaError('busy', 'the Merkle index does not catch up with the log');
}

/** The digests last made for a store: while nothing changes, which is most of the time, they are not hashed anew for every comparison. */
const made = new WeakMap<Store, Digests>();

function digestsOf(store: Store, leaves: Uint8Array): Digests {
  const before = made.get(store);
  if (before !== undefined && (before.leaves === leaves || Buffer.compare(before.leaves, leaves) === 0)) return before;
  const digests = new Digests(leaves);
  made.set(store, digests);
  return digests;
}

const withoutLocal = (vector: VersionVector): VersionVector => new Map([...vector].filter(([log]) => !isLocalLog(log)));

interface KeyedRow { readonly key: ResourceKey; readonly row: Row | undefined }

async function update(replica: Replica, stored: StoredIndex, rows: readonly KeyedRow[], vector: VersionVector): Promise<void> {
  const numbers = [...new Set(rows.map(({ key }) => bucketOf(keyHashOf(key))))];
  const buckets = new Map(await readBuckets(replica, stored.leaves, numbers));
  for (const { key, row } of rows) {
    const keyHash = keyHashOf(key);
    const number = bucketOf(keyHash);
    buckets.set(number, withEntry(buckets.get(number) ?? [], keyHash, row === undefined ? undefined : entryOf(key, row)));
  }
  await replica.store.putIndex({ ifRevision: stored.revision, vector, leaves: leavesWith(stored.leaves, buckets), buckets });
}

/**
 * The entries of buckets. One that is empty by its digest is empty, whatever its item says: a rebuild of the index in a table that was
 * put back from a backup, whose items are of different moments, empties only the buckets that its digests know of.
 */
export const readBuckets = (replica: Replica, leaves: Uint8Array, numbers: readonly number[]): Promise<ReadonlyMap<number, readonly Entry[]>> =>
  replica.store.buckets(numbers.filter((number) => !isEmptyBucket(leaves, number)));

function leavesWith(leaves: Uint8Array, buckets: ReadonlyMap<number, readonly Entry[]>): Uint8Array {
  const next = Buffer.from(leaves);
  for (const [number, entries] of buckets) bucketDigest(entries).copy(next, number * DIGEST_BYTES);
  return next;
}

/** Reads every row once. The vector is taken before, so that what changes meanwhile is followed afterwards. */
async function rebuild(replica: Replica, ifRevision: number | 'absent'): Promise<void> {
  const vector = positionOf(await replica.store.state());
  const buckets = new Map<number, Entry[]>();
  let after: ResourceKey | undefined;
  do {
    const page = await replica.store.list(after, SCAN_PAGE);
    for (const [key, row] of page.rows) {
      const entry = entryOf(key, row);
      if (entry === undefined) continue;
      const number = bucketOf(entry.keyHash);
      buckets.set(number, [...(buckets.get(number) ?? []), entry]);
    }
    after = page.next;
  } while (after !== undefined);
  await writeAll(replica, buckets, vector, ifRevision);
}

/** Until the last part is written the index stands for a log that nobody has, so that a rebuild cut short is begun again. */
const unfinished: VersionVector = new Map<LogName, number>([['lunfinished' as LogName, 1]]);

async function writeAll(replica: Replica, buckets: ReadonlyMap<number, Entry[]>, vector: VersionVector, ifRevision: number | 'absent'): Promise<void> {
  const before = await replica.store.index();
  const leaves = emptyLeaves();
  let revision = ifRevision;
  // A bucket that held something before must be emptied.
  const numbers = [...new Set([...buckets.keys(), ...(ifRevision === 'absent' || before === undefined ? [] : bucketsHeld(before.leaves))])];
  for (let at = 0; at === 0 || at < numbers.length; at += MAX_INDEX_BUCKETS) {
    const part = new Map(numbers.slice(at, at + MAX_INDEX_BUCKETS).map((number) => [number, [...(buckets.get(number) ?? [])].sort((a, b) => (a.keyHash < b.keyHash ? -1 : 1))]));
    for (const [number, entries] of part) bucketDigest(entries).copy(leaves, number * DIGEST_BYTES);
    const isLast = at + MAX_INDEX_BUCKETS >= numbers.length;
    if ((await replica.store.putIndex({ ifRevision: revision, vector: isLast ? vector : unfinished, leaves, buckets: part })) === 'stale') return;
    revision = revision === 'absent' ? 1 : revision + 1;
  }
}
