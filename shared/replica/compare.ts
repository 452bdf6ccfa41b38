import { createHash } from 'node:crypto';
import type { ResourceKey } from '../model/ids.ts';
import { DEPTH, bucketOf, differingChildren } from '../model/merkle.ts';
import type { EntryDigest, NodeAt } from '../model/merkle.ts';
import { isDeleteOnly } from '../model/row.ts';
import { sameVector, sortedEntries } from '../model/version-vector.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { CompareRequest, CompareResponse, FetchRowsRequest, FetchRowsResponse, KeyedAnswer, Peer } from '../ports/peer.ts';
import { MAX_COMPARE_ITEMS, MAX_PAGE_BYTES } from '../ports/peer.ts';
import { MAX_COMMIT_ROWS } from '../ports/store.ts';
import { applyOffLog } from './apply.ts';
import { fetchMissingContents } from './contents.ts';
import { refreshIndex } from './merkle-index.ts';
import type { Index } from './merkle-index.ts';
import { answerBytes, answersFor, travellingPart } from './pages.ts';
import { seenOf } from './position.ts';
import type { Replica } from './replica.ts';
import { reportMisbehaviour } from './trust.ts';

/** Which way differences are repaired, and how many resources at most. */
export interface CompareOptions { readonly pull: boolean; readonly push: boolean; readonly limit: number }
export interface Repaired { readonly pulled: number; readonly pushed: number }

/** Rows read for one answer about delete-only rows: strongly consistent, so all rows are read and not an index of them. */
const DELETE_ONLY_SCAN = 500;

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
  | { readonly kind: 'different'; readonly mine: Index; readonly level: boolean; readonly rootsDiffer: boolean };

/** Compares vector and root with a peer's: one small message each way when nothing differs. */
export async function compareSummaries(replica: Replica, peer: Peer, signal: AbortSignal): Promise<Comparison> {
  const mine = await refreshIndex(replica);
  const answer = await peer.compareDigests({ kind: 'summary', summary: summaryOf(mine) }, signal);
  if (answer.kind === 'same') return answer;
  if (answer.kind !== 'different') throw unexpected(peer, answer.kind);
  return { kind: 'different', mine, level: sameVector(mine.vector, answer.vector), rootsDiffer: answer.root !== mine.digests.root };
}

/**
 * Finds what differs between a peer and this region and repairs it, both ways if asked (DESIGN §4, "Merkle index"): differing
 * subtrees, entries, rows and absent answers. Joins are safe whoever is behind, so nothing here has to be right for the others to be.
 */
export async function repairDifferences(replica: Replica, peer: Peer, mine: Index, options: CompareOptions, signal: AbortSignal): Promise<Repaired> {
  return repair(replica, peer, await findDifferences(replica, peer, mine, options.limit, signal), options, signal);
}

/** Which resources differ, at most `limit`: differing subtrees, then their entries. No row is read for it on either side. */
export async function findDifferences(replica: Replica, peer: Peer, mine: Index, limit: number, signal: AbortSignal): Promise<Differences> {
  return differingEntries(replica, peer, await differingBuckets(peer, mine, signal), limit, signal);
}

const unexpected = (peer: Peer, kind: string): ReplicaError => new ReplicaError('unavailable', `${peer.member} answered a comparison with ${kind}`);

async function differingBuckets(peer: Peer, mine: Index, signal: AbortSignal): Promise<readonly number[]> {
  let nodes: readonly NodeAt[] = [{ level: 0, index: 0 }];
  for (let level = 0; level < DEPTH; level += 1) {
    const next: NodeAt[] = [];
    for (let at = 0; at < nodes.length; at += MAX_COMPARE_ITEMS) {
      const asked = nodes.slice(at, at + MAX_COMPARE_ITEMS);
      const answer = await peer.compareDigests({ kind: 'nodes', nodes: asked }, signal);
      if (answer.kind !== 'nodes') throw unexpected(peer, answer.kind);
      for (const [position, node] of asked.entries()) next.push(...differingChildren(node, mine.digests.childrenOf(node), answer.children[position] ?? new Uint8Array()));
    }
    nodes = next;
  }
  return nodes.map((node) => node.index);
}

/** Resources that differ: by key where this region has them, else by the hash of the key. */
export interface Differences { readonly keys: readonly ResourceKey[]; readonly keyHashes: readonly string[] }

async function differingEntries(replica: Replica, peer: Peer, buckets: readonly number[], limit: number, signal: AbortSignal): Promise<Differences> {
  const keys: ResourceKey[] = [];
  const keyHashes: string[] = [];
  for (let at = 0; at < buckets.length && keys.length + keyHashes.length < limit; at += MAX_COMPARE_ITEMS) {
    const asked = buckets.slice(at, at + MAX_COMPARE_ITEMS);
    const answer = await peer.compareDigests({ kind: 'buckets', buckets: asked }, signal);
    if (answer.kind !== 'buckets') throw unexpected(peer, answer.kind);
    const here = await replica.store.buckets(asked);
    for (const [position, number] of asked.entries()) {
      const mine = here.get(number) ?? [];
      const theirs = answer.entries[position] ?? [];
      keys.push(...mine.filter((entry) => digestIn(theirs, entry.keyHash) !== entry.digest).map((entry) => entry.key));
      keyHashes.push(...theirs.filter((entry) => digestIn(mine, entry.keyHash) === undefined).map((entry) => entry.keyHash));
    }
  }
  const keep = Math.min(keys.length, limit);
  return { keys: keys.slice(0, keep), keyHashes: keyHashes.slice(0, limit - keep) };
}

const digestIn = (entries: readonly EntryDigest[], keyHash: string): string | undefined => entries.find((entry) => entry.keyHash === keyHash)?.digest;

async function repair(replica: Replica, peer: Peer, differences: Differences, options: CompareOptions, signal: AbortSignal): Promise<Repaired> {
  let pulled = 0;
  let pushed = 0;
  let keys = differences.keys;
  let keyHashes = differences.keyHashes;
  while (keys.length + keyHashes.length > 0) {
    signal.throwIfAborted();
    const asked: FetchRowsRequest = { keys: keys.slice(0, MAX_COMMIT_ROWS), keyHashes: keyHashes.slice(0, MAX_COMMIT_ROWS), deleteOnly: undefined };
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
    return { kind: 'different', seen: seenOf(state), vector: index.vector, root: index.digests.root };
  }
  if (request.kind === 'buckets') {
    const buckets = await replica.store.buckets(request.buckets);
    return { kind: 'buckets', entries: request.buckets.map((number) => (buckets.get(number) ?? []).map(({ keyHash, digest }) => ({ keyHash, digest }))) };
  }
  const { digests } = await refreshIndex(replica);
  return { kind: 'nodes', children: request.nodes.map((node) => digests.childrenOf(node)) };
}

/** Answers a peer that fetches rows; what does not fit into one answer is named in `rest`. */
export async function answerFetchRows(replica: Replica, request: FetchRowsRequest): Promise<FetchRowsResponse> {
  if (request.deleteOnly !== undefined) {
    const page = await replica.store.list(request.deleteOnly.after, DELETE_ONLY_SCAN);
    const answers = [...page.rows].filter(([, row]) => isDeleteOnly(row)).map(([key, row]) => ({ key, answer: { kind: 'row', row: travellingPart(row) } as const }));
    return { answers, rest: page.next === undefined ? [] : [page.next] };
  }
  const named = await keysByHash(replica, request.keyHashes);
  const all = await answersFor(replica, [...request.keys, ...named]);
  let bytes = 0;
  const fitting = all.findIndex(({ answer }) => (bytes += answerBytes(answer)) > MAX_PAGE_BYTES);
  const cut = fitting === -1 ? all.length : Math.max(fitting, 1);
  return { answers: all.slice(0, cut), rest: all.slice(cut).map(({ key }) => key) };
}

async function keysByHash(replica: Replica, keyHashes: readonly string[]): Promise<readonly ResourceKey[]> {
  if (keyHashes.length === 0) return [];
  const buckets = await replica.store.buckets([...new Set(keyHashes.map(bucketOf))]);
  return keyHashes.map((keyHash) => buckets.get(bucketOf(keyHash))?.find((entry) => entry.keyHash === keyHash)?.key).filter((key) => key !== undefined);
}
