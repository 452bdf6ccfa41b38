import { describe, expect, test } from 'vitest';
import { route } from './testing.ts';
import type { Pair } from './testing-observations.ts';
import { a, newerInRegion, only, shared, touched } from './testing-observations.ts';

const b = route('b');

describe('a missing object', () => {
  test('that was shown is a delete', async () => {
    const { us } = await shared();

    expect((await us.cluster.delete(a)).outcome).toBe('committed');
    expect(await us.versions(a)).toEqual(['deleted']);
  });

  test('that was shown is a delete also without its last token', async () => {
    const { us } = await shared();

    expect((await us.cluster.delete(a, { token: undefined })).outcome).toBe('committed');
  });

  test('that is not applied yet is to be applied', async () => {
    const { us, eu } = await shared();
    await eu.cluster.write(b, { port: 1 });
    await us.pullFrom('eu');
    await us.cluster.pull();

    const result = only(await us.cluster.send([b]));

    expect(result).toMatchObject({ outcome: 'refused', reason: 'NotApplied', target: { show: { kind: 'live' } } });
    expect(us.cluster.specOf(b)).toEqual({ port: 1 });
    expect(await us.versions(b)).toEqual([{ port: 1 }]);
  });

  test('whose newer version is not applied yet is to be applied, whoever deleted the older', async () => {
    const { us } = await newerInRegion();

    const result = await us.cluster.delete(a);

    expect(result).toMatchObject({ outcome: 'refused', reason: 'NotApplied' });
    expect(us.cluster.specOf(a)).toEqual({ port: 2 });
  });

  test('that could not be shown is no delete', async () => {
    const { us, eu } = await shared();
    await eu.cluster.write(b, { port: 1 });
    await us.pullFrom('eu');
    const { upTo } = await us.cluster.pull();
    await us.cluster.report({ applied: upTo, exceptions: [{ key: b, kind: 'not-shown', reason: 'NamespaceMissing', message: 'no such namespace' }] });

    expect(only(await us.cluster.send([b]))).toMatchObject({ outcome: 'refused', reason: 'NotApplied' });
    expect(await us.versions(b)).toEqual([{ port: 1 }]);
  });

  test('that nobody vouches for is none: its kind or namespace was deleted and made again, and takes it back', async () => {
    const { us } = await shared();

    const result = await us.cluster.delete(a, { state: { kind: 'gone', confirmed: false } });

    expect(result).toMatchObject({ outcome: 'refused', reason: 'NotApplied', target: { show: { kind: 'live' } } });
    expect(await us.versions(a)).toEqual([{ port: 1 }]);
  });

  test('whose last token covers what a commit just showed is a delete, though not reported (decision 0004)', async () => {
    const { us } = await newerInRegion();
    await us.cluster.write(a, { port: 3 });

    const result = await us.cluster.delete(a);

    expect(result.outcome).toBe('committed');
    expect(await us.versions(a)).toEqual(['deleted']);
  });

  test('without that token is not applied yet (decision 0004)', async () => {
    const { us } = await newerInRegion();
    await us.cluster.write(a, { port: 3 });

    const result = await us.cluster.delete(a, { token: undefined });

    expect(result).toMatchObject({ outcome: 'refused', reason: 'NotApplied' });
    expect(await us.versions(a)).toHaveLength(2);
  });

  test('that is deleted everywhere anyway is nothing new', async () => {
    const { us, eu } = await shared();
    await eu.cluster.delete(a);
    await us.pullFrom('eu');
    const head = await us.head();

    await us.cluster.delete(a);

    expect(await us.head()).toBe(head);
  });

  test('that nobody knows is nothing', async () => {
    const { us } = await shared();

    expect(only(await us.cluster.send([route('never')]))).toMatchObject({ outcome: 'unchanged' });
  });
});

describe('an object whose delete was collected', () => {
  /** Deleted at `eu` and collected at `us` while the cluster of `us` was away. */
  async function collected(): Promise<Pair> {
    const setting = await shared();
    await setting.eu.cluster.delete(a);
    await setting.us.pullFrom('eu');
    const row = await setting.us.row(a);
    await setting.us.store.putRow({ key: a, next: 'drop', if: row?.local.revision ?? 0 });
    await setting.us.cluster.pull();
    return setting;
  }

  test('is taken away where it is untouched [I4]', async () => {
    const { us } = await collected();

    const result = only(await us.cluster.send([a], [touched(us)]));

    expect(result).toMatchObject({ outcome: 'refused', reason: 'NotApplied', target: { show: { kind: 'gone' } } });
    expect(us.cluster.objects.has(a)).toBe(false);
  });

  test('is an edit where it was changed meanwhile', async () => {
    const { us } = await collected();

    expect((await us.cluster.write(a, { port: 5 })).outcome).toBe('committed');
    expect(await us.versions(a)).toEqual([{ port: 5 }]);
  });
});
