import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { vectors } from './arbitraries.ts';
import { asIncarnation } from './ids.ts';
import type { Dot, VersionVector } from './version-vector.ts';
import {
  compareDots, counterOf, covers, coversDot, emptyVector, meetVectors, mergeVectors, sameDot, sameVector, sortedEntries, withCounter, withDot,
} from './version-vector.ts';

const law = <Values extends [unknown, ...unknown[]]>(arbitraries: { [At in keyof Values]: fc.Arbitrary<Values[At]> }, holds: (...values: Values) => boolean): void => {
  fc.assert(fc.property(...arbitraries, holds));
};
const dots: fc.Arbitrary<Dot> = fc.record({ incarnation: fc.constantFrom('iaxxxxxxxxx', 'ibxxxxxxxxx').map(asIncarnation), counter: fc.integer({ min: 1, max: 5 }) });
const same = (a: VersionVector, b: VersionVector): boolean => JSON.stringify(sortedEntries(a)) === JSON.stringify(sortedEntries(b));

describe('version vectors are a lattice', () => {
  test('merge is commutative, associative and idempotent, with the empty vector as its zero', () => {
    law([vectors, vectors, vectors], (a, b, c) =>
      same(mergeVectors(a, b), mergeVectors(b, a))
      && same(mergeVectors(a, mergeVectors(b, c)), mergeVectors(mergeVectors(a, b), c))
      && same(mergeVectors(a, a), a)
      && same(mergeVectors(a, emptyVector), a));
  });

  test('meet is commutative, associative and idempotent', () => {
    law([vectors, vectors, vectors], (a, b, c) =>
      same(meetVectors(a, b), meetVectors(b, a)) && same(meetVectors(a, meetVectors(b, c)), meetVectors(meetVectors(a, b), c)) && same(meetVectors(a, a), a));
  });

  test('merge and meet absorb each other', () => {
    law([vectors, vectors], (a, b) => same(mergeVectors(a, meetVectors(a, b)), a) && same(meetVectors(a, mergeVectors(a, b)), a));
  });

  test('covers is the order of the lattice', () => {
    law([vectors, vectors], (a, b) => covers(a, b) === same(mergeVectors(a, b), a) && covers(a, b) === same(meetVectors(a, b), b));
  });

  test('the merge is the least that covers both, the meet the greatest that both cover', () => {
    law([vectors, vectors, vectors], (a, b, c) => {
      const merged = mergeVectors(a, b);
      const met = meetVectors(a, b);
      return covers(merged, a) && covers(merged, b) && covers(a, met) && covers(b, met)
        && (!(covers(c, a) && covers(c, b)) || covers(c, merged)) && (!(covers(a, c) && covers(b, c)) || covers(met, c));
    });
  });
});

describe('entries', () => {
  test('are never zero, so that equal vectors have equal entries', () => {
    law([vectors, vectors], (a, b) => [...mergeVectors(a, b), ...meetVectors(a, b)].every(([, counter]) => counter > 0) && sameVector(a, b) === same(a, b));
  });

  test('a dot is covered exactly up to its counter', () => {
    law([vectors, dots], (vector, dot) => {
      const counter = counterOf(vector, dot.incarnation);
      return coversDot(vector, dot) === (dot.counter <= counter) && counterOf(withDot(vector, dot), dot.incarnation) === Math.max(counter, dot.counter);
    });
  });

  test('adding changes one log and never the vector it was added to', () => {
    law([vectors, dots], (vector, dot) => {
      const before = JSON.stringify([...vector]);
      const after = withCounter(vector, dot.incarnation, dot.counter);
      return JSON.stringify([...vector]) === before && [...vector].every(([log, counter]) => log === dot.incarnation || counterOf(after, log) === counter);
    });
  });

  test('operations leave their arguments as they were', () => {
    law([vectors, vectors], (a, b) => {
      const before = JSON.stringify([[...a], [...b]]);
      mergeVectors(a, b);
      meetVectors(a, b);
      return JSON.stringify([[...a], [...b]]) === before;
    });
  });
});

test('dots have a total order in which only equal dots are equal', () => {
  law([dots, dots, dots], (a, b, c) =>
    Math.sign(compareDots(a, b)) === -Math.sign(compareDots(b, a))
    && (compareDots(a, b) === 0) === sameDot(a, b)
    && (compareDots(a, b) > 0 || compareDots(b, c) > 0 || compareDots(a, c) <= 0));
});

test('the printed form does not depend on the order of insertion', () => {
  const [a, b] = [asIncarnation('iaxxxxxxxxx'), asIncarnation('ibxxxxxxxxx')];

  expect(sortedEntries(new Map([[b, 1], [a, 2]]))).toEqual([[a, 2], [b, 1]]);
});
