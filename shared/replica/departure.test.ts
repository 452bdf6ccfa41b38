import { describe, expect, test } from 'vitest';
import type { ResourceKey } from '../model/ids.ts';
import type { CleanedUp, CleanUpResponse } from '../ports/region.ts';
import { ensureServing } from './recover.ts';
import { Federation, never, route } from './testing.ts';
import type { TestMember } from './testing.ts';

const [mine, theirs, both] = [route('mine'), route('theirs'), route('both')];
const strategy = { conflictResolution: { strategy: 'LastWriterWins' } };

async function pair(): Promise<{ readonly federation: Federation; readonly us: TestMember; readonly eu: TestMember }> {
  const federation = await Federation.start({ spec: strategy });
  return { federation, us: federation.member('us'), eu: federation.member('eu') };
}

/** Everybody has everything, and every cluster shows it. */
async function settle({ federation, us, eu }: Awaited<ReturnType<typeof pair>>): Promise<void> {
  await federation.exchange();
  for (const member of [us, eu]) await member.cluster.follow();
  await federation.exchange();
}

const leave = (member: TestMember, cleanUp = true): ReturnType<TestMember['operator']['leave']> => member.operator.leave({ confirm: member.name, force: false, cleanUp });
const askAt = (member: TestMember, done: readonly CleanedUp[] = [], after?: ResourceKey): Promise<CleanUpResponse> => member.region.cleanUp({ ...member.cluster.identity, done, after }, never);

/** What the region asks the cluster of a member that leaves to remove. */
async function removedAt(member: TestMember): Promise<readonly ResourceKey[]> {
  expect(await leave(member)).toMatchObject({ left: true });
  return (await askAt(member)).remove.map(({ key }) => key);
}

describe('what goes from a cluster whose member has left', () => {
  test('is what came from others, and no more', async () => {
    const world = await pair();
    await world.us.cluster.write(mine, { port: 1 });
    await world.eu.cluster.write(theirs, { port: 1 });
    await settle(world);

    expect(await world.us.operator.leave({ confirm: undefined, force: false, cleanUp: true })).toMatchObject({ fromOthers: 1, examples: [theirs], own: 1 });
    expect(await removedAt(world.us)).toEqual([theirs]);
  });

  test('is nothing, where nobody asked for it', async () => {
    const world = await pair();
    await world.eu.cluster.write(theirs, { port: 1 });
    await settle(world);
    await leave(world.us, false);

    expect(await world.us.putFederation()).toMatchObject({ paused: true, cleanUp: false });
    expect(await askAt(world.us)).toEqual({ remove: [], next: undefined });
  });

  test('is nothing while the member is there', async () => {
    const world = await pair();
    await world.eu.cluster.write(theirs, { port: 1 });
    await settle(world);

    expect(await askAt(world.us)).toEqual({ remove: [], next: undefined });
  });

  test('is not what stood there before, and was equal', async () => {
    const world = await pair();
    world.us.cluster.put(both, { port: 1 });
    await world.eu.cluster.write(both, { port: 1 });
    await settle(world);

    expect(world.us.cluster.objects.get(both)?.token).toBeDefined();
    expect(await removedAt(world.us)).toEqual([]);
  });

  test('is not what stood there before, and was different', async () => {
    const world = await pair();
    world.us.cluster.put(both, { port: 2 });
    await world.eu.cluster.write(both, { port: 1 });
    await settle(world);

    expect(await removedAt(world.us)).toEqual([]);
  });

  test('is not what was found in a list, beside what came meanwhile', async () => {
    const world = await pair();
    world.us.cluster.put(both, { port: 1 });
    await world.eu.cluster.write(both, { port: 1 });
    await world.us.pullFrom('eu');
    await world.us.cluster.compareAll();
    await settle(world);

    expect(await removedAt(world.us)).toEqual([]);
  });

  test('is what was edited here: its author wrote onto what came', async () => {
    const world = await pair();
    await world.eu.cluster.write(theirs, { port: 1 });
    await settle(world);
    await world.us.cluster.write(theirs, { port: 2 });
    await settle(world);

    expect(await removedAt(world.us)).toEqual([theirs]);
  });

  test('is not what somebody put in its place', async () => {
    const world = await pair();
    await world.eu.cluster.write(theirs, { port: 1 });
    await settle(world);
    await world.us.cluster.write(theirs, { port: 2 }, 'none');
    await settle(world);

    expect(await removedAt(world.us)).toEqual([]);
  });

  test('is not what was deleted and made again here', async () => {
    const world = await pair();
    await world.eu.cluster.write(theirs, { port: 1 });
    await settle(world);
    await world.us.cluster.delete(theirs);
    await settle(world);
    await world.us.cluster.write(theirs, { port: 3 });
    await settle(world);

    expect(await removedAt(world.us)).toEqual([]);
  });

  test('is not known any more to a region that lost its state: then it stays', async () => {
    const world = await pair();
    const { us, eu, federation } = world;
    const backup = us.store.snapshot();
    await us.cluster.write(mine, { port: 1 });
    await eu.cluster.write(theirs, { port: 1 });
    await settle(world);
    us.restoreTable(backup, 'table-us-2');
    us.restart();
    await federation.exchange();
    expect(await ensureServing(us.replica, never)).toBe('serving');
    await us.cluster.follow();
    await settle(world);

    expect(await removedAt(us)).toEqual([]);
  });

  test('is asked for until it is done, and told of where it was kept', async () => {
    const world = await pair();
    const { us } = world;
    const other = route('other');
    await world.eu.cluster.write(theirs, { port: 1 });
    await world.eu.cluster.write(other, { port: 1 });
    await settle(world);
    await leave(us);
    expect(await us.putFederation()).toMatchObject({ paused: true, cleanUp: true });

    const first = await askAt(us);
    expect(first).toMatchObject({ remove: [{ key: other, show: { kind: 'gone' }, before: { kind: 'live' } }, { key: theirs }], next: undefined });
    expect((await askAt(us, [{ key: other, kept: undefined }])).remove).toEqual([first.remove[1]]);
    expect(await leave(us)).toMatchObject({ cleanUp: 'asked', fromOthers: 1, own: 0 });
    expect(await askAt(us, [{ key: theirs, kept: 'it was edited' }])).toEqual({ remove: [], next: undefined });

    expect(await us.putFederation()).toMatchObject({ paused: true, cleanUp: false });
    expect(await leave(us)).toMatchObject({ cleanUp: 'done', fromOthers: 0, own: 1 });
    expect((await us.operator.status()).exceptions).toMatchObject([{ key: theirs, reason: 'KeptOnLeaving', message: 'it was edited' }]);
  });
});
