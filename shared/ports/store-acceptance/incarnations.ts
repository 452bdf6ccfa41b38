import { describe, expect, test } from 'vitest';
import { asLocalLog } from '../../model/ids.ts';
import type { StoreFactory } from './fixtures.ts';
import { ALPHA, BETA, GAMMA, OWN_LOG, clockAt, commitOf, create, dump, firstStart, freshStore, keyOf, rowAt, segmentOf } from './fixtures.ts';
import { zeroStamp } from '../../model/stamp.ts';

/** `startIncarnation` and `putOffLog`. */
export function describeIncarnations(factory: StoreFactory): void {
  describe('a store with nothing in it', () => {
    const store = freshStore(factory);

    test('says so everywhere', async () => {
      expect(await store().state()).toStrictEqual({
        tableId: await store().tableId(),
        seen: { others: new Map(), maxStamp: zeroStamp, floors: new Map() }, clock: undefined, local: undefined, writableUntilMs: undefined,
      });
      expect(await store().rows([keyOf(1)])).toStrictEqual(new Map());
      expect(await store().rows([])).toStrictEqual(new Map());
      expect((await store().picture([])).rows).toStrictEqual(new Map());
      expect(await store().list(undefined, 10)).toStrictEqual({ rows: new Map(), next: undefined });
      expect(await store().newestSegment(ALPHA)).toBeUndefined();
      expect(await store().segments(ALPHA, 0, 10)).toStrictEqual([]);
      expect(await store().index()).toBeUndefined();
      expect(await store().document('spec')).toBeUndefined();
    });

    test('has one identity', async () => {
      expect(await store().tableId()).toBe(await store().tableId());
    });
  });

  describe('startIncarnation', () => {
    const store = freshStore(factory);

    test('begins once where nothing was', async () => {
      expect(await store().startIncarnation(firstStart())).toBe('ok');
      const before = await dump(store());

      const another = firstStart({ clock: clockAt(5, { incarnation: BETA }), local: { log: asLocalLog('lother'), head: 3 }, others: new Map([[GAMMA, 4]]), segments: [segmentOf(BETA, 1, 5)] });

      expect(await store().startIncarnation(another)).toBe('moved');
      expect(await dump(store())).toStrictEqual(before);
    });

    test('goes on only from the clock row it was made on', async () => {
      await store().startIncarnation(firstStart());
      await store().commit(commitOf([create(keyOf(1))], 0));
      const before = await dump(store());
      const next = { clock: clockAt(0, { incarnation: BETA, closed: new Map([[ALPHA, 1]]) }), local: { log: asLocalLog('lother'), head: 0 }, others: new Map([[GAMMA, 4]]), segments: [segmentOf(ALPHA, 2, 9, [], { closes: true })] };

      expect(await store().startIncarnation({ ...next, if: { incarnation: BETA, head: 1, state: 'serving' } })).toBe('moved');
      expect(await store().startIncarnation({ ...next, if: { incarnation: ALPHA, head: 0, state: 'serving' } })).toBe('moved');
      expect(await store().startIncarnation({ ...next, if: { incarnation: ALPHA, head: 1, state: 'recovering' } })).toBe('moved');
      expect(await dump(store())).toStrictEqual(before);

      expect(await store().startIncarnation({ ...next, if: { incarnation: ALPHA, head: 1, state: 'serving' } })).toBe('ok');
      const { clock, local, seen } = await store().state();
      expect({ clock, local, others: seen.others }).toStrictEqual({ clock: next.clock, local: next.local, others: next.others });
      expect(await store().newestSegment(ALPHA)).toStrictEqual(next.segments[0]);
      expect(await store().rows([keyOf(1)])).toStrictEqual(new Map([[keyOf(1), rowAt(1)]]));
    });

    test('replaces the vector of the others, lowering it, or keeps it; stamp and floors stay', async () => {
      await store().startIncarnation(firstStart());
      const stamp = { ...zeroStamp, ms: 77 };
      await store().advance({ segments: [], from: new Map(), to: new Map([[BETA, 8], [GAMMA, 3]]), maxStamp: stamp, floors: new Map([[BETA, 2]]) });
      const condition = { incarnation: ALPHA, head: 0, state: 'serving' } as const;

      await store().startIncarnation(firstStart({ if: condition, others: undefined }));
      expect((await store().state()).seen).toStrictEqual({ others: new Map([[BETA, 8], [GAMMA, 3]]), maxStamp: stamp, floors: new Map([[BETA, 2]]) });

      await store().startIncarnation(firstStart({ if: condition, others: new Map([[BETA, 5]]) }));
      expect((await store().state()).seen).toStrictEqual({ others: new Map([[BETA, 5]]), maxStamp: stamp, floors: new Map([[BETA, 2]]) });
    });

    test('of many at once exactly one wins', async () => {
      const outcomes = await Promise.all(Array.from({ length: 10 }, (_, at) => store().startIncarnation(firstStart({ clock: clockAt(at) }))));

      expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
      expect((await store().state()).clock?.head).toBe(outcomes.indexOf('ok'));
    });
  });

  describe('putOffLog', () => {
    const store = freshStore(factory);
    const offLog = (first: number, ifHead: number, puts = [create(keyOf(1))]) => ({ puts, segment: segmentOf(OWN_LOG, first, first, puts.map((put) => put.key)), ifHead });

    test('moves row, own segment and own head together, and nothing else', async () => {
      await store().startIncarnation(firstStart());
      const before = await store().state();

      expect(await store().putOffLog(offLog(1, 0))).toBe('ok');

      expect(await store().state()).toStrictEqual({ ...before, local: { log: OWN_LOG, head: 1 } });
      expect(await store().rows([keyOf(1)])).toStrictEqual(new Map([[keyOf(1), rowAt(1)]]));
      expect(await store().segments(OWN_LOG, 0, 10)).toStrictEqual([offLog(1, 0).segment]);
    });

    test('is moved or stale and writes nothing', async () => {
      expect(await store().putOffLog(offLog(1, 0))).toBe('moved');
      await store().startIncarnation(firstStart());
      await store().putOffLog(offLog(1, 0));
      const before = await dump(store());
      const fresh = [create(keyOf(2))];

      expect(await store().putOffLog(offLog(1, 0, fresh))).toBe('moved');
      expect(await store().putOffLog(offLog(3, 2, fresh))).toBe('moved');
      expect(await store().putOffLog({ ...offLog(2, 1, fresh), segment: segmentOf(asLocalLog('lother'), 2, 2) })).toBe('moved');
      expect(await store().putOffLog(offLog(2, 1, [...fresh, create(keyOf(1))]))).toBe('stale');
      expect(await dump(store())).toStrictEqual(before);
    });

    test('is not in the way of an advance at the same time', async () => {
      await store().startIncarnation(firstStart());
      const advance = { segments: [], from: new Map(), to: new Map([[BETA, 1]]), maxStamp: zeroStamp };

      expect(await Promise.all([store().putOffLog(offLog(1, 0)), store().advance(advance)])).toStrictEqual(['ok', 'ok']);
      const { local, seen } = await store().state();
      expect({ local, others: seen.others }).toStrictEqual({ local: { log: OWN_LOG, head: 1 }, others: new Map([[BETA, 1]]) });
    });
  });
}
