import { describe, expect, test } from 'vitest';
import type { Json } from '../../model/content.ts';
import { contentOf } from '../../model/content.ts';
import { BUCKETS, DIGEST_BYTES, emptyLeaves } from '../../model/merkle.ts';
import { MAX_INDEX_BUCKETS } from '../store.ts';
import type { StoreFactory } from './fixtures.ts';
import { ALPHA, dump, freshStore, keyOf, T0_MS } from './fixtures.ts';
import { TEXTS } from './texts.ts';

/** Contents of their own, documents, the fence, the Merkle index. */
export function describeItems(factory: StoreFactory): void {
  describe('contents', () => {
    const store = freshStore(factory);

    test.each(TEXTS)('come back as they were: %s', async (_, text) => {
      const { hash } = contentOf(text);
      await store().putContent(keyOf(1), hash, text);
      await store().putContent(keyOf(1), hash, text);

      expect(await store().content(keyOf(1), hash)).toBe(text);
      expect(await store().content(keyOf(2), hash)).toBeUndefined();
    });

    test('are swept but for those named, each resource for itself', async () => {
      const [a, b, c] = [contentOf('{"a":1}'), contentOf('{"b":1}'), contentOf('{"c":1}')];
      for (const { hash, text } of [a, b, c]) await store().putContent(keyOf(1), hash, text);
      await store().putContent(keyOf(2), a.hash, a.text);

      await store().sweepContents(keyOf(1), [b.hash, contentOf('never put').hash]);
      expect(await Promise.all([a, b, c].map(({ hash }) => store().content(keyOf(1), hash)))).toStrictEqual([undefined, b.text, undefined]);
      expect(await store().content(keyOf(2), a.hash)).toBe(a.text);

      await store().sweepContents(keyOf(1), []);
      await store().sweepContents(keyOf(1), []);
      expect(await store().content(keyOf(1), b.hash)).toBeUndefined();
    });
  });

  describe('documents', () => {
    const store = freshStore(factory);

    test('change on their condition only, and every change raises the revision', async () => {
      expect(await store().putDocument('spec', { a: 1 }, 3)).toBe('stale');
      expect(await store().putDocument('spec', { a: 1 }, 'absent')).toBe('ok');
      const first = await store().document('spec');
      expect(first?.value).toStrictEqual({ a: 1 });
      expect(await store().putDocument('spec', { a: 2 }, 'absent')).toBe('stale');
      expect(await store().putDocument('spec', { a: 2 }, (first?.revision ?? 0) + 1)).toBe('stale');
      expect(await store().document('spec')).toStrictEqual(first);

      expect(await store().putDocument('spec', { a: 2 }, first?.revision)).toBe('ok');
      expect(await store().putDocument('spec', { a: 3 }, undefined)).toBe('ok');
      const last = await store().document('spec');
      expect(last?.value).toStrictEqual({ a: 3 });
      expect(last?.revision).toBeGreaterThan((first?.revision ?? 0) + 1);

      await store().dropDocument('spec');
      await store().dropDocument('spec');
      expect(await store().document('spec')).toBeUndefined();
      expect(await store().putDocument('spec', null, 'absent')).toBe('ok');
    });

    test('are found by the beginning of their name', async () => {
      for (const name of ['exception/a', 'exception/b', 'exceptional', 'other', 'exception']) await store().putDocument(name, { name }, undefined);

      expect([...(await store().documents('exception/')).keys()]).toStrictEqual(['exception/a', 'exception/b']);
      expect((await store().documents('exception/')).get('exception/b')?.value).toStrictEqual({ name: 'exception/b' });
      expect((await store().documents('')).size).toBe(5);
      expect(await store().documents('none')).toStrictEqual(new Map());
    });

    test('hold whatever JSON can say', async () => {
      const values: readonly Json[] = [null, true, -1.5, '', [], {}, [null, [1]], { ключ: '✓ 😀', '': { deep: [{ a: 'b\u0000' }] } }, 'x'.repeat(100_000), Object.fromEntries(TEXTS)];
      for (const [at, value] of values.entries()) {
        await store().putDocument(`value/${at.toString()}`, value, 'absent');
        expect((await store().document(`value/${at.toString()}`))?.value).toStrictEqual(value);
      }
    });

    test('of many writers at once exactly one wins', async () => {
      const outcomes = await Promise.all(Array.from({ length: 20 }, (_, at) => store().putDocument('spec', at, 'absent')));

      expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
      expect((await store().document('spec'))?.value).toBe(outcomes.indexOf('ok'));
    });
  });

  describe('the fence', () => {
    const store = freshStore(factory);

    test('is where it was put, or nowhere', async () => {
      await store().putWritableUntil(T0_MS);
      expect((await store().state()).writableUntilMs).toBe(T0_MS);
      await store().putWritableUntil(0);
      expect((await store().picture([])).writableUntilMs).toBe(0);
      await store().putWritableUntil(undefined);
      expect((await store().state()).writableUntilMs).toBeUndefined();
    });
  });

  describe('the index', () => {
    const store = freshStore(factory);
    const entriesOf = (number: number) => [
      { key: keyOf(number), keyHash: number.toString(16).padStart(16, '0'), digest: 'ff'.repeat(DIGEST_BYTES) },
      { key: keyOf(1), keyHash: 'f'.repeat(16), digest: '01'.repeat(DIGEST_BYTES) },
    ];
    const leavesWith = (...numbers: readonly number[]): Buffer => {
      const leaves = emptyLeaves();
      for (const number of numbers) leaves.fill(number % 251 + 1, number * DIGEST_BYTES, (number + 1) * DIGEST_BYTES);
      return leaves;
    };

    test('comes back with its vector and its buckets', async () => {
      const leaves = leavesWith(0, 1, 700, BUCKETS - 1);
      const buckets = new Map([0, 1, 700, BUCKETS - 1].map((number) => [number, entriesOf(number)]));

      expect(await store().putIndex({ ifRevision: 'absent', vector: new Map([[ALPHA, 4]]), leaves, buckets })).toBe('ok');

      const index = await store().index();
      expect(index?.vector).toStrictEqual(new Map([[ALPHA, 4]]));
      expect(Buffer.from(index?.leaves ?? []).equals(leaves)).toBe(true);
      expect(await store().buckets([0, 2, 700])).toStrictEqual(new Map([[0, entriesOf(0)], [2, []], [700, entriesOf(700)]]));
    });

    test('changes on its revision only, and a refused update changes no bucket', async () => {
      const update = (ifRevision: number | 'absent', number: number) => store().putIndex({ ifRevision, vector: new Map([[ALPHA, number]]), leaves: leavesWith(number), buckets: new Map([[number, entriesOf(number)]]) });
      expect(await update(1, 1)).toBe('stale');
      expect(await update('absent', 1)).toBe('ok');
      const before = await dump(store());
      const revision = (await store().index())?.revision ?? 0;

      expect(await update('absent', 2)).toBe('stale');
      expect(await update(revision + 1, 2)).toBe('stale');
      expect(await dump(store())).toStrictEqual(before);

      expect(await update(revision, 2)).toBe('ok');
      const index = await store().index();
      expect(index?.revision).not.toBe(revision);
      expect(Buffer.from(index?.leaves ?? []).equals(leavesWith(2))).toBe(true);
      expect(await store().putIndex({ ifRevision: index?.revision ?? 0, vector: new Map(), leaves: leavesWith(), buckets: new Map([[1, []]]) })).toBe('ok');
      expect(await store().buckets([1, 2])).toStrictEqual(new Map([[1, []], [2, entriesOf(2)]]));
    });

    test('takes as many buckets as the port says, over all leaves, and refuses one more', async () => {
      const numbers = Array.from({ length: MAX_INDEX_BUCKETS }, (_, at) => at * 45);
      const buckets = new Map(numbers.map((number) => [number, entriesOf(number)]));

      await expect(store().putIndex({ ifRevision: 'absent', vector: new Map(), leaves: emptyLeaves(), buckets: new Map([...buckets, [7, []]]) })).rejects.toThrow(RangeError);
      expect(await store().index()).toBeUndefined();
      expect(await store().putIndex({ ifRevision: 'absent', vector: new Map(), leaves: leavesWith(...numbers), buckets })).toBe('ok');
      expect(await store().buckets(numbers)).toStrictEqual(buckets);
      expect(Buffer.from((await store().index())?.leaves ?? []).equals(leavesWith(...numbers))).toBe(true);
    });

    test('of many updates at once exactly one wins', async () => {
      const outcomes = await Promise.all(Array.from({ length: 10 }, (_, at) => store().putIndex({ ifRevision: 'absent', vector: new Map([[ALPHA, at + 1]]), leaves: leavesWith(at), buckets: new Map([[at, entriesOf(at)]]) })));

      expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
      expect((await store().index())?.vector).toStrictEqual(new Map([[ALPHA, outcomes.indexOf('ok') + 1]]));
    });
  });
}
