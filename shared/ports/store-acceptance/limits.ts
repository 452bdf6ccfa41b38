import { describe, expect, test } from 'vitest';
import { contentOf } from '../../model/content.ts';
import type { HeldRow } from '../../model/row.ts';
import { MAX_COMMIT_BYTES, MAX_CONTENT_BYTES, MAX_ROW_BYTES, TooLargeError } from '../store.ts';
import { fullRow } from './full-row.ts';
import type { StoreFactory } from './fixtures.ts';
import { OWN_LOG, commitOf, create, dump, firstStart, freshStore, keyOf, keysOf, liveSibling, rowAt, segmentOf } from './fixtures.ts';
import { TEXTS, incompressible } from './texts.ts';

/** Six bits a letter: this many letters compress to about this many bytes. */
const lettersFor = (bytes: number): number => Math.floor((bytes * 8) / 6);

async function refusal(attempt: Promise<unknown>): Promise<TooLargeError> {
  const error: unknown = await attempt.then(() => undefined, (reason: unknown) => reason);
  if (!(error instanceof TooLargeError)) throw new Error(`not refused as too large: ${String(error)}`);
  return error;
}

/** What rows can hold, and what they cannot. */
export function describeLimits(factory: StoreFactory): void {
  describe('rows', () => {
    const store = freshStore(factory);

    test.each(TEXTS)('hold any text: %s', async (_, text) => {
      const siblings = [liveSibling(1, text), liveSibling(2, `${text}!`)];
      await store().putRow({ key: keyOf(1), next: rowAt(1, '', siblings), if: 'absent' });

      expect((await store().rows([keyOf(1)])).get(keyOf(1))).toStrictEqual(rowAt(1, '', siblings));
    });

    test('hold every part a row can have', async () => {
      await store().startIncarnation(firstStart());
      expect(await store().commit(commitOf([{ key: keyOf(1), next: fullRow(1), if: 'absent' }], 0))).toBe('ok');

      expect((await store().picture([keyOf(1)])).rows.get(keyOf(1))).toStrictEqual(fullRow(1));
      expect((await store().list(undefined, 1)).rows.get(keyOf(1))).toStrictEqual(fullRow(1));
    });

    test('hold revisions up to 2^53', async () => {
      const row: HeldRow = rowAt(Number.MAX_SAFE_INTEGER);
      await store().putRow({ key: keyOf(1), next: row, if: 'absent' });

      expect(await store().putRow({ key: keyOf(1), next: 'drop', if: Number.MAX_SAFE_INTEGER - 1 })).toBe('stale');
      expect((await store().rows([keyOf(1)])).get(keyOf(1))).toStrictEqual(row);
    });

    test('close below the limit are stored', async () => {
      const row = rowAt(1, incompressible(lettersFor(MAX_ROW_BYTES * 0.97)));

      expect(await store().putRow({ key: keyOf(1), next: row, if: 'absent' })).toBe('ok');
      expect((await store().rows([keyOf(1)])).get(keyOf(1))).toStrictEqual(row);
    });
  });

  describe('what is too large', () => {
    const store = freshStore(factory);
    const huge = create(keyOf(5), incompressible(lettersFor(MAX_ROW_BYTES * 1.05)));

    test('is a row over its limit: refused with name and size, whichever way it comes', async () => {
      await store().startIncarnation(firstStart());
      const before = await dump(store());

      const errors = [
        await refusal(store().putRow(huge)),
        await refusal(store().commit(commitOf([create(keyOf(1)), huge, create(keyOf(2))], 0))),
        await refusal(store().putOffLog({ puts: [huge], segment: segmentOf(OWN_LOG, 1, 1, [keyOf(5)]), ifHead: 0 })),
      ];

      for (const error of errors) {
        expect(error.key).toBe(keyOf(5));
        expect(error.bytes).toBeGreaterThan(MAX_ROW_BYTES);
        expect(error.bytes).toBeLessThan(MAX_ROW_BYTES * 1.15);
        expect(error.message).toContain(keyOf(5));
      }
      expect(await dump(store())).toStrictEqual(before);
    });

    test('is a transaction over its limit: refused with the largest row', async () => {
      await store().startIncarnation(firstStart());
      const before = await dump(store());
      const puts = keysOf(12).map((key, at) => create(key, incompressible(lettersFor(at === 7 ? 330_000 : 310_000), at)));

      const error = await refusal(store().commit(commitOf(puts, 0)));

      expect(error.key).toBe(keyOf(7));
      expect(error.bytes).toBeGreaterThan(MAX_COMMIT_BYTES);
      expect(await dump(store())).toStrictEqual(before);
    });

    test('is not a transaction just below it', async () => {
      await store().startIncarnation(firstStart());
      const puts = keysOf(11).map((key, at) => create(key, incompressible(lettersFor(310_000), at)));

      expect(await store().commit(commitOf(puts, 0))).toBe('ok');
      expect((await store().picture(keysOf(11))).rows.size).toBe(11);
    });

    test('is a content over its limit', async () => {
      const text = incompressible(lettersFor(MAX_CONTENT_BYTES * 1.05));

      const error = await refusal(store().putContent(keyOf(1), contentOf(text).hash, text));

      expect(error.key).toBe(keyOf(1));
      expect(error.bytes).toBeGreaterThan(MAX_CONTENT_BYTES);
      expect(await store().content(keyOf(1), contentOf(text).hash)).toBeUndefined();
    });

    test('is a document over its limit', async () => {
      const error = await refusal(store().putDocument('spec', incompressible(lettersFor(MAX_ROW_BYTES * 1.05)), undefined));

      expect(error.key).toContain('spec');
      expect(error.bytes).toBeGreaterThan(MAX_ROW_BYTES);
      expect(await store().document('spec')).toBeUndefined();
    });

    test('is not a content that compresses below it', async () => {
      const text = JSON.stringify(Array.from({ length: 40_000 }, (_, at) => ({ name: `endpoint-${(at % 50).toString()}`, port: 8080 })));

      await store().putContent(keyOf(1), contentOf(text).hash, text);

      expect(await store().content(keyOf(1), contentOf(text).hash)).toBe(text);
    });
  });
}
