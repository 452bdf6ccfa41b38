import { hash } from 'node:crypto';
import type { ResourceKey } from './ids.ts';
import type { Row } from './row.ts';
import { bodyHash, hasLiveSibling } from './row.ts';
import { dotKey } from './version-vector.ts';

/**
 * A Merkle index over the live rows of a region (DESIGN §4). Leaves are buckets of sha256(key); inner nodes have a fixed fan-out.
 * Rows without a live sibling are not in it, so roots are equal whoever has collected what.
 */

/** Children of a node: a level costs 16 digests of 8 bytes, one packet, and four levels reach 65,536 buckets' worth of keys. */
export const FAN_OUT_BITS = 4;
/**
 * 16³ = 4,096 buckets: about 25 entries each at 100,000 rows, and all leaf digests fit in 32 KB, one stored item. Three levels are three
 * calls of a comparison: the root's children come with the first answer, the next two levels with the second call, entries with the third.
 */
export const DEPTH = 3;
export const BUCKETS = 1 << (FAN_OUT_BITS * DEPTH);
/** 64 bits: only digests of the same node are held against each other, so a difference is overlooked once in 10¹⁹. */
export const DIGEST_BYTES = 8;
/** The digests of a node's children, one after the other. */
export const CHILDREN_BYTES = DIGEST_BYTES << FAN_OUT_BITS;
/** The first bytes of sha256(key) by which an entry is named on the wire. */
export const KEY_HASH_BYTES = 8;

/**
 * What of a digest travels with an entry. Only entries of one key in buckets that differ are held against each other, so 32 bits
 * overlook one difference in four billion, and that until the resource is next written.
 */
export const CHECK_BYTES = 4;

/** A row in the index: the key's hash and the row's digest are lower-case hexadecimal. */
export interface Entry { readonly key: ResourceKey; readonly keyHash: string; readonly digest: string }
/** What of an entry travels: the key's hash and the beginning of its digest. */
export interface EntryCheck { readonly keyHash: string; readonly check: string }

/** An entry as it travels. */
export const checkOf = ({ keyHash, digest }: Entry): EntryCheck => ({ keyHash, check: digest.slice(0, CHECK_BYTES * 2) });

/** Where a node is: the level (0 is the root, DEPTH the leaves) and its number within. */
export interface NodeAt { readonly level: number; readonly index: number }

export const ROOT: NodeAt = { level: 0, index: 0 };

const sha256 = (data: string | Uint8Array): Buffer => hash('sha256', data, 'buffer');

/** The name of a resource in the index. */
export const keyHashOf = (key: ResourceKey): string => sha256(key).subarray(0, KEY_HASH_BYTES).toString('hex');

/** The leaf bucket of a key, from the first bits of its hash. */
export const bucketOf = (keyHash: string): number => Number.parseInt(keyHash.slice(0, (FAN_OUT_BITS * DEPTH) / 4), 16);

/** The entry of a row: its key with every sibling's dot and content hash. Undefined for a row without a live version. */
export function entryOf(key: ResourceKey, row: Row): Entry | undefined {
  if (!hasLiveSibling(row)) return undefined;
  const versions = row.siblings.map((sibling) => `${dotKey(sibling.dot)}=${bodyHash(sibling.body)}`).sort();
  return { key, keyHash: keyHashOf(key), digest: sha256([key, ...versions].join('\0')).subarray(0, DIGEST_BYTES).toString('hex') };
}

/** A bucket's entries after one of them changed or went. Sorted by `keyHash`. */
export function withEntry(bucket: readonly Entry[], keyHash: string, entry: Entry | undefined): readonly Entry[] {
  const others = bucket.filter((other) => other.keyHash !== keyHash);
  return entry === undefined ? others : [...others, entry].sort((a, b) => (a.keyHash < b.keyHash ? -1 : 1));
}

/** The digest of a bucket; an empty one is all zero. */
export function bucketDigest(bucket: readonly Pick<Entry, 'keyHash' | 'digest'>[]): Buffer {
  if (bucket.length === 0) return Buffer.alloc(DIGEST_BYTES);
  return sha256(bucket.map((entry) => entry.keyHash + entry.digest).join('')).subarray(0, DIGEST_BYTES);
}

/** All digests, level by level, from those of the leaves (BUCKETS × DIGEST_BYTES bytes). */
export class Digests {
  readonly leaves: Uint8Array;
  readonly #levels: readonly Buffer[];

  constructor(leaves: Uint8Array) {
    this.leaves = leaves;
    if (leaves.length !== BUCKETS * DIGEST_BYTES) throw new RangeError(`leaf digests are ${leaves.length.toString()} bytes long`);
    const levels: Buffer[] = [wordAligned(leaves)];
    for (let level = DEPTH; level > 0; level -= 1) levels.unshift(parents(levels[0] ?? Buffer.alloc(0)));
    this.#levels = levels;
  }

  /** The digest of one node. */
  at({ level, index }: NodeAt): Buffer {
    return (this.#levels[level] ?? Buffer.alloc(0)).subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
  }

  /** The digests of a node's children, one after the other. */
  childrenOf({ level, index }: NodeAt): Buffer {
    const bytes = CHILDREN_BYTES;
    return (this.#levels[level + 1] ?? Buffer.alloc(0)).subarray(index * bytes, (index + 1) * bytes);
  }

  /** The digests of the root's children. */
  get top(): Buffer { return this.childrenOf(ROOT); }

  get root(): string { return this.at(ROOT).toString('hex'); }
}

/** The digests of children none of which holds an entry. */
const EMPTY_CHILDREN = Buffer.alloc(CHILDREN_BYTES);

function parents(children: Buffer): Buffer {
  const bytes = CHILDREN_BYTES;
  const digests = Buffer.alloc((children.length / bytes) * DIGEST_BYTES);
  // Most of an index is empty, and looked at by the word.
  const words = new Int32Array(children.buffer, children.byteOffset, children.length / Int32Array.BYTES_PER_ELEMENT);
  const wordsPerNode = bytes / Int32Array.BYTES_PER_ELEMENT;
  for (let at = 0; at * bytes < children.length; at += 1) {
    if (isZero(words, at * wordsPerNode, (at + 1) * wordsPerNode)) continue;
    sha256(children.subarray(at * bytes, (at + 1) * bytes)).copy(digests, at * DIGEST_BYTES, 0, DIGEST_BYTES);
  }
  return digests;
}

/** The same bytes; copied where they cannot be looked at by the word. */
const wordAligned = (bytes: Uint8Array): Buffer =>
  bytes.byteOffset % Int32Array.BYTES_PER_ELEMENT === 0 ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) : Buffer.from(bytes);

function isZero(words: Int32Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (words[at] !== 0) return false;
  return true;
}

/** The children of `node` whose digests differ from those of the other side. */
export function differingChildren(node: NodeAt, mine: Uint8Array, theirs: Uint8Array): readonly NodeAt[] {
  const different: NodeAt[] = [];
  for (let child = 0; child < 1 << FAN_OUT_BITS; child += 1) {
    const from = child * DIGEST_BYTES;
    const isSame = Buffer.from(mine.subarray(from, from + DIGEST_BYTES)).equals(theirs.subarray(from, from + DIGEST_BYTES));
    if (!isSame) different.push({ level: node.level + 1, index: (node.index << FAN_OUT_BITS) + child });
  }
  return different;
}

/** What a peer asked of one child of the root: which of that one's children differ, with the digests of theirs. */
export function answerNode(digests: Digests, index: number, theirs: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const node: NodeAt = { level: 1, index };
  return new Map(differingChildren(node, digests.childrenOf(node), theirs).map((child) => [child.index % (1 << FAN_OUT_BITS), digests.childrenOf(child)]));
}

/** The buckets that differ below one child of the root, by what a peer answered to `answerNode`. */
export function differingBuckets(digests: Digests, index: number, answered: ReadonlyMap<number, Uint8Array>): readonly number[] {
  return [...answered].flatMap(([child, theirs]) => {
    const node: NodeAt = { level: 2, index: (index << FAN_OUT_BITS) + child };
    return differingChildren(node, digests.childrenOf(node), theirs).map((bucket) => bucket.index);
  });
}

/** Whether leaf digests say that a bucket holds nothing. */
export const isEmptyBucket = (leaves: Uint8Array, number: number): boolean => leaves.subarray(number * DIGEST_BYTES, (number + 1) * DIGEST_BYTES).every((byte) => byte === 0);

/** The buckets that hold something, by leaf digests. */
export function bucketsHeld(leaves: Uint8Array): readonly number[] {
  const bytes = Buffer.from(leaves.buffer, leaves.byteOffset, leaves.length);
  const numbers: number[] = [];
  for (let at = 0; at < BUCKETS; at += 1 << FAN_OUT_BITS) {
    if (bytes.subarray(at * DIGEST_BYTES, at * DIGEST_BYTES + CHILDREN_BYTES).equals(EMPTY_CHILDREN)) continue;
    for (let number = at; number < at + (1 << FAN_OUT_BITS); number += 1) if (!isEmptyBucket(leaves, number)) numbers.push(number);
  }
  return numbers;
}

/** Leaf digests of an index without entries. */
export const emptyLeaves = (): Buffer => Buffer.alloc(BUCKETS * DIGEST_BYTES);
