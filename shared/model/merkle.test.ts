import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { federationAfter, programs } from './arbitraries.ts';
import type { ResourceKey } from './ids.ts';
import { asHash } from './ids.ts';
import { sameSiblings } from './join.ts';
import type { Entry } from './merkle.ts';
import { BUCKETS, DEPTH, DIGEST_BYTES, Digests, FAN_OUT_BITS, ROOT, answerNode, bucketDigest, bucketOf, differingBuckets, differingChildren, emptyLeaves, entryOf, keyHashOf, withEntry } from './merkle.ts';
import { resourceKey } from './resource-key.ts';
import type { Row } from './row.ts';
import { emptyRow, hasLiveSibling } from './row.ts';

type Rows = ReadonlyMap<ResourceKey, Row>;

/** The index of rows, built in one go. */
function bucketsOf(rows: Rows): ReadonlyMap<number, readonly Entry[]> {
  const buckets = new Map<number, Entry[]>();
  for (const [key, row] of rows) {
    const entry = entryOf(key, row);
    if (entry === undefined) continue;
    const number = bucketOf(entry.keyHash);
    buckets.set(number, [...(buckets.get(number) ?? []), entry].sort((a, b) => (a.keyHash < b.keyHash ? -1 : 1)));
  }
  return buckets;
}

function digestsOf(buckets: ReadonlyMap<number, readonly Entry[]>): Digests {
  const leaves = emptyLeaves();
  for (const [number, entries] of buckets) bucketDigest(entries).copy(leaves, number * DIGEST_BYTES);
  return new Digests(leaves);
}

const rootOf = (rows: Rows): string => digestsOf(bucketsOf(rows)).root;

/** Reachable rows under many more names than a toy federation has. */
const manyRows: fc.Arbitrary<Rows> = fc
  .tuple(programs, fc.array(fc.tuple(fc.nat({ max: 60 }), fc.nat()), { maxLength: 40 }))
  .map(([program, places]) => {
    const rows = federationAfter(program).rows();
    return new Map(places.flatMap(([name, at]): [ResourceKey, Row][] => {
      const row = rows[at % Math.max(rows.length, 1)];
      return row === undefined ? [] : [[resourceKey({ group: '', kind: 'ConfigMap', namespace: 'default', name: `c${name.toString()}` }), row]];
    }));
  });

describe('roots [I5]', () => {
  test('are equal exactly where the live rows are', () => {
    fc.assert(fc.property(programs, (program) => {
      const replicas = federationAfter(program).replicas.map(({ rows }) => ({ rows, root: rootOf(rows) }));
      for (const [at, a] of replicas.entries()) {
        for (const b of replicas.slice(at + 1)) {
          const isSame = [...new Set([...a.rows.keys(), ...b.rows.keys()])].every((key) => {
            const [here, there] = [a.rows.get(key) ?? emptyRow, b.rows.get(key) ?? emptyRow];
            return hasLiveSibling(here) || hasLiveSibling(there) ? sameSiblings(here, there) : true;
          });
          expect(a.root === b.root).toBe(isSame);
        }
      }
    }));
  });

  test('are equal once everybody has heard from everybody, whoever has collected what', () => {
    fc.assert(fc.property(programs, (program) => new Set(federationAfter(program).level().replicas.map(({ rows }) => rootOf(rows))).size === 1));
  });

  test('do not depend on the order of siblings or of rows', () => {
    fc.assert(fc.property(manyRows, (rows) => {
      const turned = [...rows].reverse().map(([key, row]) => [key, { ...row, siblings: [...row.siblings].reverse() }] as const);
      return rootOf(new Map(turned)) === rootOf(rows);
    }));
  });

  test('of nothing, and of deletes alone, are the empty root', () => {
    fc.assert(fc.property(manyRows, (rows) => {
      const deletes = new Map([...rows].filter(([, row]) => !hasLiveSibling(row)));
      return rootOf(deletes) === new Digests(emptyLeaves()).root;
    }));
  });
});

test('a content that is not what its writer wrote shows, though the dot is the same', () => {
  fc.assert(fc.property(manyRows, (rows) => {
    const spoilt = [...rows].map(([key, row]) => [key, { ...row, siblings: row.siblings.map((sibling) => (sibling.body.kind === 'live' ? { ...sibling, body: { ...sibling.body, hash: asHash('0'.repeat(64)) } } : sibling)) }] as const);
    const isLive = [...rows.values()].some(hasLiveSibling);
    return (rootOf(new Map(spoilt)) === rootOf(rows)) === !isLive;
  }));
});

describe('the index brought up to date row by row', () => {
  test('keeps a bucket in one order, each key once', () => {
    const entry = (number: number): Entry => ({ key: resourceKey({ group: '', kind: 'Secret', namespace: 'a', name: `n${number.toString()}` }), keyHash: `abc${number.toString()}`, digest: number.toString() });
    fc.assert(fc.property(fc.array(fc.tuple(fc.nat({ max: 9 }), fc.boolean())), (changes) => {
      const bucket = changes.reduce<readonly Entry[]>((before, [number, stays]) => withEntry(before, entry(number).keyHash, stays ? entry(number) : undefined), []);
      const standing = [...new Map(changes)].filter(([, stays]) => stays).map(([number]) => number).sort((a, b) => a - b);
      expect(bucket).toEqual(standing.map(entry));
    }));
  });

  test('is the one built in one go', () => {
    fc.assert(fc.property(manyRows, manyRows, (first, second) => {
      const buckets = new Map<number, readonly Entry[]>();
      const changes: (readonly [ResourceKey, Row | undefined])[] = [...first, ...[...first.keys()].filter((key) => !second.has(key)).map((key) => [key, undefined] as const), ...second];
      for (const [key, row] of changes) {
        const [keyHash, number] = [keyHashOf(key), bucketOf(keyHashOf(key))];
        buckets.set(number, withEntry(buckets.get(number) ?? [], keyHash, row === undefined ? undefined : entryOf(key, row)));
      }
      expect(new Map([...buckets].filter(([, entries]) => entries.length > 0))).toEqual(bucketsOf(second));
      expect(digestsOf(buckets).root).toBe(rootOf(second));
    }));
  });
});

describe('comparing two indexes', () => {
  /** The buckets that differ, found as two members do: one knows the other's top, then each says one level. */
  function descend(mine: Digests, theirs: Digests): { buckets: number[]; said: number } {
    const nodes = differingChildren(ROOT, mine.top, theirs.top);
    const answers = nodes.map(({ index }) => ({ index, answered: answerNode(theirs, index, mine.childrenOf({ level: 1, index })) }));
    return { buckets: answers.flatMap(({ index, answered }) => differingBuckets(mine, index, answered)), said: answers.reduce((sum, { answered }) => sum + 1 + answered.size, 0) };
  }

  test('finds exactly the buckets that differ', () => {
    fc.assert(fc.property(manyRows, manyRows, (here, there) => {
      const [mine, theirs] = [bucketsOf(here), bucketsOf(there)];
      const differ = [...new Set([...mine.keys(), ...theirs.keys()])].filter((number) => JSON.stringify(mine.get(number)) !== JSON.stringify(theirs.get(number)));
      expect(descend(digestsOf(mine), digestsOf(theirs)).buckets).toEqual(differ.sort((a, b) => a - b));
    }));
  });

  test('says one node per level and differing bucket at most', () => {
    fc.assert(fc.property(manyRows, manyRows, (here, there) => {
      const { buckets, said } = descend(digestsOf(bucketsOf(here)), digestsOf(bucketsOf(there)));
      return said <= buckets.length * (DEPTH - 1);
    }));
  });

  test('a bucket is the leaf its key\'s hash leads to', () => {
    expect(BUCKETS).toBe(1 << (FAN_OUT_BITS * DEPTH));
    fc.assert(fc.property(fc.nat({ max: 10_000 }), (number) => {
      const keyHash = keyHashOf(resourceKey({ group: '', kind: 'Secret', namespace: 'a', name: `n${number.toString()}` }));
      const [bucket, path] = [bucketOf(keyHash), Array.from({ length: DEPTH }, (_, level) => Number.parseInt(keyHash.charAt(level), 16))];
      return bucket < BUCKETS && bucket === path.reduce((index, child) => (index << FAN_OUT_BITS) + child, 0);
    }));
  });

  test('leaves of another size are a mistake', () => {
    expect(() => new Digests(Buffer.alloc(DIGEST_BYTES))).toThrow('leaf digests are 8 bytes long');
  });
});

test('digests are the same wherever in memory the leaves lie', () => {
  const leaves = emptyLeaves();
  leaves.fill(7, 3 * DIGEST_BYTES, 5 * DIGEST_BYTES);
  const shifted = Buffer.concat([Buffer.alloc(1), leaves]).subarray(1);

  expect(new Digests(shifted).root).toBe(new Digests(leaves).root);
});
