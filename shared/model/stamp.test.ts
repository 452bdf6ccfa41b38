import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stamps } from './arbitraries.ts';
import { asIncarnation, asMember } from './ids.ts';
import type { Stamp, Write } from './stamp.ts';
import { MAX_CLOCK_LEAD_MS, compareStamps, compareWrites, isBelievable, laterStamp, nextStamp, zeroStamp } from './stamp.ts';

const writes: fc.Arbitrary<Write> = fc.record({
  dot: fc.record({ incarnation: fc.constantFrom('ia', 'ib').map(asIncarnation), counter: fc.integer({ min: 1, max: 3 }) }),
  stamp: stamps,
});

describe('the next stamp', () => {
  const me = asMember('me');

  test('is above everything it must be above, and not before now', () => {
    fc.assert(fc.property(fc.nat({ max: 3 }), fc.array(stamps), (nowMs, above) => {
      const next = nextStamp(me, nowMs, above);
      return next.member === me && next.ms >= nowMs && above.every((other) => compareStamps(next, other) > 0);
    }));
  });

  test('is the least such: now where that is enough, else one counter above', () => {
    fc.assert(fc.property(fc.nat({ max: 3 }), fc.array(stamps), (nowMs, above) => {
      const next = nextStamp(me, nowMs, above);
      const isNow = next.ms === nowMs && next.counter === 0;
      return isNow || above.some((other) => other.ms === next.ms && other.counter + 1 === next.counter);
    }));
  });

  test('rises with every write, though the clock stands still or goes back', () => {
    fc.assert(fc.property(fc.array(fc.nat({ max: 5 }), { minLength: 2 }), (clock) => {
      let last = zeroStamp;
      return clock.every((nowMs) => {
        const next = nextStamp(me, nowMs, [last]);
        const isAbove = compareStamps(next, last) > 0;
        last = next;
        return isAbove;
      });
    }));
  });
});

describe('order', () => {
  test('of writes is total: only equal dots with equal stamps are equal', () => {
    fc.assert(fc.property(writes, writes, writes, (a, b, c) =>
      Math.sign(compareWrites(a, b)) === -Math.sign(compareWrites(b, a))
      && (compareWrites(a, b) > 0 || compareWrites(b, c) > 0 || compareWrites(a, c) <= 0)
      && (compareWrites(a, b) === 0) === (compareStamps(a.stamp, b.stamp) === 0 && a.dot.incarnation === b.dot.incarnation && a.dot.counter === b.dot.counter)));
  });

  test('of stamps is that of time, then counter; the member has no say', () => {
    const at = (ms: number, counter: number, member = 'a'): Stamp => ({ ms, counter, member: asMember(member) });
    const inOrder = [zeroStamp, at(0, 1), at(1, 0), at(1, 9), at(2, 0)];

    expect([...inOrder].reverse().sort(compareStamps)).toEqual(inOrder);
    expect(compareStamps(at(1, 1, 'a'), at(1, 1, 'b'))).toBe(0);
  });

  test('the later of two is one of them, and none is later', () => {
    fc.assert(fc.property(stamps, stamps, (a, b) => {
      const later = laterStamp(a, b);
      return (later === a || later === b) && compareStamps(later, a) >= 0 && compareStamps(later, b) >= 0;
    }));
  });

  test('zero is before every stamp a clock gives', () => {
    fc.assert(fc.property(fc.integer({ min: 1 }), (nowMs) => compareStamps(zeroStamp, nextStamp(asMember('a'), nowMs, [])) < 0));
    expect(compareStamps(zeroStamp, nextStamp(asMember('a'), 0, [zeroStamp]))).toBeLessThan(0);
  });
});

test.each([
  [0, true], [MAX_CLOCK_LEAD_MS, true], [MAX_CLOCK_LEAD_MS + 1, false], [-MAX_CLOCK_LEAD_MS * 100, true],
])('a stamp %i ms ahead may move a clock: %s', (aheadMs, believed) => {
  const nowMs = 1_700_000_000_000;

  expect(isBelievable({ ms: nowMs + aheadMs, counter: 0, member: asMember('a') }, nowMs)).toBe(believed);
});
