import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { asIncarnation } from './ids.ts';
import type { LogSegment } from './log.ts';
import { areContiguous, reachedBy, segmentAfter, touchedKeys } from './log.ts';
import { resourceKey } from './resource-key.ts';
import { counterOf } from './version-vector.ts';

const log = asIncarnation('iaxxxxxxxxx');
const key = (name: number): ReturnType<typeof resourceKey> => resourceKey({ group: '', kind: 'Secret', namespace: 'a', name: `n${name.toString()}` });
const segment = (first: number, last: number): LogSegment => ({
  log, first, last, committedAtMs: first, requestId: undefined, closes: false,
  entries: Array.from({ length: last - first + 1 }, (_, at) => ({ counter: first + at, key: key((first + at) % 3) })),
});

/** Segments in the order of their beginnings, as a store returns them: with gaps, overlaps and repetitions. */
const segments: fc.Arbitrary<readonly LogSegment[]> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat({ max: 3 })), { maxLength: 8 })
  .map((ranges) => ranges.sort(([a], [b]) => a - b).map(([first, more]) => segment(first, first + more)));

/** The counters that segments and what is below `since` make up. */
const countersOf = (all: readonly LogSegment[], since: number): Set<number> =>
  new Set([...Array.from({ length: since }, (_, at) => at + 1), ...all.flatMap(({ entries }) => entries.map(({ counter }) => counter))]);

describe('segments', () => {
  test('join up exactly if no counter is missing below the greatest', () => {
    fc.assert(fc.property(segments, fc.nat({ max: 12 }), (all, since) => {
      const counters = countersOf(all, since);
      expect(areContiguous(all, since)).toBe(counters.size === Math.max(0, ...counters));
    }));
  });

  test('that join up bring a follower to the greatest', () => {
    fc.assert(fc.property(segments, fc.nat({ max: 12 }), (all, since) => {
      fc.pre(areContiguous(all, since));
      expect(counterOf(reachedBy(all, since > 0 ? new Map([[log, since]]) : new Map()), log)).toBe(Math.max(0, ...countersOf(all, since)));
    }));
  });

  test.each<[string, readonly LogSegment[], number, boolean]>([
    ['none', [], 7, true],
    ['the next', [segment(8, 9)], 7, true],
    ['one that begins before', [segment(3, 9)], 7, true],
    ['one that is known', [segment(3, 5)], 7, true],
    ['a gap at the beginning', [segment(9, 9)], 7, false],
    ['a gap in between', [segment(8, 9), segment(11, 12)], 7, false],
    ['a gap that a known one seems to close', [segment(8, 9), segment(3, 5), segment(11, 12)], 7, false],
    ['a closing of an incarnation, without entries', [{ ...segment(8, 20), entries: [], closes: true }], 7, true],
  ])('%s', (_what, all, since, contiguous) => {
    expect(areContiguous(all, since)).toBe(contiguous);
  });

  test('of one log move that log only', () => {
    const other = asIncarnation('ibxxxxxxxxx');

    expect(reachedBy([segment(1, 4)], new Map([[other, 9]]))).toEqual(new Map([[other, 9], [log, 4]]));
    expect(reachedBy([segment(1, 4)], new Map([[log, 9]]))).toEqual(new Map([[log, 9]]));
  });
});

describe('what of a segment is new', () => {
  test('is the counters beyond, with their entries', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 9 }), fc.nat({ max: 5 }), fc.nat({ max: 16 }), (first, more, since) => {
      const rest = segmentAfter(segment(first, first + more), since);
      const counters = segment(first, first + more).entries.map(({ counter }) => counter).filter((counter) => counter > since);
      expect(rest?.entries.map(({ counter }) => counter) ?? []).toEqual(counters);
      expect(rest === undefined ? undefined : [rest.first, rest.last]).toEqual(counters.length === 0 ? undefined : [counters[0], first + more]);
    }));
  });

  test('of a closing is its end, though it has no entries', () => {
    const closing = { ...segment(3, 9), entries: [], closes: true };

    expect(segmentAfter(closing, 5)).toEqual({ ...closing, first: 6 });
    expect(segmentAfter(closing, 9)).toBeUndefined();
  });
});

test('touched resources are named once each, in the order of their first touch', () => {
  expect(touchedKeys([segment(2, 6), segment(7, 8)])).toEqual([key(2), key(0), key(1)]);
});
