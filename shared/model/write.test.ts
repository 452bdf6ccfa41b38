import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { federationAfter, programs } from './arbitraries.ts';
import type { Program } from './arbitraries.ts';
import { asClusterId, asIncarnation, asMember } from './ids.ts';
import type { Origin, Row } from './row.ts';
import { emptyRow } from './row.ts';
import { KEYS } from './toy-federation.ts';
import type { ToyFederation } from './toy-federation.ts';
import type { VersionVector } from './version-vector.ts';
import { dotKey, emptyVector } from './version-vector.ts';
import { write } from './write.ts';

const us = asIncarnation('iusxxxxxxxx');
const eu = asIncarnation('ieuxxxxxxxx');
const cluster = asClusterId('cluster-us');

/** A delete by somebody at us-west; what is written does not matter here. */
const writeAt = (row: Row | undefined, counter: number, context: VersionVector, origin: Origin = cluster, seen: VersionVector = emptyVector, incarnation = us): Row =>
  write(row, seen, {
    context, origin, dot: { incarnation, counter }, stamp: { ms: counter, counter: 0, member: asMember('us') }, body: () => ({ kind: 'deleted' }),
  }).row;
const dotsOf = (row: Row): string[] => row.siblings.map(({ dot }) => dotKey(dot));

describe('a write', () => {
  const before = writeAt(undefined, 1, emptyVector);
  const concurrent = writeAt(before, 4, emptyVector, asClusterId('cluster-eu'), emptyVector, eu);

  test('drops what its author had been shown', () => {
    expect(dotsOf(writeAt(concurrent, 2, concurrent.context))).toEqual(['iusxxxxxxxx.2']);
  });

  test('stays beside what its author had not been shown', () => {
    expect(dotsOf(writeAt(concurrent, 2, new Map([[us, 1]])))).toEqual(['ieuxxxxxxxx.4', 'iusxxxxxxxx.2']);
  });

  test('drops what its own cluster wrote, shown or not [I6]', () => {
    const row = writeAt(before, 2, emptyVector);

    expect(dotsOf(row)).toEqual(['iusxxxxxxxx.2']);
    expect(row.siblings[0]?.covers).toEqual([{ incarnation: us, counter: 1 }]);
  });

  test('remembers what its own cluster\'s last write covered, so that a third quick edit covers the first as well', () => {
    const third = writeAt(writeAt(before, 2, emptyVector), 3, emptyVector);

    expect(third.siblings[0]?.covers.map(dotKey).sort()).toEqual(['iusxxxxxxxx.1', 'iusxxxxxxxx.2']);
  });

  test('does not name among these what its author had been shown anyway', () => {
    expect(writeAt(before, 2, before.context).siblings[0]?.covers).toEqual([]);
  });

  test('stays beside an operator\'s at the same member that its cluster was not shown [I6]', () => {
    const operated = writeAt(before, 2, before.context, 'operator');

    expect(dotsOf(writeAt(operated, 3, before.context))).toEqual(['iusxxxxxxxx.2', 'iusxxxxxxxx.3']);
  });

  test('two operators are not one writer', () => {
    const first = writeAt(undefined, 1, emptyVector, 'operator');

    expect(dotsOf(writeAt(first, 2, emptyVector, 'operator'))).toEqual(['iusxxxxxxxx.1', 'iusxxxxxxxx.2']);
  });

  test('onto an absent row has seen all that the region has', () => {
    const seen = new Map([[us, 7], [eu, 9]]);
    const row = writeAt(undefined, 8, emptyVector, cluster, seen);

    expect(row.siblings[0]?.writerContext).toEqual(seen);
    expect(row.context).toEqual(new Map([[us, 8], [eu, 9]]));
  });

  test('onto a standing row is not helped by what the region has seen elsewhere', () => {
    expect(dotsOf(writeAt(concurrent, 2, emptyVector, 'operator', new Map([[us, 1], [eu, 9]])))).toEqual(['ieuxxxxxxxx.4', 'iusxxxxxxxx.1', 'iusxxxxxxxx.2']);
  });

  test('covers a version that its author was shown and that never came here', () => {
    const row = writeAt(before, 2, new Map([[us, 1], [eu, 4]]));

    expect(row.context).toEqual(new Map([[us, 2], [eu, 4]]));
  });
});

/** The writes that no other author had been shown, less the deletes that were collected: what should stand in the end. */
function expectedDots(federation: ToyFederation, key: string): string[] {
  const writes = federation.writes.filter((one) => one.key === key);
  return writes.filter(({ dot }) => !federation.collected.has(dot) && !writes.some((other) => other.knows.has(dot))).map(({ dot }) => dot).sort();
}

const standing = (federation: ToyFederation, key: (typeof KEYS)[number]): string[] =>
  (federation.replicas[0]?.rows.get(key) ?? emptyRow).siblings.map(({ dot }) => dotKey(dot)).sort();

const exact = (program: Program): void => {
  const federation = federationAfter(program).level();
  for (const key of KEYS) expect(standing(federation, key)).toEqual(expectedDots(federation, key));
};

describe('whatever the order of deliveries', () => {
  test('versions stand beside each other exactly if neither author had been shown the other [I6]', () => {
    fc.assert(fc.property(programs.map((program) => ({ ...program, steps: program.steps.filter((step) => step.do !== 'collect') })), exact));
  });

  test('collected deletes change nothing but that they are gone [I3] [I4]', () => {
    fc.assert(fc.property(programs, exact));
  });

  test('one cluster never conflicts with itself [I6]', () => {
    fc.assert(fc.property(programs, (program) => {
      const federation = federationAfter(program);
      return [...federation.rows(), ...federation.level().rows()].every(({ siblings }) => {
        const clusters = siblings.map(({ origin }) => origin).filter((origin) => origin !== 'operator');
        return new Set(clusters).size === clusters.length;
      });
    }));
  });

  test('dots are dense, unique and covered by the row they stand in [I1]', () => {
    fc.assert(fc.property(programs, (program) => {
      const { writes, replicas } = federationAfter(program);
      const all = replicas.flatMap(({ incarnation, head }) => Array.from({ length: head }, (_, at) => dotKey({ incarnation, counter: at + 1 })));
      expect(writes.map(({ dot }) => dot).sort()).toEqual(all.sort());
    }));
  });

  test('stamps of a member rise, and are above the versions its author had been shown here', () => {
    fc.assert(fc.property(programs, (program) => {
      const { writes } = federationAfter(program);
      return writes.every((one, at) => writes.slice(0, at).every((earlier) =>
        earlier.stamp.member !== one.stamp.member || earlier.stamp.ms < one.stamp.ms || (earlier.stamp.ms === one.stamp.ms && earlier.stamp.counter < one.stamp.counter)));
    }));
  });
});
