import { describe, expect, test } from 'vitest';
import type { ResourceKey } from '../../model/ids.ts';
import type { HeldRow } from '../../model/row.ts';
import type { Store } from '../store.ts';
import type { StoreFactory } from './fixtures.ts';
import { BETA, commitOf, create, deletedSibling, firstStart, freshStore, keyOf, keysOf, listAll, liveSibling, rowAt } from './fixtures.ts';

const conflictRow = (revision: number): HeldRow => rowAt(revision, '', [liveSibling(1, '{"a":1}'), liveSibling(1, '{"a":2}', BETA)]);
const agreeingRow = (revision: number): HeldRow => rowAt(revision, '', [liveSibling(1, '{"a":1}'), liveSibling(1, '{"a":1}', BETA)]);
const deletedRow = (revision: number): HeldRow => rowAt(revision, '', [deletedSibling(1), deletedSibling(1, BETA)]);
const ROWS = 150;

/** `list`, `candidates`, and that a picture is of one moment. */
export function describeReads(factory: StoreFactory): void {
  describe('list', () => {
    const store = freshStore(factory);
    const fill = async (rowOf: (at: number) => HeldRow = () => rowAt(1)): Promise<readonly ResourceKey[]> => {
      const keys = keysOf(ROWS);
      for (const [at, key] of [...keys.entries()].reverse()) await store().putRow({ key, next: rowOf(at), if: 'absent' });
      return keys;
    };

    test.each([1, 7, 50, 1000])('gives all rows in key order in pages of %d', async (limit) => {
      const keys = limit === 1 ? keysOf(20) : keysOf(ROWS);
      for (const key of keys) await store().putRow(create(key));

      const { rows, pages } = await listAll(store(), limit);

      expect([...rows.keys()]).toStrictEqual(keys);
      expect(pages).toBeLessThanOrEqual(Math.ceil(keys.length / limit) + 1);
      expect(rows.get(keyOf(3))).toStrictEqual(rowAt(1));
    });

    test('goes on after any key, there or not', async () => {
      const keys = await fill();

      expect([...(await store().list(keyOf(140), 1000)).rows.keys()]).toStrictEqual(keys.slice(141));
      expect([...(await store().list(`${keyOf(140)}-x` as ResourceKey, 3)).rows.keys()]).toStrictEqual(keys.slice(141, 144));
      expect(await store().list(keyOf(ROWS), 10)).toStrictEqual({ rows: new Map(), next: undefined });
    });

    test('candidates are the rows of one kind, in key order, by pages', async () => {
      const keys = await fill((at) => [conflictRow, deletedRow, agreeingRow, rowAt][at % 4]?.(1) ?? rowAt(1));
      const everyFourth = (from: number): readonly ResourceKey[] => keys.filter((_, at) => at % 4 === from);
      const candidates = async (kind: 'conflict' | 'delete-only', limit: number) => [...(await listAll(store(), limit, (after, most) => store().candidates(kind, after, most))).rows.keys()];

      expect(await candidates('conflict', 10)).toStrictEqual(everyFourth(0));
      expect(await candidates('delete-only', 10)).toStrictEqual(everyFourth(1));
      expect(await candidates('delete-only', 1000)).toStrictEqual(everyFourth(1));
      expect((await store().candidates('conflict', undefined, 1)).rows).toStrictEqual(new Map([[keyOf(0), conflictRow(1)]]));
    });

    test('a row stops being a candidate when it changes or goes', async () => {
      const found = async (): Promise<number> => (await store().candidates('conflict', undefined, 10)).rows.size + (await store().candidates('delete-only', undefined, 10)).rows.size;
      await store().putRow({ key: keyOf(1), next: conflictRow(1), if: 'absent' });
      await store().putRow({ key: keyOf(2), next: deletedRow(1), if: 'absent' });
      expect(await found()).toBe(2);

      await store().putRow({ key: keyOf(1), next: deletedRow(2), if: 1 });
      expect([...(await store().candidates('delete-only', undefined, 10)).rows.keys()]).toStrictEqual([keyOf(1), keyOf(2)]);
      await store().putRow({ key: keyOf(1), next: agreeingRow(3), if: 2 });
      await store().putRow({ key: keyOf(2), next: 'drop', if: 1 });
      expect(await found()).toBe(0);
    });

    test('rows takes more keys than a picture', async () => {
      const keys = await fill();

      expect((await store().rows([...keys, keyOf(900)])).size).toBe(ROWS);
      expect((await store().rows([keyOf(1), keyOf(1)])).size).toBe(1);
    });
  });

  describe('picture', () => {
    const store = freshStore(factory);

    test('never shows a commit by halves', async () => {
      const keys = [keyOf(1), keyOf(2), keyOf(3)];
      await store().startIncarnation(firstStart());
      await store().commit(commitOf(keys.map((key) => create(key)), 0));
      let isWriting = true;

      const write = async (): Promise<void> => {
        for (let revision = 1; revision <= 40; revision += 1) {
          const puts = keys.map((key) => ({ key, next: rowAt(revision + 1), if: revision }));
          expect(await store().commit(commitOf(puts, revision * keys.length))).toBe('ok');
        }
        isWriting = false;
      };
      const watch = async (): Promise<void> => {
        while (isWriting) await expectWhole(store(), keys);
      };

      await Promise.all([write(), watch(), watch()]);
      await expectWhole(store(), keys);
    });
  });
}

async function expectWhole(store: Store, keys: readonly ResourceKey[]): Promise<void> {
  const picture = await store.picture(keys);
  const revisions = keys.map((key) => picture.rows.get(key)?.local.revision ?? 0);
  expect(new Set(revisions).size).toBe(1);
  expect(picture.clock?.head).toBe((revisions[0] ?? 0) * keys.length);
  // What is read after a picture is at least as new.
  expect((await store.rows(keys)).get(keyOf(1))?.local.revision).toBeGreaterThanOrEqual(revisions[0] ?? 0);
}
