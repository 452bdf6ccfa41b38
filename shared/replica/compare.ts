import { createHash } from 'node:crypto';
import type { ResourceKey } from '../model/ids.ts';
import { CHECK_BYTES, KEY_HASH_BYTES, ROOT, answerNode, bucketOf, checkOf, differingBuckets, differingChildren } from '../model/merkle.ts';
import type { EntryCheck } from '../model/merkle.ts';
import { isDeleteOnly } from '../model/row.ts';
import { covers, sameVector, sortedEntries } from '../model/version-vector.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { CompareRequest, CompareResponse, FetchRowsRequest, FetchRowsResponse, KeyedAnswer, Peer } from '../ports/peer.ts';
import { MAX_COMPARE_BUCKETS, MAX_PAGE_BYTES } from '../ports/peer.ts';
import { MAX_COMMIT_ROWS } from '../ports/store.ts';
import { applyOffLog } from './apply.ts';
import { fetchMissingContents } from './contents.ts';
import { readBuckets, refreshIndex } from './merkle-index.ts';
import type { Index } from './merkle-index.ts';
import { answerBytes, answersFor, travellingPart } from './pages.ts';
import { seenOf } from './position.ts';
import type { Replica } from './replica.ts';
import { reportMisbehaviour } from './trust.ts';

/** Which way differences are repaired, and how many resources at most. */
export interface CompareOptions { readonly pull: boolean; readonly push: boolean; readonly limit: number }
export interface Repaired { readonly pulled: number; readonly pushed: number }

/** Rows read for one answer about unindexed rows: strongly consistent, so all rows are read and not an index of them. */
const UNINDEXED_SCAN = 500;

/** Characters of the summary: 40 hexadecimal ones are 160 bits, and the request stays under 64 bytes. */
const SUMMARY_CHARACTERS = 40;

/** The first message of a comparison: a hash of the vector and the root (DESIGN §12). */
export function summaryOf(index: Index): string {
  const vector = sortedEntries(index.vector).map(([log, counter]) => `${log}:${counter.toString()}`).join(',');
  return createHash('sha256').update(`${vector}\n${index.digests.root}`).digest('hex').slice(0, SUMMARY_CHARACTERS);
}

/** What the first message of a comparison told. */
export type Comparison =
  | { readonly kind: 'same' }
  /** `level`: the vectors are equal, so whatever differs is a fault and not a delay. */
  | Different;
export interface Different {
  readonly kind: 'different';
  readonly mine: Index;
  readonly level: boolean;
  readonly rootsDiffer: boolean;
  /** The peer's digests of the root's children. */
  readonly top: Uint8Array;
}

/** Compares vector and root with a peer's: one small message each way when nothing differs. */
export async function compareSummaries(replica: Replica, peer: Peer, signal: AbortSignal): Promise<Comparison> {
  const mine = await refreshIndex(replica);
  const answer = await peer.compareDigests({ kind: 'summary', summary: summaryOf(mine) }, signal);
  if (answer.kind === 'same') return answer;
  if (answer.kind !== 'different') throw unexpected(peer, answer.kind);
  return { kind: 'different', mine, level: sameVector(mine.vector, answer.vector), rootsDiffer: !mine.digests.top.equals(answer.top), top: answer.top };
}

/**
 * Finds what differs between a peer and this region and repairs it, both ways if asked (DESIGN §4, "Merkle index"): differing
 * subtrees, entries, rows and absent answers. Joins are safe whoever is behind, so nothing here has to be right for the others to be.
 */
export async function repairDifferences(replica: Replica, peer: Peer, compared: Different, options: CompareOptions, signal: AbortSignal): Promise<Repaired> {
  return repair(replica, peer, await findDifferences(replica, peer, compared, options.limit, signal), options, signal);
}

/** Which resources differ, at most `limit`: differing subtrees, then their entries. No row is read for it on either side. */
export async function findDifferences(replica: Replica, peer: Peer, compared: Different, limit: number, signal: AbortSignal): Promise<Differences> {
  return differingEntries(replica, peer, compared.mine.digests.leaves, await bucketsToAsk(peer, compared, signal), limit, signal);
}

const unexpected = (peer: Peer, kind: string): ReplicaError => new ReplicaError('unavailable', `${peer.member} answered a comparison with ${kind}`);

async function bucketsToAsk(peer: Peer, { mine: { digests }, top }: Different, signal: AbortSignal): Promise<readonly number[]> {
  const nodes = differingChildren(ROOT, digests.top, top);
  if (nodes.length === 0) return [];
  const answer = await peer.compareDigests({ kind: 'nodes', nodes: nodes.map((node) => ({ index: node.index, children: digests.childrenOf(node) })) }, signal);
  if (answer.kind !== 'nodes') throw unexpected(peer, answer.kind);
  return nodes.flatMap(({ index }, position) => differingBuckets(digests, index, answer.nodes[position] ?? new Map()));
}

/** Resources that differ: by key where this region has them, else by the hash of the key. */
export interface Differences { readonly keys: readonly ResourceKey[]; readonly keyHashes: readonly string[] }

async function differingEntries(replica: Replica, peer: Peer, leaves: Uint8Array, buckets: readonly number[], limit: number, signal: AbortSignal): Promise<Differences> {
  const keys: ResourceKey[] = [];
  const keyHashes: string[] = [];
  for (let at = 0; at < buckets.length && keys.length + keyHashes.length < limit;) {
    // Each of them holds a difference, so that no more of them are needed.
    const asked = buckets.slice(at, at + Math.min(limit - keys.length - keyHashes.length, MAX_COMPARE_BUCKETS));
    const answer = await peer.compareDigests({ kind: 'buckets', buckets: asked }, signal);
    if (answer.kind !== 'buckets') throw unexpected(peer, answer.kind);
    if (answer.entries.length === 0) throw new ReplicaError('refused', `${peer.member} answered none of ${asked.length.toString()} buckets`);
    const answered = asked.slice(0, answer.entries.length);
    const here = await readBuckets(replica, leaves, answered);
    for (const [position, number] of answered.entries()) {
      const mine = here.get(number) ?? [];
      const theirs = answer.entries[position] ?? [];
      keys.push(...mine.filter((entry) => checkIn(theirs, entry.keyHash) !== checkOf(entry).check).map((entry) => entry.key));
      keyHashes.push(...theirs.filter(({ keyHash }) => !mine.some((entry) => entry.keyHash === keyHash)).map(({ keyHash }) => keyHash));
    }
    at += answered.length;
  }
  const keep = Math.min(keys.length, limit);
  return { keys: keys.slice(0, keep), keyHashes: keyHashes.slice(0, limit - keep) };
}

const checkIn = (entries: readonly EntryCheck[], keyHash: string): string | undefined => entries.find((entry) => entry.keyHash === keyHash)?.check;

async function repair(replica: Replica, peer: Peer, differences: Differences, options: CompareOptions, signal: AbortSignal): Promise<Repaired> {
  let pulled = 0;
  let pushed = 0;
  let keys = differences.keys;
  let keyHashes = differences.keyHashes;
  while (keys.length + keyHashes.length > 0) {
    signal.throwIfAborted();
    const asked: FetchRowsRequest = { keys: keys.slice(0, MAX_COMMIT_ROWS), keyHashes: keyHashes.slice(0, MAX_COMMIT_ROWS), unindexed: undefined };
    const { answers, rest } = await peer.fetchRows(asked, signal);
    if (options.pull) pulled += await takeRows(replica, peer, answers, signal);
    if (options.push) pushed += await giveRows(replica, peer, answers, signal);
    // Less must be left than was asked for, or a peer could keep this going for ever.
    if (rest.length >= asked.keys.length + asked.keyHashes.length) throw new ReplicaError('refused', `${peer.member} leaves ${rest.length.toString()} rows to fetch, of as many or fewer it was asked for`);
    keys = [...rest, ...keys.slice(MAX_COMMIT_ROWS)];
    keyHashes = keyHashes.slice(MAX_COMMIT_ROWS);
  }
  return { pulled, pushed };
}

/** Joins what a peer answered. @throws ReplicaError where it cannot be believed; one that cannot be true is reported */
export async function takeRows(replica: Replica, peer: Peer, answers: readonly KeyedAnswer[], signal: AbortSignal): Promise<number> {
  await fetchMissingContents(replica, peer, answers.flatMap(({ key, answer }) => (answer.kind === 'row' ? [{ key, row: answer.row }] : [])), signal);
  const outcome = await applyOffLog(replica, answers);
  if (outcome.kind === 'applied') return outcome.changed.length;
  if (outcome.kind === 'refuse') await reportMisbehaviour(replica, peer.member, outcome.reason);
  throw new ReplicaError('refused', `${peer.member}: ${outcome.reason}`);
}

/** Sends what stands here of the resources the peer has answered, absent ones included. */
async function giveRows(replica: Replica, peer: Peer, theirs: readonly KeyedAnswer[], signal: AbortSignal): Promise<number> {
  const answers = await answersFor(replica, theirs.map(({ key }) => key));
  const result = await peer.push({ kind: 'repair', from: replica.identity.member, answers }, signal);
  return result.kind === 'applied' ? answers.length : 0;
}

/** Answers a peer that compares itself with this region. */
export async function answerCompare(replica: Replica, request: CompareRequest): Promise<CompareResponse> {
  if (request.kind === 'summary') {
    const state = await replica.store.state();
    const index = await refreshIndex(replica);
    if (request.summary === summaryOf(index)) return { kind: 'same' };
    return { kind: 'different', seen: seenOf(state), vector: index.vector, top: index.digests.top };
  }
  if (request.kind === 'buckets') return { kind: 'buckets', entries: await entriesOf(replica, request.buckets) };
  const { digests } = await refreshIndex(replica);
  return { kind: 'nodes', nodes: request.nodes.map(({ index, children }) => answerNode(digests, index, children)) };
}

/** Buckets read at a time for one answer. */
const BUCKETS_READ = 100;
/** What an entry is on the wire. */
const ENTRY_BYTES = KEY_HASH_BYTES + CHECK_BYTES;

/** The entries of buckets in order, of as many as fit into one answer and at least one. */
async function entriesOf(replica: Replica, numbers: readonly number[]): Promise<readonly (readonly EntryCheck[])[]> {
  const entries: (readonly EntryCheck[])[] = [];
  const { digests } = await refreshIndex(replica);
  let bytes = 0;
  for (let at = 0; at < numbers.length; at += BUCKETS_READ) {
    const some = numbers.slice(at, at + BUCKETS_READ);
    const buckets = await readBuckets(replica, digests.leaves, some);
    for (const number of some) {
      const bucket = buckets.get(number) ?? [];
      bytes += bucket.length * ENTRY_BYTES;
      if (bytes > MAX_PAGE_BYTES && entries.length > 0) return entries;
      entries.push(bucket.map(checkOf));
    }
  }
  return entries;
}

/** Answers a peer that fetches rows; what does not fit into one answer is named in `rest`. */
export async function answerFetchRows(replica: Replica, request: FetchRowsRequest): Promise<FetchRowsResponse> {
  if (request.unindexed !== undefined) return unindexedRows(replica, request.unindexed.after);
  const named = await keysByHash(replica, request.keyHashes);
  const all = await answersFor(replica, [...request.keys, ...named]);
  let bytes = 0;
  const fitting = all.findIndex(({ answer }) => (bytes += answerBytes(answer)) > MAX_PAGE_BYTES);
  const cut = fitting === -1 ? all.length : Math.max(fitting, 1);
  return { answers: all.slice(0, cut), rest: all.slice(cut).map(({ key }) => key) };
}

/**
 * Rows that the Merkle index does not show: deletes only, and rows ahead of what was seen here. The index follows the log, so a page
 * whose handler died between its rows and `seen` has left rows that nothing else tells of; where their author lost them, these are the
 * only copies (docs/decisions/0007-rows-ahead-of-seen.md).
 */
async function unindexedRows(replica: Replica, after: ResourceKey | undefined): Promise<FetchRowsResponse> {
  const seen = seenOf(await replica.store.state());
  const page = await replica.store.list(after, UNINDEXED_SCAN);
  const answers: KeyedAnswer[] = [];
  let bytes = 0;
  let last = after;
  for (const [key, row] of page.rows) {
    if (isDeleteOnly(row) || !covers(seen, row.context)) {
      const answer = { kind: 'row', row: travellingPart(row) } as const;
      bytes += answerBytes(answer);
      if (bytes > MAX_PAGE_BYTES && answers.length > 0 && last !== undefined) return { answers, rest: [last] };
      answers.push({ key, answer });
    }
    last = key;
  }
  return { answers, rest: page.next === undefined ? [] : [page.next] };
}

async function keysByHash(replica: Replica, keyHashes: readonly string[]): Promise<readonly ResourceKey[]> {
  if (keyHashes.length === 0) return [];
  const buckets = await replica.store.buckets([...new Set(keyHashes.map(bucketOf))]);
  return keyHashes.map((keyHash) => buckets.get(bucketOf(keyHash))?.find((entry) => entry.keyHash === keyHash)?.key).filter((key) => key !== undefined);
}
