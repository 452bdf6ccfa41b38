import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { federationAfter, programs, reachableStates } from './arbitraries.ts';
import type { JsonObject } from './content.ts';
import { canonicalContent } from './content.ts';
import { asClusterId, asHash, asIncarnation, asMember } from './ids.ts';
import { writtenWhole } from './provenance.ts';
import type { Body, Row, Sibling } from './row.ts';
import { bodyHash, emptyRow, isConflict } from './row.ts';
import { splitKey } from './resource-key.ts';
import { KEYS } from './toy-federation.ts';
import type { VersionVector } from './version-vector.ts';
import { dotKey, emptyVector } from './version-vector.ts';
import type { Strategy, View, Viewer } from './view.ts';
import { STRATEGIES, lastWriter, missingContents, viewHash, viewOf } from './view.ts';

const nobody: Viewer = { clusterId: undefined, shownHash: undefined };
const bodyOf = (content: JsonObject | 'deleted', made: Pick<Sibling, 'dot' | 'stamp'>): Body => {
  if (content === 'deleted') return { kind: 'deleted' };
  const { text, hash, bytes } = canonicalContent(content);
  return { kind: 'live', hash, bytes, content: text, fields: writtenWhole(made) };
};

/** A version by a cluster of one letter, written at a time, knowing of nothing. */
function version(by: string, ms: number, content: JsonObject | 'deleted', writerContext: VersionVector = emptyVector): Sibling {
  const made = { dot: { incarnation: asIncarnation(`i${by.repeat(10)}`), counter: 1 }, stamp: { ms, counter: 0, member: asMember(by) } };
  return { ...made, writerContext, covers: [], origin: asClusterId(`cluster-${by}`), body: bodyOf(content, made) };
}
const rowOf = (...siblings: readonly Sibling[]): Row => ({ context: new Map(siblings.map(({ dot }) => [dot.incarnation, dot.counter])), siblings });
const view = (row: Row, strategy: Strategy, viewer = nobody): View => viewOf('ProxyRoute', row, strategy, viewer);
const shownBy = (row: Row, strategy: Strategy, viewer = nobody): string => {
  const { body } = view(row, strategy, viewer);
  return body.kind === 'live' ? body.content ?? 'not loaded' : body.kind;
};

const one = { spec: { a: 1 } };
const two = { spec: { b: 2 } };
const text = (content: JsonObject): string => canonicalContent(content).text;

describe('LastWriterWins and Merge are functions of the row alone [I7]', () => {
  test.each(['LastWriterWins', 'Merge'] as const)('%s is the same whatever the order of siblings and whoever looks', (strategy) => {
    const viewers = fc.record({ clusterId: fc.constantFrom('cluster-a', 'cluster-b', 'cluster-x').map(asClusterId), shownHash: fc.constantFrom(undefined, 'deleted' as const) });
    fc.assert(fc.property(reachableStates, viewers, ({ kind, rows: [row] }, viewer) => {
      expect(viewOf(kind, { ...row, siblings: [...row.siblings].reverse() }, strategy, viewer)).toEqual(viewOf(kind, row, strategy, nobody));
    }));
  });

  test.each(['LastWriterWins', 'Merge'] as const)('%s is the same at every replica once all have heard from all', (strategy) => {
    fc.assert(fc.property(programs, (program) => {
      const { replicas } = federationAfter(program).level();
      for (const key of KEYS) {
        const views = replicas.map((replica) => viewOf(splitKey(key).kind, replica.rows.get(key) ?? emptyRow, strategy, nobody));
        for (const other of views) expect(other).toEqual(views[0]);
      }
    }));
  });

  test('LastWriterWins shows the latest of the writes that none other knew', () => {
    fc.assert(fc.property(programs, (program) => {
      const federation = federationAfter(program).level();
      for (const key of KEYS) {
        const writes = federation.writes.filter((made) => made.key === key);
        const standing = writes.filter(({ dot }) => !federation.collected.has(dot) && !writes.some(({ knows }) => knows.has(dot)));
        const [latest] = standing.sort((a, b) => b.stamp.ms - a.stamp.ms || b.stamp.counter - a.stamp.counter || (a.dot < b.dot ? 1 : -1));
        const { body } = viewOf(splitKey(key).kind, federation.replicas[0]?.rows.get(key) ?? emptyRow, 'LastWriterWins', nobody);

        if (latest === undefined) expect(body.kind).toBe('absent');
        else if (latest.content === 'deleted') expect(body.kind).toBe('deleted');
        else expect(body).toMatchObject({ kind: 'live', content: text(latest.content) });
      }
    }));
  });
});

describe('no version is ever out of sight [I3]', () => {
  test.each(STRATEGIES)('%s: what is not shown is listed, or says the same, or is in a merge', (strategy) => {
    fc.assert(fc.property(reachableStates, ({ kind, rows: [row] }) => {
      const { body, conflict } = viewOf(kind, row, strategy, nobody);
      const shown = body.kind === 'live' ? body.hash : body.kind;
      return (conflict !== undefined) === isConflict(row)
        && row.siblings.every((sibling) => bodyHash(sibling.body) === shown || conflict?.losers.some(({ dot }) => dotKey(dot) === dotKey(sibling.dot)) === true);
    }));
  });
});

describe('what is shown of two versions', () => {
  // Rows, then what each strategy shows: `a` was written before `b`.
  const cases: readonly (readonly [string, Row, Record<Strategy, string>])[] = [
    ['nothing', emptyRow, { LastWriterWins: 'absent', Merge: 'absent', Manual: 'absent' }],
    ['one version', rowOf(version('a', 1, one)), { LastWriterWins: text(one), Merge: text(one), Manual: text(one) }],
    ['a delete', rowOf(version('a', 1, 'deleted')), { LastWriterWins: 'deleted', Merge: 'deleted', Manual: 'deleted' }],
    ['two deletes', rowOf(version('a', 1, 'deleted'), version('b', 2, 'deleted')), { LastWriterWins: 'deleted', Merge: 'deleted', Manual: 'deleted' }],
    ['different contents', rowOf(version('a', 1, one), version('b', 2, two)), { LastWriterWins: text(two), Merge: text({ spec: { a: 1, b: 2 } }), Manual: text(one) }],
    ['an edit, then a delete elsewhere', rowOf(version('a', 1, one), version('b', 2, 'deleted')), { LastWriterWins: 'deleted', Merge: text(one), Manual: text(one) }],
    ['a delete, then an edit elsewhere', rowOf(version('a', 1, 'deleted'), version('b', 2, one)), { LastWriterWins: text(one), Merge: text(one), Manual: 'deleted' }],
    ['a delete between two edits', rowOf(version('a', 1, one), version('b', 2, 'deleted'), version('c', 3, two)), { LastWriterWins: text(two), Merge: text({ spec: { a: 1, b: 2 } }), Manual: text(one) }],
    ['equal stamps', rowOf(version('a', 1, one), version('b', 1, two)), { LastWriterWins: text(two), Merge: text({ spec: { a: 1, b: 2 } }), Manual: text(one) }],
  ];

  test.each(cases.flatMap(([what, row, shown]) => STRATEGIES.map((strategy) => [what, strategy, shown[strategy], row] as const)))('%s under %s: %s', (_what, strategy, shown, row) => {
    expect(shownBy(row, strategy)).toBe(shown);
  });

  test.each(STRATEGIES)('equal contents are no conflict under %s', (strategy) => {
    const { body, conflict } = view(rowOf(version('a', 1, one), version('b', 2, one)), strategy);

    expect(conflict).toBeUndefined();
    expect(viewHash(body)).toBe(canonicalContent(one).hash);
  });

  test('a conflict waits for a person under Manual, and under Merge where fields overlap', () => {
    const apart = rowOf(version('a', 1, one), version('b', 2, two));
    const overlapping = rowOf(version('a', 1, one), version('b', 2, { spec: { a: 3 } }));

    expect(STRATEGIES.map((strategy) => view(apart, strategy).conflict?.status)).toEqual(['decided', 'decided', 'pending']);
    expect(STRATEGIES.map((strategy) => view(overlapping, strategy).conflict?.status)).toEqual(['decided', 'pending', 'pending']);
    expect(view(overlapping, 'Merge').conflict?.overlapping).toEqual(['spec/a']);
  });

  test('losers are listed from the latest to the earliest, and the winner is named', () => {
    const conflict = view(rowOf(version('a', 1, one), version('b', 3, two), version('c', 2, 'deleted')), 'LastWriterWins').conflict;

    expect(conflict?.winner?.stamp.ms).toBe(3);
    expect(conflict?.losers.map(({ stamp }) => stamp.ms)).toEqual([2, 1]);
  });

  test('a live version beats a concurrent delete under Merge, on any reachable row [I7]', () => {
    fc.assert(fc.property(reachableStates, ({ kind, rows: [row] }) => {
      const isLive = row.siblings.some(({ body }) => body.kind === 'live');
      return (viewOf(kind, row, 'Merge', nobody).body.kind === 'live') === isLive;
    }));
  });
});

describe('Manual: each cluster stays with what it has [I7]', () => {
  const row = rowOf(version('a', 1, one), version('b', 2, two), version('c', 3, 'deleted'));
  const hash = (content: JsonObject): ReturnType<typeof asHash> => canonicalContent(content).hash;

  test.each<[string, Viewer, string]>([
    ['its own version', { clusterId: asClusterId('cluster-b'), shownHash: hash(one) }, text(two)],
    ['its own delete', { clusterId: asClusterId('cluster-c'), shownHash: undefined }, 'deleted'],
    ['else what it was shown', { clusterId: asClusterId('cluster-x'), shownHash: hash(two) }, text(two)],
    ['else what it was shown to be gone', { clusterId: asClusterId('cluster-x'), shownHash: 'deleted' }, 'deleted'],
    ['else the earliest', { clusterId: asClusterId('cluster-x'), shownHash: undefined }, text(one)],
    ['else the earliest, where what it was shown no longer stands', { clusterId: asClusterId('cluster-x'), shownHash: asHash('0'.repeat(64)) }, text(one)],
  ])('%s', (_what, viewer, shown) => {
    expect(shownBy(row, 'Manual', viewer)).toBe(shown);
    expect(shownBy({ ...row, siblings: [...row.siblings].reverse() }, 'Manual', viewer)).toBe(shown);
  });

  test('a cluster with an own version always keeps it', () => {
    fc.assert(fc.property(reachableStates, ({ kind, rows: [state] }) => state.siblings.every((sibling) => {
      if (sibling.origin === 'operator') return true;
      const { body } = viewOf(kind, state, 'Manual', { clusterId: sibling.origin, shownHash: undefined });
      return isConflict(state) ? (body.kind === 'live' ? body.hash : body.kind) === bodyHash(sibling.body) : true;
    })));
  });
});

describe('contents that are items of their own', () => {
  const outside = (sibling: Sibling): Sibling => (sibling.body.kind === 'live' ? { ...sibling, body: { ...sibling.body, content: undefined } } : sibling);
  const row = rowOf(outside(version('a', 1, one)), version('b', 2, two), version('c', 3, 'deleted'));
  const loaded = new Map([[canonicalContent(one).hash, text(one)]]);

  test('are named, so that they can be loaded', () => {
    expect(missingContents(row)).toEqual([canonicalContent(one).hash]);
  });

  test('are shown where they are loaded', () => {
    expect(viewOf('ProxyRoute', rowOf(outside(version('a', 1, one))), 'LastWriterWins', nobody, loaded).body).toMatchObject({ content: text(one) });
    expect(viewOf('ProxyRoute', row, 'Merge', nobody, loaded).body).toMatchObject({ content: text({ spec: { a: 1, b: 2 } }) });
  });

  test('are left out where they are not, and a merge says which is missing', () => {
    expect(viewOf('ProxyRoute', rowOf(outside(version('a', 1, one))), 'Merge', nobody).body).toMatchObject({ kind: 'live', content: undefined });
    expect(() => viewOf('ProxyRoute', row, 'Merge', nobody)).toThrow(canonicalContent(one).hash);
  });
});

test('the last writer of nothing is nobody', () => {
  expect(lastWriter(emptyRow)).toBeUndefined();
});
