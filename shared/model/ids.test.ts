import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ClockRow } from './clock-row.ts';
import { incarnationsOf, writtenBy } from './clock-row.ts';
import { NAME_LENGTH, asIncarnation, asMember, asTableId, isLocalLog, isLogName, nameFromBytes, newIncarnation, newLocalLog } from './ids.ts';
import { zeroStamp } from './stamp.ts';

const bytes = fc.uint8Array({ minLength: NAME_LENGTH, maxLength: NAME_LENGTH });

describe('log names', () => {
  test('made from random bytes are log names, and tell incarnations from local logs', () => {
    fc.assert(fc.property(bytes, (random) => {
      const [incarnation, local] = [newIncarnation(random), newLocalLog(random)];
      return isLogName(incarnation) && isLogName(local) && !isLocalLog(incarnation) && isLocalLog(local);
    }));
  });

  test('hold all of their 50 bits, so that no two are alike by chance', () => {
    fc.assert(fc.property(bytes, bytes, (a, b) => (nameFromBytes(a) === nameFromBytes(b)) === a.every((byte, at) => (byte & 31) === ((b[at] ?? 0) & 31))));
    expect(new Set(Array.from({ length: 32 }, (_, bits) => nameFromBytes(new Uint8Array(NAME_LENGTH).fill(bits)))).size).toBe(32);
  });

  test.each(['', 'i', 'iabc', 'xabcdefghij', 'Iabcdefghij', 'iabcdefghi0', 'iabcdefghi1', 'iabc:efghij', 'iabc,efghij', 'iabc.efghij', `i${'a'.repeat(33)}`, 'iabcdefghij\n', '__proto__'])('%j is none', (text) => {
    expect(isLogName(text)).toBe(false);
  });
});

describe('what a member has written', () => {
  const clock: ClockRow = {
    member: asMember('us'), incarnation: asIncarnation('icccccccccc'), closed: new Map([[asIncarnation('iaaaaaaaaaa'), 7], [asIncarnation('ibbbbbbbbbb'), 3]]),
    head: 5, hlc: zeroStamp, tableId: asTableId('t'), bridgeEpoch: 1, state: 'serving',
  };

  test('is all of its closed incarnations and the present one up to its head', () => {
    expect(writtenBy(clock)).toEqual(new Map([['iaaaaaaaaaa', 7], ['ibbbbbbbbbb', 3], ['icccccccccc', 5]]));
    expect(writtenBy({ ...clock, head: 0 })).toEqual(clock.closed);
  });

  test('is numbered by incarnations in the order they lived', () => {
    expect(incarnationsOf(clock)).toEqual(['iaaaaaaaaaa', 'ibbbbbbbbbb', 'icccccccccc']);
  });
});
