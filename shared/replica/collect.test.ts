import { describe, expect, test } from 'vitest';
import { collect } from './collect.ts';
import { Federation, hours, minutes, never, noise, route } from './testing.ts';
import type { TestMember } from './testing.ts';
import { contentOf } from '../model/content.ts';
import { coversDot, emptyVector } from '../model/version-vector.ts';

const a = route('a');
const spec = { conflictResolution: { tombstoneTTL: '1h' } };
const manifestOf = (of: object): string => JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name: 'a', namespace: 'default' }, spec: of });

interface Trio { readonly federation: Federation; readonly us: TestMember; readonly eu: TestMember; readonly ap: TestMember }

/** `a` was written and deleted at `us`, and everybody has seen and said so. */
async function deletedEverywhere(): Promise<Trio> {
  const federation = await Federation.start({ members: ['us', 'eu', 'ap'], spec });
  const trio = { federation, us: federation.member('us'), eu: federation.member('eu'), ap: federation.member('ap') };
  await trio.us.cluster.write(a, { port: 1 });
  await trio.us.cluster.delete(a);
  await federation.exchange();
  return trio;
}

describe('a delete is collected [I8]', () => {
  test('when everybody has seen it for tombstoneTTL', async () => {
    const { federation, us } = await deletedEverywhere();
    federation.nowMs += hours(1);

    const collected = await collect(us.replica);

    expect(collected.rows).toBe(1);
    expect(await us.row(a)).toBeUndefined();
  });

  test('and what comes back under its name is not taken for the row that was read before [I2]', async () => {
    const { federation, us, eu } = await deletedEverywhere();
    federation.nowMs += hours(1);
    let isBetween = true;
    // While an operator writes at eu, having read the delete: it goes, and another one comes.
    eu.onStore = async (method, stage) => {
      if (method !== 'commit' || stage !== 'before' || !isBetween) return;
      isBetween = false;
      await collect(eu.replica);
      await us.cluster.write(a, { port: 2 });
      await us.cluster.delete(a);
      await eu.pullFrom('us');
    };

    await eu.operator.apply(manifestOf({ port: 3 }), 'r1');

    const dot = { incarnation: await us.incarnation(), counter: await us.head() };
    expect(coversDot((await eu.row(a))?.context ?? emptyVector, dot)).toBe(true);
    expect(isBetween).toBe(false);
  });

  test('by others at once, where they had only waited for this member; here it stays for those who found nothing before [I2]', async () => {
    const federation = await Federation.start({ spec });
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await eu.cluster.write(a, { port: 1 });
    await eu.cluster.delete(a);
    federation.nowMs += hours(1);
    const since = await us.seen();
    let collected = 0;
    // While an operator writes at us, having found nothing: the delete comes, and goes at eu, which says so.
    us.onStore = async (method, stage) => {
      if (method !== 'commit' || stage !== 'before' || collected > 0) return;
      await us.pullFrom('eu');
      await federation.beats();
      collected = (await collect(eu.replica)).rows;
      const page = await eu.handlers.pull(us.name, { since, limit: 10 }, never);
      if (page.kind === 'page') await us.handlers.push(eu.name, { kind: 'page', page }, never);
    };

    await us.operator.apply(manifestOf({ port: 3 }), 'r1');

    const dot = { incarnation: await eu.incarnation(), counter: await eu.head() };
    expect(collected).toBe(1);
    expect(coversDot((await us.row(a))?.context ?? emptyVector, dot)).toBe(true);
    expect(await us.versions(a)).toEqual([{ port: 3 }]);
  });

  test('not while the cluster will not carry it out, so that its object is no new one when the row is gone [I4]', async () => {
    const federation = await Federation.start({ spec });
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await us.cluster.write(a, { port: 1 });
    await federation.exchange();
    await eu.cluster.follow();
    await us.cluster.delete(a);
    await federation.exchange();
    // An admission webhook says no: the object stays, and the bridge lists it.
    const refused = { key: a, kind: 'not-shown', reason: 'Forbidden', message: 'no' } as const;
    const { upTo } = await eu.cluster.pull();
    await eu.cluster.report({ applied: upTo, exceptions: [refused] });
    eu.cluster.position = upTo;
    federation.nowMs += hours(2);
    await federation.exchange();
    for (const member of federation.all) await collect(member.replica);

    await eu.cluster.send([a]);
    await federation.exchange();
    expect(await eu.versions(a)).not.toContainEqual({ port: 1 });
    expect(await us.versions(a)).not.toContainEqual({ port: 1 });

    // It lets the delete through after all, and nothing is left.
    await eu.cluster.report({ cleared: [a] });
    federation.nowMs += hours(2);
    await federation.exchange();
    await collect(eu.replica);
    expect(await eu.row(a)).toBeUndefined();
    expect(eu.cluster.specOf(a)).toBeUndefined();
  });

  test('not before its time', async () => {
    const { federation, us } = await deletedEverywhere();
    federation.nowMs += hours(1) - 1;

    expect((await collect(us.replica)).rows).toBe(0);
  });

  test('by the time since it last changed here, and not since it was written', async () => {
    const federation = await Federation.start({ spec });
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await us.cluster.write(a, { port: 1 });
    await us.cluster.delete(a);
    federation.nowMs += hours(5);
    await federation.exchange();

    expect((await collect(eu.replica)).rows).toBe(0);
    expect((await collect(us.replica)).rows).toBe(1);
  });

  test('tombstoneTTL after a clock that was ahead is right again', async () => {
    const federation = await Federation.start({ spec });
    const us = federation.member('us');
    us.skewMs = hours(24 * 30);
    await us.cluster.write(a, { port: 1 });
    await us.cluster.delete(a);
    await federation.exchange();
    us.skewMs = 0;

    expect((await collect(us.replica)).rows).toBe(0);
    federation.nowMs += hours(1) - 1;
    expect((await collect(us.replica)).rows).toBe(0);
    federation.nowMs += 1;
    expect((await collect(us.replica)).rows).toBe(1);
  });

  test('not while a member has not said that it has seen it', async () => {
    const federation = await Federation.start({ members: ['us', 'eu', 'ap'], spec });
    const us = federation.member('us');
    federation.cut('us', 'ap');
    federation.cut('eu', 'ap');
    await us.cluster.write(a, { port: 1 });
    await us.cluster.delete(a);
    await federation.exchange();
    federation.nowMs += hours(100);

    expect((await collect(us.replica)).rows).toBe(0);
  });

  test('not while a member was never heard of', async () => {
    const federation = new Federation({ spec });
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await us.start();
    await eu.start();
    await us.cluster.write(a, { port: 1 });
    await us.cluster.delete(a);
    federation.nowMs += hours(100);

    expect((await collect(us.replica)).rows).toBe(0);
  });

  test('not while something that a member had written by then is still on its way here', async () => {
    const federation = await Federation.start({ spec });
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await us.cluster.write(a, { port: 1 });
    await federation.exchange();
    await eu.cluster.follow();
    await us.cluster.delete(a);
    await eu.cluster.write(a, { port: 2 });
    await eu.pullFrom('us');
    await federation.beats();
    federation.nowMs += hours(2);

    const early = await collect(us.replica);
    await us.pullFrom('eu');

    expect(early.rows).toBe(0);
    expect(await us.versions(a)).toHaveLength(2);
  });

  test('and what had waited for an arrival is collected after it', async () => {
    const { federation, us, eu } = await deletedEverywhere();
    await eu.cluster.write(route('b'), { port: 2 });
    await federation.beats();
    await us.pullFrom('eu');
    federation.nowMs += hours(2);

    expect((await collect(us.replica)).rows).toBe(1);
  });

  test('never while the region recovers', async () => {
    const { federation, us } = await deletedEverywhere();
    federation.nowMs += hours(2);
    const { clock } = await us.store.state();
    if (clock !== undefined) us.ledger.putClock({ ...clock, state: 'recovering' });

    expect(await collect(us.replica)).toEqual({ rows: 0, rewritten: 0, segments: 0, ledgerDeletes: 0 });
  });

  test('with its contents', async () => {
    const federation = await Federation.start({ members: ['us'], spec });
    const us = federation.member('us');
    us.cluster.put(a, { blob: noise(70_000) });
    const { hash } = contentOf(us.cluster.objects.get(a)?.content ?? '');
    await us.cluster.send([a]);
    await us.cluster.delete(a);
    federation.nowMs += hours(2);

    await collect(us.replica);

    expect(await us.store.content(a, hash)).toBeUndefined();
  });

  test('and nothing that is delivered late brings it back [I4]', async () => {
    const federation = await Federation.start({ spec });
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await us.cluster.write(a, { port: 1 });
    const late = await us.handlers.pull(eu.name, { since: new Map(), limit: 10 }, new AbortController().signal);
    await us.cluster.delete(a);
    await federation.exchange();
    federation.nowMs += hours(2);
    await collect(us.replica);
    await collect(eu.replica);

    if (late.kind === 'page') await eu.handlers.push(us.name, { kind: 'page', page: late }, new AbortController().signal);

    expect(await eu.row(a)).toBeUndefined();
  });
});

describe('a delete that has won over a live version', () => {
  /** `us` deleted and `eu` wrote, concurrently; the delete is later. */
  async function wonDelete(): Promise<{ federation: Federation; us: TestMember; eu: TestMember }> {
    const federation = await Federation.start({ spec });
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await us.cluster.write(a, { port: 1 });
    await federation.exchange();
    await eu.cluster.follow();
    await eu.cluster.write(a, { port: 2 });
    federation.nowMs += minutes(1);
    await us.cluster.delete(a);
    await federation.exchange();
    return { federation, us, eu };
  }

  test('is written anew by its own member, covering the row', async () => {
    const { federation, us } = await wonDelete();
    federation.nowMs += hours(2);

    const collected = await collect(us.replica);

    expect(collected.rewritten).toBe(1);
    expect(await us.versions(a)).toEqual(['deleted']);
  });

  test('is left alone by the others', async () => {
    const { federation, eu } = await wonDelete();
    federation.nowMs += hours(2);

    expect((await collect(eu.replica)).rewritten).toBe(0);
    expect(await eu.versions(a)).toHaveLength(2);
  });

  test('is not rewritten before its time, nor while not stable', async () => {
    const { federation, us, eu } = await wonDelete();
    const early = await collect(us.replica);
    federation.cut('us', 'eu');
    await eu.cluster.follow();
    await us.cluster.write(a, { port: 3 });
    await us.cluster.delete(a);
    federation.nowMs += hours(2);

    expect(early.rewritten).toBe(0);
    expect((await collect(us.replica)).rewritten).toBe(0);
  });

  test('is rewritten once, whoever else collects', async () => {
    const { federation, us } = await wonDelete();
    federation.nowMs += hours(2);
    await collect(us.replica);
    const head = await us.head();

    await collect(us.replica);

    expect(await us.head()).toBe(head);
  });
});

describe('log segments', () => {
  test('expire after their time, and the floor moves before', async () => {
    const federation = await Federation.start({ members: ['us'], spec, limits: { logRetentionMs: hours(2) } });
    const us = federation.member('us');
    for (const port of [1, 2, 3]) await us.cluster.write(a, { port });
    federation.nowMs += hours(3);
    await us.cluster.write(a, { port: 4 });
    const steps: string[] = [];
    us.onStore = (method, stage, log) => { if (stage === 'before' && /moveFloor|dropSegments/.test(method) && String(log).startsWith('i')) steps.push(method); };

    const collected = await collect(us.replica);

    expect(collected.segments).toBe(3);
    expect(steps).toEqual(['moveFloor', 'dropSegmentsBelowFloor']);
    expect((await us.store.state()).seen.floors.get(await us.incarnation())).toBe(3);
  });

  test('expire never the newest of the own log: a restore is recognized by it [I1]', async () => {
    const federation = await Federation.start({ members: ['us'], spec });
    const us = federation.member('us');
    for (const port of [1, 2]) await us.cluster.write(a, { port });
    federation.nowMs += hours(1000);

    await collect(us.replica);

    expect(await us.store.newestSegment(await us.incarnation())).toMatchObject({ last: 2 });
    expect((await us.store.state()).seen.floors.get(await us.incarnation())).toBe(1);
  });

  test('that a crash left below the floor go the next time', async () => {
    const federation = await Federation.start({ members: ['us'], spec });
    const us = federation.member('us');
    for (const port of [1, 2, 3]) await us.cluster.write(a, { port });
    federation.nowMs += hours(1000);
    us.onStore = (method) => { if (method === 'dropSegmentsBelowFloor') throw new Error('crash'); };
    await expect(collect(us.replica)).rejects.toThrow('crash');
    us.restart();

    expect((await collect(us.replica)).segments).toBe(2);
  });

  test('that are gone send a follower to resynchronize, and it loses nothing [I4]', async () => {
    const federation = await Federation.start({ spec, limits: { logRetentionMs: hours(1) } });
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await us.cluster.write(a, { port: 1 });
    await us.cluster.write(route('b'), { port: 1 });
    await federation.exchange();
    federation.cut('us', 'eu');
    await us.cluster.delete(a);
    await us.cluster.write(route('b'), { port: 2 });
    await us.cluster.write(route('c'), { port: 3 });
    federation.nowMs += hours(3);
    await collect(us.replica);
    federation.heal();

    const outcome = await eu.pullFrom('us');

    expect(outcome.outcome).toBe('resynchronized');
    expect(await eu.versions(a)).toEqual(['deleted']);
    expect(await eu.versions(route('b'))).toEqual([{ port: 2 }]);
    expect(await eu.versions(route('c'))).toEqual([{ port: 3 }]);
    expect(await eu.seen()).toEqual(await us.seen());
  });
});
