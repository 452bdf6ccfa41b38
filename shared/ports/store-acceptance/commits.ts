import { describe, expect, test } from 'vitest';
import { asMember, asTableId } from '../../model/ids.ts';
import { MAX_COMMIT_ROWS } from '../store.ts';
import type { StoreFactory } from './fixtures.ts';
import { BETA, clockAt, commitOf, create, dump, firstStart, freshStore, keyOf, keysOf, replace, rowAt, segmentOf, ALPHA, T0_MS } from './fixtures.ts';

/** `commit` and `putRow`: what they write, and that a refused one writes nothing. */
export function describeCommits(factory: StoreFactory): void {
  describe('commit', () => {
    const store = freshStore(factory);

    test('writes rows, segment and clock row together', async () => {
      await store().startIncarnation(firstStart());
      const puts = [create(keyOf(1)), create(keyOf(2))];
      const transaction = commitOf(puts, 0, { segment: segmentOf(ALPHA, 1, 2, [keyOf(1), keyOf(2)], { requestId: 'request-1' }) });

      expect(await store().commit(transaction)).toBe('ok');

      const picture = await store().picture([keyOf(1), keyOf(2), keyOf(3)]);
      expect(picture.rows).toStrictEqual(new Map([[keyOf(1), rowAt(1)], [keyOf(2), rowAt(1)]]));
      expect(picture.clock).toStrictEqual(transaction.clock);
      expect(await store().newestSegment(ALPHA)).toStrictEqual(transaction.segment);
      expect(await store().rows([keyOf(2), keyOf(3)])).toStrictEqual(new Map([[keyOf(2), rowAt(1)]]));
    });

    test('takes as many rows as the port says, and pictures them', async () => {
      await store().startIncarnation(firstStart());
      const keys = keysOf(MAX_COMMIT_ROWS);

      expect(await store().commit(commitOf(keys.map((key) => create(key)), 0, { writableAtMs: T0_MS }))).toBe('ok');

      const picture = await store().picture(keys);
      expect([...picture.rows.keys()].sort()).toStrictEqual([...keys].sort());
      expect(picture.clock?.head).toBe(MAX_COMMIT_ROWS);
    });

    test('refuses one row more, and a row twice', async () => {
      await store().startIncarnation(firstStart());
      const before = await dump(store());
      const tooMany = keysOf(MAX_COMMIT_ROWS + 1);

      await expect(store().commit(commitOf(tooMany.map((key) => create(key)), 0))).rejects.toThrow(RangeError);
      await expect(store().picture(tooMany)).rejects.toThrow(RangeError);
      await expect(store().commit(commitOf([create(keyOf(1)), create(keyOf(1))], 0))).rejects.toThrow(RangeError);

      expect(await dump(store())).toStrictEqual(before);
    });

    test.each([
      ['one of 97 rows has another revision', (at: number) => (at === 60 ? 7 : 1)],
      ['one of 97 rows is there but should not be', (at: number) => (at === 96 ? 'absent' as const : 1)],
    ])('is stale and writes nothing when %s', async (_, conditionAt) => {
      await store().startIncarnation(firstStart());
      const keys = keysOf(MAX_COMMIT_ROWS);
      await store().commit(commitOf(keys.map((key) => create(key)), 0));
      const before = await dump(store());

      const puts = keys.map((key, at) => ({ key, next: rowAt(2), if: conditionAt(at) }));

      expect(await store().commit(commitOf(puts, MAX_COMMIT_ROWS))).toBe('stale');
      expect(await dump(store())).toStrictEqual(before);
    });

    test('is stale and writes nothing when a row that should be there is not', async () => {
      await store().startIncarnation(firstStart());
      const before = await dump(store());

      expect(await store().commit(commitOf([create(keyOf(1)), replace(keyOf(2), 1)], 0))).toBe('stale');
      expect(await store().commit(commitOf([create(keyOf(1)), { key: keyOf(2), next: 'drop', if: 3 }], 0))).toBe('stale');
      expect(await dump(store())).toStrictEqual(before);
    });

    test('is moved and writes nothing when the clock row is not the one it was made on', async () => {
      const put = [create(keyOf(1))];
      expect(await store().commit(commitOf(put, 0))).toBe('moved');
      await store().startIncarnation(firstStart());
      await store().commit(commitOf([create(keyOf(9))], 0));
      const before = await dump(store());

      expect(await store().commit(commitOf(put, 0))).toBe('moved');
      expect(await store().commit(commitOf(put, 2))).toBe('moved');
      expect(await store().commit(commitOf(put, 1, { clock: clockAt(2, { incarnation: BETA }), segment: segmentOf(BETA, 2, 2, [keyOf(1)]) }))).toBe('moved');
      expect(await store().commit(commitOf(put, 1, { clock: clockAt(2, { state: 'recovering' }) }))).toBe('moved');
      expect(await store().commit(commitOf(put, 1, { clock: clockAt(2, { tableId: asTableId('another') }) }))).toBe('moved');
      expect(await dump(store())).toStrictEqual(before);
    });

    test('refuses to write another member\'s clock row', async () => {
      const theirs = clockAt(1, { member: asMember('eu-west') });
      await expect(store().startIncarnation(firstStart({ clock: theirs }))).rejects.toThrow(RangeError);
      await store().startIncarnation(firstStart());
      const before = await dump(store());

      await expect(store().commit(commitOf([create(keyOf(1))], 0, { clock: theirs }))).rejects.toThrow(RangeError);
      expect(await dump(store())).toStrictEqual(before);
    });

    test.each(['recovering', 'left'] as const)('a region that is %s commits nothing any more', async (state) => {
      await store().startIncarnation(firstStart());
      await store().startIncarnation(firstStart({ if: { incarnation: ALPHA, head: 0, state: 'serving' }, clock: clockAt(0, { state }) }));

      expect((await store().state()).clock?.state).toBe(state);
      expect(await store().commit(commitOf([create(keyOf(1))], 0))).toBe('moved');
    });

    test('is fenced unless writable until later than asked', async () => {
      await store().startIncarnation(firstStart());
      await store().putWritableUntil(T0_MS);
      const before = await dump(store());

      expect(await store().commit(commitOf([create(keyOf(1))], 0, { writableAtMs: T0_MS }))).toBe('fenced');
      expect(await store().commit(commitOf([create(keyOf(1))], 0, { writableAtMs: T0_MS + 1 }))).toBe('fenced');
      expect(await dump(store())).toStrictEqual(before);

      expect(await store().commit(commitOf([create(keyOf(1))], 0, { writableAtMs: T0_MS - 1 }))).toBe('ok');
      expect(await store().commit(commitOf([create(keyOf(2))], 1))).toBe('ok');
      await store().putWritableUntil(undefined);
      expect(await store().commit(commitOf([create(keyOf(3))], 2, { writableAtMs: T0_MS }))).toBe('ok');
    });

    test('says moved before fenced, and fenced before stale', async () => {
      await store().startIncarnation(firstStart());
      await store().putWritableUntil(T0_MS);
      const stale = [replace(keyOf(1), 5)];

      expect(await store().commit(commitOf(stale, 3, { writableAtMs: T0_MS }))).toBe('moved');
      expect(await store().commit(commitOf(stale, 0, { writableAtMs: T0_MS }))).toBe('fenced');
      expect(await store().commit(commitOf(stale, 0))).toBe('stale');
    });

    test('drops and replaces rows, and may touch none', async () => {
      await store().startIncarnation(firstStart());
      await store().commit(commitOf([create(keyOf(1)), create(keyOf(2))], 0));

      expect(await store().commit(commitOf([{ key: keyOf(1), next: 'drop', if: 1 }, replace(keyOf(2), 1)], 2))).toBe('ok');
      expect(await store().rows([keyOf(1), keyOf(2)])).toStrictEqual(new Map([[keyOf(2), rowAt(2)]]));
      expect(await store().commit(commitOf([], 4))).toBe('ok');
      expect((await store().state()).clock?.head).toBe(5);
    });
  });

  describe('putRow', () => {
    const store = freshStore(factory);

    test('creates, replaces and drops on its condition only', async () => {
      expect(await store().putRow(replace(keyOf(1), 1))).toBe('stale');
      expect(await store().putRow(create(keyOf(1)))).toBe('ok');
      expect(await store().putRow(create(keyOf(1)))).toBe('stale');
      expect(await store().putRow(replace(keyOf(1), 1))).toBe('ok');
      expect(await store().putRow(replace(keyOf(1), 1))).toBe('stale');
      expect(await store().putRow({ key: keyOf(1), next: 'drop', if: 1 })).toBe('stale');
      expect(await store().rows([keyOf(1)])).toStrictEqual(new Map([[keyOf(1), rowAt(2)]]));

      expect(await store().putRow({ key: keyOf(1), next: 'drop', if: 2 })).toBe('ok');
      expect(await store().rows([keyOf(1)])).toStrictEqual(new Map());
      expect(await store().putRow({ key: keyOf(1), next: 'drop', if: 2 })).toBe('stale');
      expect(await store().putRow({ key: keyOf(1), next: 'drop', if: 'absent' })).toBe('ok');
      expect(await store().putRow(create(keyOf(1)))).toBe('ok');
    });

    test('touches neither log nor clock row', async () => {
      await store().startIncarnation(firstStart());
      const before = await store().state();

      await store().putRow(create(keyOf(1)));

      expect(await store().state()).toStrictEqual(before);
      expect(await store().segments(ALPHA, 0, 10)).toStrictEqual([]);
    });
  });
}
