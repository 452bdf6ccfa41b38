import { describe, expect, test } from 'vitest';
import { collect } from './collect.ts';
import { Federation, contentWith, hours, route } from './testing.ts';
import type { Pair } from './testing-observations.ts';
import { a, manifestOf, touched } from './testing-observations.ts';

const b = route('b');

describe('in hub-spoke', () => {
  const hubAndSpoke = async (): Promise<Pair> => {
    const federation = await Federation.start({ hub: 'us', spec: { mode: 'hub-spoke' } });
    const setting = { federation, us: federation.member('us'), eu: federation.member('eu') };
    await setting.us.cluster.write(a, { port: 1 });
    await federation.exchange();
    await setting.eu.cluster.follow();
    return setting;
  };

  test('a spoke\'s edit of a hub\'s object is put back', async () => {
    const { eu } = await hubAndSpoke();

    const result = await eu.cluster.write(a, { port: 2 });

    expect(result).toMatchObject({ outcome: 'refused', reason: 'SpokeReadOnly', target: { show: { kind: 'live', content: contentWith(a, { port: 1 }) }, before: { kind: 'live' } } });
    expect(await eu.versions(a)).toEqual([{ port: 1 }]);
  });

  test('a spoke\'s delete of a hub\'s object is put back', async () => {
    const { eu } = await hubAndSpoke();

    expect(await eu.cluster.delete(a)).toMatchObject({ reason: 'SpokeReadOnly', target: { show: { kind: 'live' }, before: { kind: 'nothing' } } });
  });

  test('a spoke\'s own object is left alone', async () => {
    const { eu } = await hubAndSpoke();

    expect(await eu.cluster.write(b, { port: 2 })).toMatchObject({ outcome: 'refused', reason: 'SpokeReadOnly', target: undefined });
    expect(eu.cluster.specOf(b)).toEqual({ port: 2 });
  });

  const goneAt = async ({ federation, us, eu }: Pair): Promise<void> => {
    await us.cluster.delete(a);
    await federation.exchange();
    await eu.cluster.pull();
  };

  test('a hub\'s delete goes through where a spoke edited the object, with and without its token', async () => {
    for (const token of [undefined, 'none']) {
      const setting = await hubAndSpoke();
      setting.eu.cluster.put(a, { port: 2 }, token);
      await goneAt(setting);

      const [result] = await setting.eu.cluster.send([a]);

      expect(result).toMatchObject({ outcome: 'refused', reason: 'SpokeReadOnly', target: { show: { kind: 'gone' } } });
    }
  });

  test('a hub\'s delete goes through where it was collected before the spoke\'s cluster was told', async () => {
    const setting = await hubAndSpoke();
    const { federation, eu } = setting;
    eu.cluster.put(a, { port: 2 });
    await goneAt(setting);
    federation.nowMs += hours(25);
    await federation.exchange();
    for (const member of federation.all) await collect(member.replica);
    await eu.cluster.pull();

    expect(await eu.row(a)).toBeUndefined();
    expect(await eu.cluster.send([a])).toMatchObject([{ outcome: 'refused', target: { show: { kind: 'gone' } } }]);
  });

  test('a spoke\'s own object of a name that the hub once deleted is left alone', async () => {
    const setting = await hubAndSpoke();
    await goneAt(setting);
    await setting.eu.cluster.follow();

    expect(await setting.eu.cluster.write(a, { mine: true }, 'none')).toMatchObject({ outcome: 'refused', reason: 'SpokeReadOnly', target: undefined });
  });

  test('a spoke that has lost its rows takes nothing for deleted', async () => {
    const { federation, us, eu } = await hubAndSpoke();
    const backup = eu.store.snapshot();
    await us.cluster.write(b, { port: 1 });
    await federation.exchange();
    await eu.cluster.follow();
    eu.cluster.put(b, { port: 2 });
    eu.restoreTable(backup, 'restored');
    await eu.cluster.pull();

    expect(eu.cluster.objects.get(b)?.token).toBeDefined();
    expect(await eu.cluster.commit([eu.cluster.observe(b)])).toMatchObject({ results: [{ outcome: 'refused', target: undefined }] });
  });

  test('an object that is as the hub has it is nothing', async () => {
    const { eu } = await hubAndSpoke();

    expect(await eu.cluster.send([a], [touched(eu)])).toMatchObject([{ outcome: 'unchanged' }]);
  });

  test('an operator cannot write at a spoke either, and is told of the hub', async () => {
    const { eu } = await hubAndSpoke();

    await expect(eu.operator.apply(manifestOf({ port: 5 }), 'r1')).rejects.toThrow('at the hub, us');
    await expect(eu.operator.delete(a, 'r2')).rejects.toMatchObject({ code: 'refused' });
  });
});
