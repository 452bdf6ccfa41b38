import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { programs, reachableStates, federationAfter } from './arbitraries.ts';
import { join, sameRow, sameSiblings } from './join.ts';
import { absentRow, bodyHash, emptyRow } from './row.ts';
import type { Row } from './row.ts';
import { KEYS } from './toy-federation.ts';
import { coversDot, dotKey } from './version-vector.ts';

describe('join is a semilattice on reachable states, absent rows among them [I5]', () => {
  test('commutative', () => {
    fc.assert(fc.property(reachableStates, ({ rows: [a, b] }) => sameRow(join(a, b), join(b, a))));
  });

  test('associative', () => {
    fc.assert(fc.property(reachableStates, ({ rows: [a, b, c] }) => sameRow(join(a, join(b, c)), join(join(a, b), c))));
  });

  test('idempotent', () => {
    fc.assert(fc.property(reachableStates, ({ rows: [a, b] }) => sameRow(join(a, a), a) && sameRow(join(join(a, b), b), join(a, b))));
  });

  test('the empty row changes nothing', () => {
    fc.assert(fc.property(reachableStates, ({ rows: [a] }) => sameRow(join(a, emptyRow), a) && sameRow(join(emptyRow, a), a)));
  });

  test('any order and any repetition of deliveries ends in the same row', () => {
    fc.assert(fc.property(reachableStates, fc.array(fc.nat({ max: 2 }), { maxLength: 8 }), ({ rows }, again) => {
      const deliver = (order: readonly Row[]): Row => order.reduce(join, emptyRow);
      const late = again.map((at) => rows[at] ?? rows[0]);
      return sameRow(deliver(rows), deliver([...late, ...rows])) && sameRow(deliver(rows), deliver([...[...rows].reverse(), ...late]));
    }));
  });
});

describe('join', () => {
  test('keeps a version exactly if no side has seen it without holding it', () => {
    fc.assert(fc.property(reachableStates, ({ rows: [a, b] }) => {
      const kept = new Set(join(a, b).siblings.map(({ dot }) => dotKey(dot)));
      return [...a.siblings, ...b.siblings].every((sibling) => {
        const isSupersededBy = (row: Row): boolean => coversDot(row.context, sibling.dot) && !row.siblings.some(({ dot }) => dotKey(dot) === dotKey(sibling.dot));
        return kept.has(dotKey(sibling.dot)) === !(isSupersededBy(a) || isSupersededBy(b));
      });
    }));
  });

  test('an absent row that has seen everything drops everything', () => {
    fc.assert(fc.property(reachableStates, ({ rows: [a] }) => join(a, absentRow(a.context)).siblings.length === 0));
  });

  test('holds siblings in one order, each once, all covered by the context', () => {
    fc.assert(fc.property(reachableStates, ({ rows: [a, b] }) => {
      const { context, siblings } = join(a, b);
      const dots = siblings.map(({ dot }) => dotKey(dot));
      return new Set(dots).size === dots.length && siblings.every(({ dot }) => coversDot(context, dot)) && JSON.stringify(join(b, a).siblings.map(({ dot }) => dotKey(dot))) === JSON.stringify(dots);
    }));
  });

  test('changes neither side', () => {
    fc.assert(fc.property(reachableStates, ({ rows: [a, b] }) => {
      const before = [a, b].map((row) => [[...row.context], [...row.siblings]]);
      join(a, b);
      expect([a, b].map((row) => [[...row.context], [...row.siblings]])).toEqual(before);
    }));
  });
});

test('after everybody has heard from everybody all replicas hold equal siblings [I5]', () => {
  fc.assert(fc.property(programs, (program) => {
    const { replicas } = federationAfter(program).level();
    return KEYS.every((key) => replicas.every((replica) => sameSiblings(replica.rows.get(key) ?? emptyRow, replicas[0]?.rows.get(key) ?? emptyRow)));
  }));
});

test('equal dots are equal versions, wherever they stand [I1]', () => {
  fc.assert(fc.property(programs, (program) => {
    const hashes = new Map<string, string>();
    return federationAfter(program).rows().flatMap((row) => row.siblings).every(({ dot, body }) => {
      const known = hashes.get(dotKey(dot)) ?? bodyHash(body);
      hashes.set(dotKey(dot), known);
      return known === bodyHash(body);
    });
  }));
});
