import { describe, expect, test } from 'vitest';
import { DIRECTIONS } from '../model/mass-delete.ts';
import { asClusterId } from '../model/ids.ts';
import type { ResourceKey } from '../model/ids.ts';
import type { Hold } from '../ports/operator.ts';
import { collect } from './collect.ts';
import { RULING_LIFE_MS } from './holds.ts';
import { judgeDeletes } from './mass-delete.ts';
import type { TestMember } from './testing.ts';
import { Federation, hours, minutes, route } from './testing.ts';

const keysOf = (count: number, prefix = 'r'): readonly ResourceKey[] => Array.from({ length: count }, (_, at) => route(`${prefix}${at.toString().padStart(3, '0')}`));
/** Three deletes within a minute are let through, whatever there is besides. */
const THREE = { sync: { massDelete: { threshold: 3, percent: 0 } } };

interface Pair { readonly federation: Federation; readonly us: TestMember; readonly eu: TestMember; readonly keys: readonly ResourceKey[] }

/** `count` objects that both clusters show. */
async function shared(count: number, spec = {}, options: { readonly hub?: string } = {}): Promise<Pair> {
  const federation = await Federation.start({ spec, ...options });
  const [us, eu] = [federation.member('us'), federation.member('eu')];
  const keys = keysOf(count);
  for (let at = 0; at < count; at += 50) {
    const part = keys.slice(at, at + 50);
    for (const key of part) us.cluster.put(key, { port: 1 });
    await us.cluster.send(part);
  }
  await federation.exchange();
  for (const member of federation.all) await member.cluster.follow();
  federation.nowMs += minutes(2);
  return { federation, us, eu, keys };
}

async function removeAll(member: TestMember, keys: readonly ResourceKey[]): Promise<readonly string[]> {
  for (const key of keys) member.cluster.remove(key);
  return sendAll(member, keys);
}
/** What each is answered. */
async function sendAll(member: TestMember, keys: readonly ResourceKey[]): Promise<readonly string[]> {
  return (await member.cluster.send(keys)).map((result) => (result.outcome === 'refused' ? result.reason : result.outcome));
}

async function onlyHold(member: TestMember): Promise<Hold> {
  const { holds: [hold, ...more] } = await member.operator.status();
  if (hold === undefined || more.length > 0) throw new Error(`expected one hold, there are ${(more.length + (hold === undefined ? 0 : 1)).toString()}`);
  return hold;
}

const liveIn = (member: TestMember, keys: readonly ResourceKey[]): number => keys.filter((key) => member.cluster.objects.has(key)).length;
async function liveRows(member: TestMember, keys: readonly ResourceKey[]): Promise<number> {
  const found = await Promise.all(keys.map((key) => member.operator.get(key)));
  return found.filter((info) => info !== undefined).length;
}

describe('on the way up', () => {
  test('as many deletes as are let through go, one by one; the next is held and its object stays in the federation', async () => {
    const { us, eu, federation, keys } = await shared(6, THREE);

    for (const key of keys.slice(0, 3)) expect(await removeAll(us, [key])).toEqual(['committed']);
    expect(await removeAll(us, keys.slice(3, 4))).toEqual(['Held']);

    await federation.exchange();
    await eu.cluster.follow();
    expect(liveIn(eu, keys)).toBe(3);
    expect(await onlyHold(us)).toMatchObject({ direction: 'up', reason: 'MassDeletion', resources: 1, examples: [keys[3]] });
    expect((await us.operator.status()).conditions).toContainEqual(expect.objectContaining({ type: 'MassDeleteHeld', status: 'True' }));
    expect((await eu.operator.status()).conditions.map(({ type }) => type)).not.toContain('MassDeleteHeld');
  });

  test('what comes at once is held as a whole', async () => {
    const { us, keys } = await shared(6, THREE);

    expect(await removeAll(us, keys)).toEqual(keys.map(() => 'Held'));
    expect(await liveRows(us, keys)).toBe(6);
  });

  test('the default is ten, or ten per cent where that is more', async () => {
    const few = await shared(30);
    expect(await removeAll(few.us, few.keys.slice(0, 10))).not.toContain('Held');
    expect(await removeAll(few.us, few.keys.slice(10, 11))).toEqual(['Held']);

    const many = await shared(200);
    for (const key of many.keys.slice(0, 20)) expect(await removeAll(many.us, [key])).toEqual(['committed']);
    expect(await removeAll(many.us, many.keys.slice(20, 21))).toEqual(['Held']);
  });

  test('100 per cent lets everything through, and nothing is counted', async () => {
    const { us, keys } = await shared(30, { sync: { massDelete: { percent: 100 } } });

    expect(await removeAll(us, keys)).not.toContain('Held');
    for (const direction of DIRECTIONS) expect(await us.store.document(`mass-delete/${direction}`)).toBeUndefined();
  });

  test('deletes that are spread over time are let through', async () => {
    const { us, federation, keys } = await shared(8, THREE);

    for (const key of keys) {
      expect(await removeAll(us, [key])).toEqual(['committed']);
      federation.nowMs += minutes(0.5);
    }
  });

  test('one that goes on and on stays held: what was held counts too', async () => {
    const { us, federation, keys } = await shared(30, THREE);

    const answers: string[] = [];
    for (const key of keys) {
      answers.push(...(await removeAll(us, [key])));
      federation.nowMs += 10_000;
    }
    expect(answers.filter((answer) => answer === 'committed')).toHaveLength(3);
  });

  test('a retry is neither counted again nor let through by time alone', async () => {
    const { us, federation, keys } = await shared(6, THREE);
    await removeAll(us, keys.slice(0, 4));

    for (let minute = 0; minute < 5; minute += 1) {
      federation.nowMs += minutes(1);
      expect(await sendAll(us, keys.slice(0, 4))).toEqual(keys.slice(0, 4).map(() => 'Held'));
    }
    expect((await onlyHold(us)).resources).toBe(4);
    expect(await removeAll(us, keys.slice(4, 6)), 'others have nothing to do with it').toEqual(['committed', 'committed']);
  });

  test('a delete that could not be committed is counted once, however often it is tried', async () => {
    const { us, federation, keys } = await shared(6, { ...THREE, splitBrain: { fencingEnabled: true } });
    await us.store.putWritableUntil(federation.nowMs);

    for (let time = 0; time < 4; time += 1) expect(await removeAll(us, keys.slice(0, 3))).toEqual(['Fenced', 'Fenced', 'Fenced']);
    await us.store.putWritableUntil(federation.nowMs + hours(1));
    expect(await sendAll(us, keys.slice(0, 3))).toEqual(['committed', 'committed', 'committed']);
  });

  test('of handlers that count side by side none lets through what the others did', async () => {
    const { us, keys } = await shared(8, THREE);

    const verdicts = await Promise.all(keys.map((key) => judgeDeletes(us.replica, 'up', [key])));
    expect(verdicts.flatMap((verdict) => [...verdict.values()]).filter(({ kind }) => kind === 'pass')).toHaveLength(3);
    expect((await onlyHold(us)).resources).toBe(5);
  });

  test('a handler that dies after it counted leaves its deletes held', async () => {
    const { us, keys } = await shared(6, THREE);
    us.onStore = (method, stage, name) => { if (method === 'putDocument' && stage === 'before' && String(name).startsWith('held/')) throw new Error('died'); };
    for (const key of keys) us.cluster.remove(key);
    await expect(us.cluster.send(keys)).rejects.toThrow('died');

    us.restart();
    expect(await sendAll(us, keys)).toEqual(keys.map(() => 'Held'));
    expect((await onlyHold(us)).resources).toBe(6);
  });

  test('approved, they are committed when they are sent again; twice is once', async () => {
    const { us, eu, federation, keys } = await shared(6, THREE);
    await removeAll(us, keys);
    const { id } = await onlyHold(us);

    expect(await us.operator.approve(id, 'r1')).toEqual({ resources: 6 });
    expect(await us.operator.approve(id, 'r1')).toEqual({ resources: 6 });
    expect((await us.operator.status()).holds).toEqual([]);
    expect(await sendAll(us, keys)).toEqual(keys.map(() => 'committed'));
    await federation.exchange();
    expect(await liveRows(eu, keys)).toBe(0);
  });

  test('an approval is of what was held, and not of what comes after; nor for ever', async () => {
    const { us, federation, keys } = await shared(12, THREE);
    await removeAll(us, keys.slice(0, 5));
    await us.operator.approve((await onlyHold(us)).id, 'r1');

    expect(await removeAll(us, keys.slice(5, 10))).toEqual(keys.slice(5, 10).map(() => 'Held'));
    federation.nowMs += RULING_LIFE_MS;
    expect(await sendAll(us, keys.slice(0, 5))).toEqual(keys.slice(0, 5).map(() => 'Held'));
  });

  test('rejected, the cluster is shown its objects again, and a delete after that is a new one', async () => {
    const { us, eu, federation, keys } = await shared(6, THREE);
    await removeAll(us, keys);
    const { id } = await onlyHold(us);

    expect(await us.operator.reject(id, 'a slip', 'r1')).toEqual({ resources: 6 });
    expect(await sendAll(us, keys)).toEqual(keys.map(() => 'NotApplied'));
    expect(liveIn(us, keys)).toBe(6);
    await us.cluster.report({ cleared: keys });

    expect(await removeAll(us, keys.slice(0, 2))).toEqual(['committed', 'committed']);
    await federation.exchange();
    expect(await liveRows(eu, keys)).toBe(4);
  });

  test('another process of the bridge finds them held still, and one rejected is shown again', async () => {
    const { us, keys } = await shared(6, THREE);
    await removeAll(us, keys);
    await us.cluster.report({ exceptions: keys.map((key) => ({ key, kind: 'not-sent', reason: 'MassDeleteHeld', message: '' })) });

    us.restart();
    expect(await us.cluster.compareAll()).toEqual([]);
    expect((await onlyHold(us)).resources).toBe(6);
    await us.operator.reject((await onlyHold(us)).id, 'a slip', 'r1');
    await us.cluster.compareAll();
    expect(liveIn(us, keys)).toBe(6);
  });

  test('an object that somebody puts back meanwhile is held no more', async () => {
    const { us, keys } = await shared(6, THREE);
    await removeAll(us, keys);
    await us.cluster.report({ exceptions: keys.map((key) => ({ key, kind: 'not-sent', reason: 'MassDeleteHeld', message: '' })) });

    for (const key of keys.slice(0, 2)) await us.cluster.write(key, { port: 2 });
    await us.cluster.report({ cleared: keys.slice(0, 2) });
    expect((await onlyHold(us)).resources).toBe(4);
  });

  test('what a bridge reports of it meanwhile does not keep it held for ever', async () => {
    const { us, keys } = await shared(6, THREE);
    await removeAll(us, keys);
    await us.cluster.report({ exceptions: keys.map((key) => ({ key, kind: 'not-sent', reason: 'RegionUnavailable', message: '' })) });

    for (const key of keys) await us.cluster.write(key, { port: 2 });
    await us.cluster.report({ cleared: keys });
    expect(await us.operator.status()).toMatchObject({ holds: [], exceptions: [] });
  });

  test('turning the guard off lets go what is held', async () => {
    const { us, keys } = await shared(6, THREE);
    await removeAll(us, keys);
    await us.putFederation({ sync: { massDelete: { percent: 100 } } });

    expect(await sendAll(us, keys)).toEqual(keys.map(() => 'committed'));
    await us.cluster.report({ cleared: keys });
    expect(await us.operator.status()).toMatchObject({ holds: [], exceptions: [] });
  });

  test('what an operator deletes is no slip of a cluster', async () => {
    const { us, keys } = await shared(6, THREE);

    for (const [at, key] of keys.entries()) expect(await us.operator.delete(key, `r${at.toString()}`)).toBe('deleted');
  });

  test('an unknown hold is an error that names those there are', async () => {
    const { us, keys } = await shared(6, THREE);
    await expect(us.operator.approve('up-00', 'r1')).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('nothing is held at all') });
    await removeAll(us, keys);
    const { id } = await onlyHold(us);
    await expect(us.operator.reject('up-00', '', 'r1')).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining(id) });
    await us.operator.reject(id, '', 'r2');
    await expect(us.operator.approve(id, 'r3')).rejects.toMatchObject({ code: 'not-found' });
  });
});

/** `us` deleted all, which its own guard let through; `eu`'s region knows. */
async function deletedElsewhere(count = 6, options: { readonly hub?: string; readonly spec?: Record<string, unknown> } = {}): Promise<Pair> {
  const setting = await shared(count, { ...THREE, ...options.spec }, options.hub === undefined ? {} : { hub: options.hub });
  await setting.us.putFederation({ sync: { massDelete: { percent: 100 } } });
  expect(await removeAll(setting.us, setting.keys)).toEqual(setting.keys.map(() => 'committed'));
  await setting.federation.exchange();
  return setting;
}

describe('on the way down', () => {
  test('the receiving cluster keeps its objects, listed as not shown, and a comparison changes nothing', async () => {
    const { eu, keys } = await deletedElsewhere();

    expect(await eu.cluster.follow()).toEqual([]);
    expect(liveIn(eu, keys)).toBe(6);
    expect(await onlyHold(eu)).toMatchObject({ direction: 'down', resources: 6 });
    expect((await eu.operator.status()).exceptions).toHaveLength(6);
    expect((await eu.operator.status()).exceptions[0]).toMatchObject({ reason: 'MassDeleteHeld' });

    eu.restart();
    expect(await eu.cluster.compareAll()).toEqual([]);
    expect(await sendAll(eu, keys), 'an echo is no edit').toEqual(keys.map(() => 'Held'));
    expect(liveIn(eu, keys)).toBe(6);
    expect(await liveRows(eu, keys)).toBe(0);
  });

  test('nothing that a bridge reports makes a withheld delete count as shown', async () => {
    const { eu, keys } = await deletedElsewhere();
    await eu.cluster.follow();

    await eu.cluster.report({ exceptions: keys.slice(0, 3).map((key) => ({ key, kind: 'not-sent', reason: 'Busy', message: '' })), cleared: keys.slice(3) });
    expect(await eu.cluster.compareAll()).toEqual([]);
    expect(liveIn(eu, keys)).toBe(6);
    expect(await liveRows(eu, keys)).toBe(0);
    expect((await eu.operator.status()).exceptions).toHaveLength(6);
  });

  test('few deletes are shown', async () => {
    const { us, eu, federation, keys } = await shared(6, THREE);
    await removeAll(us, keys.slice(0, 3));
    await federation.exchange();

    await eu.cluster.follow();
    expect(liveIn(eu, keys)).toBe(3);
    expect((await eu.operator.status()).holds).toEqual([]);
  });

  test('approved, the cluster is told at once, and nothing is left of it', async () => {
    const { us, eu, federation, keys } = await deletedElsewhere();
    await eu.cluster.follow();

    expect(await eu.operator.approve((await onlyHold(eu)).id, 'r1')).toEqual({ resources: 6 });
    await eu.cluster.follow();
    expect(liveIn(eu, keys)).toBe(0);
    expect((await eu.operator.status()).holds).toEqual([]);
    expect((await eu.operator.status()).exceptions).toEqual([]);
    await federation.exchange();
    await us.cluster.follow();
    expect(await liveRows(us, keys)).toBe(0);
  });

  test('approved and not yet told, an echo and a comparison bring nothing back [I4]', async () => {
    const { eu, keys } = await deletedElsewhere();
    await eu.cluster.follow();
    await eu.operator.approve((await onlyHold(eu)).id, 'r1');

    expect(await liveRows(eu, keys)).toBe(0);
    await sendAll(eu, keys.slice(0, 3));
    for (const target of await eu.cluster.compareAll()) eu.cluster.show(target);
    expect(liveIn(eu, keys)).toBe(0);
    expect(await liveRows(eu, keys)).toBe(0);
  });

  test('rejected, what the cluster holds is written anew, everywhere', async () => {
    const { us, eu, federation, keys } = await deletedElsewhere();
    await eu.cluster.follow();
    const { id } = await onlyHold(eu);

    expect(await eu.operator.reject(id, 'a slip', 'r1')).toEqual({ resources: 6 });
    expect(await eu.operator.reject(id, 'a slip', 'r1')).toEqual({ resources: 6 });
    await eu.cluster.follow();
    await federation.exchange();
    await us.cluster.follow();
    expect([liveIn(us, keys), liveIn(eu, keys)]).toEqual([6, 6]);
    expect(us.cluster.specOf(keys[0] ?? route('none'))).toEqual({ port: 1 });
    expect((await eu.operator.status()).exceptions).toEqual([]);
    expect(await us.versions(keys[0] ?? route('none'))).toHaveLength(1);
  });

  test('an edit of an object that is withheld is a write beside the delete', async () => {
    const { us, eu, federation, keys } = await deletedElsewhere();
    const [first = route('none'), ...rest] = keys;
    await eu.cluster.follow();

    federation.nowMs += 1000;
    expect((await eu.cluster.write(first, { port: 2 })).outcome).toBe('committed');
    await federation.exchange();
    for (const member of [us, eu]) await member.cluster.follow();
    expect(us.cluster.specOf(first)).toEqual({ port: 2 });
    expect(await onlyHold(eu)).toMatchObject({ resources: rest.length });
  });

  test('deleted in the cluster as well, it is over', async () => {
    const { eu, keys } = await deletedElsewhere();
    await eu.cluster.follow();

    await removeAll(eu, keys.slice(0, 2));
    expect(await onlyHold(eu)).toMatchObject({ resources: 4 });
    expect((await eu.operator.status()).exceptions).toHaveLength(4);
  });

  test('the row outlives tombstoneTTL for as long as the cluster was not told [I4]', async () => {
    const { us, eu, federation, keys } = await deletedElsewhere();
    await eu.cluster.follow();
    federation.nowMs += hours(30);
    await federation.exchange();
    await collect(us.replica);
    await collect(eu.replica);

    await sendAll(eu, keys);
    await federation.exchange();
    expect([await liveRows(us, keys), await liveRows(eu, keys)]).toEqual([0, 0]);
    expect(liveIn(eu, keys)).toBe(6);
  });

  test('a cluster that was away until the deletes were collected is asked about too [I4]', async () => {
    const { us, eu, federation, keys } = await deletedElsewhere();
    federation.nowMs += hours(30);
    await federation.exchange();
    await collect(us.replica);
    await collect(eu.replica);
    expect(await eu.row(keys[0] ?? route('none'))).toBeUndefined();

    await eu.cluster.compareAll();
    expect(liveIn(eu, keys)).toBe(6);
    await eu.cluster.follow();
    await eu.cluster.report({ exceptions: keys.map((key) => ({ key, kind: 'not-sent', reason: 'MassDeleteHeld', message: '' })) });
    expect(await sendAll(eu, keys)).toEqual(keys.map(() => 'Held'));
    await eu.operator.approve((await onlyHold(eu)).id, 'r1');
    await sendAll(eu, keys);
    expect(liveIn(eu, keys)).toBe(0);
    expect(await liveRows(eu, keys)).toBe(0);
  });

  test('a cluster that was away brings back what was collected only if somebody rejects it', async () => {
    const { us, eu, federation, keys } = await deletedElsewhere();
    federation.nowMs += hours(30);
    await federation.exchange();
    for (const member of [us, eu]) await collect(member.replica);
    await eu.cluster.compareAll();
    await eu.operator.reject((await onlyHold(eu)).id, 'a slip', 'r1');

    await sendAll(eu, keys);
    await federation.exchange();
    await us.cluster.follow();
    expect([liveIn(us, keys), liveIn(eu, keys)]).toEqual([6, 6]);
  });

  test('turning the guard off lets go what is held', async () => {
    const { eu, keys } = await deletedElsewhere();
    await eu.cluster.follow();
    await eu.putFederation({ sync: { massDelete: { percent: 100 } } });

    for (const target of await eu.cluster.compareAll()) eu.cluster.show(target);
    await eu.cluster.report({ cleared: keys });
    expect(liveIn(eu, keys)).toBe(0);
    expect(await eu.operator.status()).toMatchObject({ holds: [], exceptions: [] });
    expect(await liveRows(eu, keys)).toBe(0);
  });

  test('another cluster has nothing to do with what the one before was to lose', async () => {
    const { eu, keys } = await deletedElsewhere();
    await eu.cluster.follow();
    eu.cluster.id = asClusterId('another-cluster');
    eu.cluster.position = undefined;

    await eu.cluster.follow();
    expect(await eu.operator.status()).toMatchObject({ holds: [], exceptions: [] });
    expect(liveIn(eu, keys)).toBe(6);
  });

  test('a spoke holds what the hub deletes; only the hub can reject it', async () => {
    const { us, eu, federation, keys } = await deletedElsewhere(6, { hub: 'us', spec: { mode: 'hub-spoke' } });
    await eu.cluster.follow();
    expect(liveIn(eu, keys)).toBe(6);
    const { id } = await onlyHold(eu);

    await expect(eu.operator.reject(id, '', 'r1')).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('at the hub') });
    expect((await onlyHold(eu)).resources).toBe(6);
    await eu.operator.approve(id, 'r2');
    await eu.cluster.follow();
    expect(liveIn(eu, keys)).toBe(0);
    await federation.exchange();
    expect(await liveRows(us, keys)).toBe(0);
  });

  test('paused, what is held can be approved, and rejected only after', async () => {
    const { eu, keys } = await deletedElsewhere();
    await eu.cluster.follow();
    const { id } = await onlyHold(eu);
    await eu.putFederation({ ...THREE, paused: true });

    await expect(eu.operator.reject(id, '', 'r1')).rejects.toMatchObject({ code: 'paused' });
    expect((await onlyHold(eu)).resources).toBe(keys.length);
  });

  test('on a first contact there is nothing to hold', async () => {
    const { eu, keys } = await deletedElsewhere();
    eu.cluster.id = asClusterId('another-cluster');
    eu.cluster.position = undefined;

    await eu.cluster.follow();
    expect((await eu.operator.status()).holds).toEqual([]);
    expect(liveIn(eu, keys)).toBe(6);
  });
});
