import { describe, expect, test } from 'vitest';
import type { Member } from '../model/ids.ts';
import type { LeaveAnswer, LeaveRequest } from '../ports/operator.ts';
import { asTableId } from '../model/ids.ts';
import { collect } from './collect.ts';
import { pulledFrom } from './pulled-from.ts';
import { ensureServing } from './recover.ts';
import { dropSettingsCache, loadSettings } from './settings.ts';
import { Federation, hours, never, route } from './testing.ts';
import type { TestMember } from './testing.ts';

const a = route('a');
const b = route('b');
const spec = { conflictResolution: { tombstoneTTL: '1h' } };

interface Trio { readonly federation: Federation; readonly us: TestMember; readonly eu: TestMember; readonly ap: TestMember }

async function trio(): Promise<Trio> {
  const federation = await Federation.start({ members: ['us', 'eu', 'ap'], spec });
  return { federation, us: federation.member('us'), eu: federation.member('eu'), ap: federation.member('ap') };
}

const leave = (member: TestMember, request: Partial<LeaveRequest> = {}): Promise<LeaveAnswer> =>
  member.operator.leave({ confirm: member.name, force: false, cleanUp: false, ...request });

const othersOf = async (member: TestMember): Promise<readonly Member[]> => {
  dropSettingsCache(member.replica);
  return (await loadSettings(member.replica)).others;
};

describe('a member that leaves', () => {
  test('says what stands against it, and does nothing before it is confirmed', async () => {
    const { federation, us } = await trio();
    await us.cluster.write(a, { port: 1 });
    federation.cut('us', 'ap');
    for (let missed = 0; missed < 3; missed += 1) await federation.beats();

    const plan = await leave(us, { confirm: undefined });

    expect(plan).toMatchObject({ left: false, cleanUp: 'not-asked', own: 1, fromOthers: 0 });
    expect(plan.obstacles).toEqual([
      { reason: 'NotLevel', member: 'eu', message: 'eu has not said yet that it has 1 of the changes that are here' },
      { reason: 'NotHeard', member: 'ap', message: 'ap cannot be heard, so that nobody knows whether it has everything: ap cannot be reached' },
    ]);
    await us.cluster.write(a, { port: 2 });
  });

  test('stays while others lack what is here [I3]', async () => {
    const { federation, us, eu, ap } = await trio();
    await us.cluster.write(a, { port: 1 });

    expect(await leave(us)).toMatchObject({ left: false, obstacles: [{ member: 'eu' }, { member: 'ap' }] });
    await eu.pullFrom('us');
    await ap.pullFrom('eu');
    await federation.beats();

    expect(await leave(us)).toMatchObject({ left: true, obstacles: [] });
  });

  test('is not believed under another name', async () => {
    const { us, eu } = await trio();
    await expect(leave(us, { confirm: eu.name })).rejects.toMatchObject({ code: 'invalid', message: 'confirm: is "eu", expected the name of the member that leaves, "us"' });
  });

  test('is gone for the others with the next heartbeat, and asks for nothing any more', async () => {
    const { federation, us, eu, ap } = await trio();

    await leave(us);
    await federation.beats();

    expect(await othersOf(eu)).toEqual(['ap']);
    expect(await othersOf(ap)).toEqual(['eu']);
    expect((await eu.operator.status()).members.map(({ name }) => name)).toEqual(['eu', 'ap']);
    expect((await eu.operator.status()).conditions).toContainEqual({ type: 'MembersLeft', status: 'True', reason: 'StillListed', message: 'us has left the federation: nobody waits for it any more, and spec.members need not list it' });
    expect(await eu.putFederation({ members: [{ name: 'ap', endpoint: 'ap:9090' }] })).toMatchObject({ accepted: true });
  });

  test('is known by the ledger to whoever was not there', async () => {
    const { federation, us, ap } = await trio();
    await us.cluster.write(a, { port: 1 });
    await federation.member('eu').pullFrom('us');
    federation.cut('us', 'ap');
    for (let missed = 0; missed < 3; missed += 1) await federation.beats();

    expect(await leave(us)).toMatchObject({ left: false, obstacles: [{ reason: 'NotHeard' }] });
    expect(await leave(us, { force: true })).toMatchObject({ left: true, obstacles: [{ reason: 'NotHeard' }] });
    expect(await othersOf(ap)).toEqual(['us', 'eu']);
    federation.ledgers.settle();
    await collect(ap.replica);

    expect(await othersOf(ap)).toEqual(['eu']);
  });

  test('writes and follows no more, whoever asks', async () => {
    const { us, eu } = await trio();
    await leave(us);

    await expect(us.operator.apply(JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name: 'a', namespace: 'default' }, spec: {} }), 'r2'))
      .rejects.toMatchObject({ code: 'left', message: 'us has left the federation and takes no writes; a member does not return under the name it left by' });
    expect(await us.cluster.write(a, { port: 1 })).toMatchObject({ outcome: 'refused', reason: 'Paused' });
    expect(await othersOf(us)).toEqual([]);
    expect(await us.operator.status()).toMatchObject({ phase: 'Left', members: [{ name: 'us' }] });
    expect(await us.putFederation()).toMatchObject({ paused: true, cleanUp: false });
    await eu.cluster.write(b, { port: 1 });
    expect(await us.handlers.push(eu.name, { kind: 'repair', from: eu.name, answers: [] }, never)).toMatchObject({ kind: 'deferred' });
    expect(await leave(us)).toMatchObject({ left: true });
  });

  test('leaves what others come to write later to them [I11]', async () => {
    const { federation, us, eu, ap } = await trio();
    await us.cluster.write(a, { port: 1 });
    await eu.pullFrom('us');
    await ap.pullFrom('us');
    await federation.beats();
    await leave(us);

    await eu.cluster.follow();
    await eu.cluster.write(a, { port: 2 });
    await ap.pullFrom('eu');

    expect(await ap.versions(a)).toEqual([{ port: 2 }]);
    expect(await us.versions(a)).toEqual([{ port: 1 }]);
  });

  test('does not return, with its table lost or not', async () => {
    const { us, federation } = await trio();
    await us.cluster.write(a, { port: 1 });
    const backup = us.store.snapshot();
    await leave(us, { force: true });
    federation.ledgers.settle();

    us.restart();
    expect(await ensureServing(us.replica, never)).toBe('left');
    us.restoreTable(backup, 'table-us-2');
    expect(await ensureServing(us.replica, never)).toBe('left');
    expect(await us.seen()).toEqual(new Map());
  });

  test('has left, though the handler that said so died before it could note it', async () => {
    const { federation, us, eu } = await trio();
    us.onStore = (method, stage) => { if (method === 'putDocument' && stage === 'before') throw new Error('killed'); };
    await expect(leave(us)).rejects.toThrow('killed');
    us.restart();

    await collect(us.replica);
    await federation.beats();

    expect(await us.putFederation()).toMatchObject({ paused: true, cleanUp: false });
    expect(await othersOf(eu)).toEqual(['ap']);
    expect(await leave(us, { cleanUp: true })).toMatchObject({ left: true, cleanUp: 'asked' });
  });

  test('is not left to be the hub of a federation that has one', async () => {
    const federation = await Federation.start({ members: ['us', 'eu'], hub: 'us', spec: { mode: 'hub-spoke' } });
    expect(await leave(federation.member('us'))).toMatchObject({ left: false, obstacles: [{ reason: 'IsHub' }] });
  });
});

describe('deletes, once a member has left', () => {
  test('are collected without it [I8]', async () => {
    const { federation, us, eu, ap } = await trio();
    await us.cluster.write(a, { port: 1 });
    await federation.exchange();
    await leave(us);
    await eu.cluster.follow();
    await eu.cluster.delete(a);
    await ap.pullFrom('eu');
    await eu.pullFrom('ap');
    await federation.beats();
    federation.nowMs += hours(1);

    expect((await collect(eu.replica)).rows).toBe(1);
  });

  test('wait for the last writes of one that was made to leave [I4] [I8]', async () => {
    const { federation, us, eu, ap } = await trio();
    await us.cluster.write(a, { port: 1 });
    await federation.exchange();
    // Beside the delete at eu, and known to nobody but us.
    federation.cut('us', 'eu');
    federation.cut('us', 'ap');
    await us.cluster.write(a, { port: 2 });
    await leave(us, { force: true });
    federation.ledgers.settle();
    await eu.cluster.follow();
    await eu.cluster.delete(a);
    await ap.pullFrom('eu');
    await federation.beats();
    federation.nowMs += hours(1);

    expect((await collect(eu.replica)).rows).toBe(0);
    expect(await pulledFrom(eu.replica)).toEqual(['ap', 'us']);
    federation.heal();
    await eu.pullFrom('us');

    expect(await eu.versions(a)).toEqual(expect.arrayContaining([{ port: 2 }, 'deleted']));
    expect(await pulledFrom(eu.replica)).toEqual(['ap']);
  });
});

test('a region that lost its state does not wait for who has left', async () => {
  const { federation, us, eu, ap } = await trio();
  await eu.cluster.write(a, { port: 1 });
  await federation.exchange();
  await leave(us);
  federation.ledgers.settle();
  const backup = eu.store.snapshot();
  await eu.cluster.write(a, { port: 2 });
  await ap.pullFrom('eu');
  federation.cut('us', 'eu');

  eu.restoreTable(backup, 'table-eu-2');
  eu.restart();
  await ensureServing(eu.replica, never);

  expect((await eu.store.state()).clock).toMatchObject({ state: 'serving', tableId: asTableId('table-eu-2') });
  expect(await eu.versions(a)).toEqual([{ port: 2 }]);
});
