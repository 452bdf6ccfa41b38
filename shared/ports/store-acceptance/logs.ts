import { describe, expect, test } from 'vitest';
import type { Stamp } from '../../model/stamp.ts';
import { zeroStamp } from '../../model/stamp.ts';
import { MAX_ADVANCE_SEGMENTS } from '../store.ts';
import type { StoreFactory } from './fixtures.ts';
import { ALPHA, ALPHABET, BETA, GAMMA, MEMBER, dump, freshStore, keyOf, keysOf, segmentOf } from './fixtures.ts';

const stampAt = (ms: number, counter = 0): Stamp => ({ ms, counter, member: MEMBER });
const STEP = { segments: [], from: new Map<never, number>(), maxStamp: zeroStamp };

/** `advance`, segments, floors. */
export function describeLogs(factory: StoreFactory): void {
  describe('advance', () => {
    const store = freshStore(factory);

    test('moves segments, vector, stamp and floors together', async () => {
      const segments = [segmentOf(BETA, 1, 3, keysOf(3)), segmentOf(GAMMA, 1, 1, [keyOf(1)])];

      expect(await store().advance({ segments, from: new Map(), to: new Map([[BETA, 3], [GAMMA, 1]]), maxStamp: stampAt(5), floors: new Map([[GAMMA, 1]]) })).toBe('ok');

      expect((await store().state()).seen).toStrictEqual({ others: new Map([[BETA, 3], [GAMMA, 1]]), maxStamp: stampAt(5), floors: new Map([[GAMMA, 1]]) });
      expect(await store().segments(BETA, 0, 10)).toStrictEqual([segments[0]]);
      expect(await store().newestSegment(GAMMA)).toStrictEqual(segments[1]);
    });

    test('asks every log it moves to be where the page began, and no other', async () => {
      await store().advance({ ...STEP, to: new Map([[BETA, 3], [GAMMA, 1]]) });
      const before = await dump(store());
      const segments = [segmentOf(BETA, 4, 5)];

      expect(await store().advance({ ...STEP, segments, from: new Map([[BETA, 2]]), to: new Map([[BETA, 5]]) })).toBe('moved');
      expect(await store().advance({ ...STEP, segments, from: new Map(), to: new Map([[BETA, 5]]) })).toBe('moved');
      expect(await store().advance({ ...STEP, segments, from: new Map([[BETA, 3], [GAMMA, 2]]), to: new Map([[BETA, 5], [GAMMA, 4]]) })).toBe('moved');
      expect(await store().advance({ ...STEP, segments, from: new Map([[BETA, 3], [ALPHA, 1]]), to: new Map([[BETA, 5], [ALPHA, 2]]) })).toBe('moved');
      expect(await dump(store())).toStrictEqual(before);

      expect(await store().advance({ ...STEP, segments, from: new Map([[BETA, 3], [GAMMA, 9]]), to: new Map([[BETA, 5]]) })).toBe('ok');
      expect((await store().state()).seen.others).toStrictEqual(new Map([[BETA, 5], [GAMMA, 1]]));
    });

    test('never lowers the stamp or a floor', async () => {
      const advance = (from: number, maxStamp: Stamp, floor: number) =>
        store().advance({ segments: [], from: new Map([[BETA, from]]), to: new Map([[BETA, from + 1]]), maxStamp, floors: new Map([[BETA, floor]]) });

      await advance(0, stampAt(5, 2), 3);
      await advance(1, stampAt(5, 1), 2);
      expect((await store().state()).seen).toStrictEqual({ others: new Map([[BETA, 2]]), maxStamp: stampAt(5, 2), floors: new Map([[BETA, 3]]) });

      await advance(2, stampAt(5, 3), 4);
      await advance(3, stampAt(6, 0), 4);
      await advance(4, stampAt(4, 9), 1);
      expect((await store().state()).seen).toStrictEqual({ others: new Map([[BETA, 5]]), maxStamp: stampAt(6, 0), floors: new Map([[BETA, 4]]) });
    });

    test('of different logs at once all win, with the greatest stamp of all', async () => {
      const logs = [ALPHA, ALPHABET, BETA, GAMMA];

      const outcomes = await Promise.all(logs.map((log, at) => store().advance({ ...STEP, segments: [segmentOf(log, 1, 2)], to: new Map([[log, 2]]), maxStamp: stampAt([7, 3, 9, 4][at] ?? 0) })));

      expect(outcomes).toStrictEqual(['ok', 'ok', 'ok', 'ok']);
      expect((await store().state()).seen).toStrictEqual({ others: new Map(logs.map((log) => [log, 2])), maxStamp: stampAt(9), floors: new Map() });
    });

    test('of one log at once exactly one wins', async () => {
      const outcomes = await Promise.all(Array.from({ length: 20 }, (_, at) => store().advance({ ...STEP, segments: [segmentOf(BETA, 1, at + 1)], to: new Map([[BETA, at + 1]]) })));

      expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
      const reached = outcomes.indexOf('ok') + 1;
      expect((await store().state()).seen.others).toStrictEqual(new Map([[BETA, reached]]));
      expect(await store().segments(BETA, 0, 100)).toStrictEqual([segmentOf(BETA, 1, reached)]);
    });

    test('takes as many segments as the port says, and refuses one more', async () => {
      const segments = Array.from({ length: MAX_ADVANCE_SEGMENTS }, (_, at) => segmentOf(BETA, at + 1, at + 1, [keyOf(at)]));

      await expect(store().advance({ ...STEP, segments: [...segments, segmentOf(BETA, 91, 91)], to: new Map([[BETA, 91]]) })).rejects.toThrow(RangeError);
      expect(await store().segments(BETA, 0, 1000)).toStrictEqual([]);
      expect(await store().advance({ ...STEP, segments, to: new Map([[BETA, MAX_ADVANCE_SEGMENTS]]) })).toBe('ok');
      expect(await store().segments(BETA, 0, 1000)).toStrictEqual(segments);
    });
  });

  describe('segments', () => {
    const store = freshStore(factory);

    test('come in order, beyond where is asked, up to the limit, of one log only', async () => {
      const segments = [segmentOf(ALPHA, 1, 9, keysOf(9)), segmentOf(ALPHA, 10, 10), segmentOf(ALPHA, 11, 100, [], { closes: true, requestId: 'r-1' })];
      await store().advance({ ...STEP, segments: [...segments].reverse(), to: new Map([[ALPHA, 100]]) });
      await store().advance({ ...STEP, segments: [segmentOf(ALPHABET, 1, 50)], to: new Map([[ALPHABET, 50]]) });

      expect(await store().segments(ALPHA, 0, 10)).toStrictEqual(segments);
      expect(await store().segments(ALPHA, 0, 2)).toStrictEqual(segments.slice(0, 2));
      expect(await store().segments(ALPHA, 8, 10)).toStrictEqual(segments);
      expect(await store().segments(ALPHA, 9, 10)).toStrictEqual(segments.slice(1));
      expect(await store().segments(ALPHA, 50, 10)).toStrictEqual(segments.slice(2));
      expect(await store().segments(ALPHA, 100, 10)).toStrictEqual([]);
      expect(await store().newestSegment(ALPHA)).toStrictEqual(segments[2]);
      expect(await store().newestSegment(ALPHABET)).toStrictEqual(segmentOf(ALPHABET, 1, 50));
    });

    test('that end alike stand beside each other, the longer first; the same one again is one', async () => {
      const [long, short] = [segmentOf(BETA, 1, 10, keysOf(10)), segmentOf(BETA, 6, 10, keysOf(5))];
      await store().advance({ ...STEP, segments: [long], to: new Map([[BETA, 5]]) });
      await store().advance({ ...STEP, segments: [short], from: new Map([[BETA, 5]]), to: new Map([[BETA, 10]]) });
      await store().advance({ ...STEP, segments: [long], from: new Map([[BETA, 10]]), to: new Map([[BETA, 10]]) });

      expect(await store().segments(BETA, 0, 10)).toStrictEqual([long, short]);

      // The longer may come later: after a restore the vector is lower than the segments that are there.
      await store().advance({ ...STEP, segments: [{ ...short, log: GAMMA }, { ...long, log: GAMMA }, segmentOf(GAMMA, 8, 10)], to: new Map([[GAMMA, 10]]) });
      expect((await store().segments(GAMMA, 0, 10)).map(({ first }) => first)).toStrictEqual([1, 6, 8]);
    });

    test('hold counters up to 2^53', async () => {
      const last = Number.MAX_SAFE_INTEGER;
      const huge = segmentOf(BETA, last - 1, last, [keyOf(1), keyOf(2)]);

      await store().advance({ ...STEP, segments: [huge, segmentOf(BETA, 2, 3)], to: new Map([[BETA, last]]), maxStamp: stampAt(last - 1, 2) });

      expect(await store().segments(BETA, last - 1, 10)).toStrictEqual([huge]);
      expect(await store().newestSegment(BETA)).toStrictEqual(huge);
      const { seen } = await store().state();
      expect(seen).toStrictEqual({ others: new Map([[BETA, last]]), maxStamp: stampAt(last - 1, 2), floors: new Map() });
      expect(await store().advance({ ...STEP, from: new Map([[BETA, last - 1]]), to: new Map([[BETA, last]]) })).toBe('moved');
    });

    test('come back in full where there are more than a page holds', async () => {
      for (let from = 0; from < 360; from += 90) {
        const segments = Array.from({ length: 90 }, (_, at) => segmentOf(BETA, from + at + 1, from + at + 1, keysOf(40)));
        await store().advance({ ...STEP, segments, from: new Map([[BETA, from]]), to: new Map([[BETA, from + 90]]) });
      }

      const found = await store().segments(BETA, 10, 1000);

      expect(found.map((segment) => segment.last)).toStrictEqual(Array.from({ length: 350 }, (_, at) => at + 11));
    });
  });

  describe('floors', () => {
    const store = freshStore(factory);

    test('only rise, each log for itself', async () => {
      await store().moveFloor(BETA, 5);
      await store().moveFloor(BETA, 3);
      await store().moveFloor(GAMMA, 1);

      expect((await store().state()).seen.floors).toStrictEqual(new Map([[BETA, 5], [GAMMA, 1]]));
    });

    test('let segments go that lie wholly below, as many as asked', async () => {
      const segments = [segmentOf(BETA, 1, 2), segmentOf(BETA, 3, 4), segmentOf(BETA, 5, 6), segmentOf(BETA, 7, 8)];
      await store().advance({ ...STEP, segments: [...segments, segmentOf(GAMMA, 1, 2)], to: new Map([[BETA, 8], [GAMMA, 2]]) });
      expect(await store().dropSegmentsBelowFloor(BETA, 10)).toBe(0);
      await store().moveFloor(BETA, 5);

      expect(await store().dropSegmentsBelowFloor(BETA, 1)).toBe(1);
      expect(await store().segments(BETA, 0, 10)).toStrictEqual(segments.slice(1));
      expect(await store().dropSegmentsBelowFloor(BETA, 10)).toBe(1);
      expect(await store().dropSegmentsBelowFloor(BETA, 10)).toBe(0);
      expect(await store().segments(BETA, 0, 10)).toStrictEqual(segments.slice(2));
      expect(await store().segments(GAMMA, 0, 10)).toStrictEqual([segmentOf(GAMMA, 1, 2)]);
    });

    test('drop more than a batch', async () => {
      for (let from = 0; from < 180; from += 90) {
        await store().advance({ ...STEP, segments: Array.from({ length: 90 }, (_, at) => segmentOf(BETA, from + at + 1, from + at + 1)), from: new Map([[BETA, from]]), to: new Map([[BETA, from + 90]]) });
      }
      await store().moveFloor(BETA, 170);

      expect(await store().dropSegmentsBelowFloor(BETA, 1000)).toBe(170);
      expect((await store().segments(BETA, 0, 1000)).map((segment) => segment.first)).toStrictEqual([171, 172, 173, 174, 175, 176, 177, 178, 179, 180]);
    });
  });
}
