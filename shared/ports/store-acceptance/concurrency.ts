import { describe, expect, test } from 'vitest';
import type { CommitOutcome } from '../store.ts';
import type { StoreFactory } from './fixtures.ts';
import { ALPHA, commitOf, create, firstStart, freshStore, keyOf, keysOf, rowAt, segmentOf } from './fixtures.ts';

const WRITERS = 200;
const ROUNDS = 8;

const count = <Outcome>(outcomes: readonly Outcome[], wanted: Outcome): number => outcomes.filter((outcome) => outcome === wanted).length;

/** Many at once: the right ones win, the others are told so, and nothing of them is left. */
export function describeConcurrency(factory: StoreFactory): void {
  describe('at once', () => {
    const store = freshStore(factory);

    test('200 commits of one head: one wins', async () => {
      await store().startIncarnation(firstStart());

      const outcomes = await Promise.all(keysOf(WRITERS).map((key) => store().commit(commitOf([create(key)], 0))));

      expect(count(outcomes, 'ok')).toBe(1);
      expect(count(outcomes, 'moved')).toBe(WRITERS - 1);
      const winner = keyOf(outcomes.indexOf('ok'));
      expect([...(await store().list(undefined, 1000)).rows.keys()]).toStrictEqual([winner]);
      expect(await store().segments(ALPHA, 0, 1000)).toStrictEqual([segmentOf(ALPHA, 1, 1, [winner])]);
    });

    test('200 commits that follow the head: one wins each head, and the log has no gap', async () => {
      await store().startIncarnation(firstStart());
      const won: number[] = [];

      for (let round = 0; round < ROUNDS; round += 1) {
        const writers = Array.from({ length: WRITERS / ROUNDS }, (_, at) => keyOf(round * 100 + at));
        const outcomes: CommitOutcome[] = await Promise.all(writers.map((key) => store().commit(commitOf([create(key), { key: keyOf(999), next: rowAt(round + 1), if: round === 0 ? 'absent' : round }], round * 2))));
        expect(count(outcomes, 'ok')).toBe(1);
        won.push(round * 100 + outcomes.indexOf('ok'));
      }

      const { rows, clock } = await store().picture([keyOf(999)]);
      expect(clock?.head).toBe(ROUNDS * 2);
      expect(rows.get(keyOf(999))?.local.revision).toBe(ROUNDS);
      expect([...(await store().list(undefined, 1000)).rows.keys()]).toStrictEqual([...won, 999].map(keyOf));
      expect((await store().segments(ALPHA, 0, 1000)).map(({ first, last }) => [first, last])).toStrictEqual(won.map((_, round) => [round * 2 + 1, round * 2 + 2]));
    });

    test('200 puts of one revision: one wins', async () => {
      await store().putRow(create(keyOf(1)));

      const outcomes = await Promise.all(Array.from({ length: WRITERS }, (_, at) => store().putRow({ key: keyOf(1), next: rowAt(2, at.toString()), if: 1 })));

      expect(count(outcomes, 'ok')).toBe(1);
      expect((await store().rows([keyOf(1)])).get(keyOf(1))).toStrictEqual(rowAt(2, outcomes.indexOf('ok').toString()));
    });

    test('puts, off-log changes and commits of different rows do not lose each other', async () => {
      await store().startIncarnation(firstStart());
      const puts = keysOf(60);

      const outcomes = await Promise.all(puts.map((key, at) => (at % 2 === 0 ? store().putRow(create(key)) : store().commit(commitOf([create(key)], 0)))));

      const expected = puts.filter((_, at) => outcomes[at] === 'ok');
      expect(expected).toHaveLength(31);
      expect([...(await store().list(undefined, 1000)).rows.keys()]).toStrictEqual(expected);
    });
  });
}
