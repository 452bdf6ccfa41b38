import { describe, expect, test } from 'vitest';
import type { ResourceKey } from '../model/ids.ts';
import { asMember } from '../model/ids.ts';
import { resourceKey } from '../model/resource-key.ts';
import { ensureServing } from './recover.ts';
import { Federation, never, route } from './testing.ts';
import type { TestMember } from './testing.ts';

const a = route('a');
const manifestOf = (spec: object, name = 'a'): string => JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name, namespace: 'default' }, spec });

interface Pair { readonly federation: Federation; readonly us: TestMember; readonly eu: TestMember }
async function pair(spec = {}): Promise<Pair> {
  const federation = await Federation.start({ spec });
  return { federation, us: federation.member('us'), eu: federation.member('eu') };
}

/** `us` and `eu` each wrote `a`, `eu` later; both have both. */
async function conflicting(strategy: string): Promise<Pair> {
  const setting = await pair({ conflictResolution: { strategy } });
  await setting.us.cluster.write(a, { port: 1 });
  setting.federation.nowMs += 1000;
  await setting.eu.cluster.write(a, { port: 2 });
  await setting.federation.exchange();
  return setting;
}

describe('the phase', () => {
  test('is Initializing before anybody was heard of', async () => {
    const federation = new Federation();
    const us = federation.member('us');
    await us.start();

    expect((await us.operator.status()).phase).toBe('Initializing');
  });

  test('is Syncing until everybody was pulled from', async () => {
    const { us } = await pair();

    expect((await us.operator.status()).phase).toBe('Syncing');
  });

  test('is Healthy when all is level', async () => {
    const { federation, us } = await pair();
    await federation.exchange();

    expect(await us.operator.status()).toMatchObject({ phase: 'Healthy', localMember: 'us', mode: 'mesh', strategy: 'LastWriterWins' });
  });

  test('is Partitioned when nobody can be reached, and Healthy again after [I11]', async () => {
    const { federation, us } = await pair();
    await federation.exchange();
    federation.cut('us', 'eu');
    for (let round = 0; round < 3; round += 1) await federation.beats();
    const during = await us.operator.status();
    federation.heal();
    await federation.exchange();

    expect(during.phase).toBe('Partitioned');
    expect(during.conditions.find(({ type }) => type === 'Partitioned')).toMatchObject({ status: 'True', message: expect.stringContaining('eu') });
    expect((await us.operator.status()).phase).toBe('Healthy');
  });

  test('is Degraded when some can', async () => {
    const federation = await Federation.start({ members: ['us', 'eu', 'ap'] });
    await federation.exchange();
    federation.cut('us', 'ap');
    for (let round = 0; round < 3; round += 1) await federation.beats();

    expect((await federation.member('us').operator.status()).phase).toBe('Degraded');
  });

  test('is Syncing while the region recovers', async () => {
    const { federation, us } = await pair();
    await federation.exchange();
    us.restoreTable(us.store.snapshot(), 'table-restored');
    federation.cut('us', 'eu');
    await ensureServing(us.replica, never);

    expect(await us.operator.status()).toMatchObject({ phase: 'Syncing', recovering: true });
  });

  test('of a member without others is Healthy', async () => {
    const federation = await Federation.start({ members: ['us'] });

    expect((await federation.member('us').operator.status()).phase).toBe('Healthy');
  });
});

describe('the status', () => {
  test('tells how far behind a member is', async () => {
    const { federation, us, eu } = await pair();
    await eu.cluster.write(a, { port: 1 });
    await federation.beats();
    federation.nowMs += 7000;

    const { members, conditions } = await us.operator.status();

    expect(members.find(({ name }) => name === 'eu')).toMatchObject({ syncLagMs: 7000, vectorClock: { eu: 1 } });
    expect(conditions.find(({ type }) => type === 'Synced')).toMatchObject({ status: 'False', message: expect.stringContaining('eu') });
  });

  test('counts what is live, and not what is deleted', async () => {
    const { us } = await pair();
    await us.cluster.write(a, { port: 1 });
    await us.cluster.write(route('b'), { port: 1 });
    await us.cluster.delete(route('b'));

    expect((await us.operator.status()).resources).toBe(1);
  });

  test('shows vectors by member over all its incarnations', async () => {
    const { federation, us } = await pair();
    await us.cluster.write(a, { port: 1 });
    await federation.exchange();
    us.restoreTable(us.store.snapshot(), 'table-restored');
    await ensureServing(us.replica, never);
    await us.cluster.follow();
    await us.cluster.write(route('b'), { port: 1 });

    expect((await us.operator.status()).localVectorClock).toMatchObject({ us: 2 });
  });

  test('tells that writes are fenced', async () => {
    const { federation, us } = await pair();
    await us.store.putWritableUntil(federation.nowMs);

    expect((await us.operator.status()).writesFenced).toBe(true);
  });

  test('for the federation object is not sent again while nothing changed but time', async () => {
    const { federation, us, eu } = await pair();
    await eu.cluster.write(a, { port: 1 });
    await federation.beats();
    federation.nowMs += 1000;
    const first = await us.region.reportStatus({ ...us.cluster.identity, objects: 0, dirty: 0, version: '1', ifNot: undefined }, never);
    federation.nowMs += 60_000;

    const second = await us.region.reportStatus({ ...us.cluster.identity, objects: 0, dirty: 0, version: '1', ifNot: first.statusHash }, never);

    expect(JSON.parse(first.status ?? '')).toMatchObject({ phase: 'Syncing', memberCount: 2, members: [{ name: 'eu', healthy: true }] });
    expect(second).toEqual({ status: undefined, statusHash: first.statusHash });
  });

  test('for the federation object is sent again when something changed', async () => {
    const { federation, us } = await pair();
    const first = await us.region.reportStatus({ ...us.cluster.identity, objects: 0, dirty: 0, version: '1', ifNot: undefined }, never);
    await federation.exchange();

    const second = await us.region.reportStatus({ ...us.cluster.identity, objects: 0, dirty: 0, version: '1', ifNot: first.statusHash }, never);

    expect(JSON.parse(second.status ?? '')).toMatchObject({ phase: 'Healthy', syncedCount: 2 });
  });
});

describe('a conflict', () => {
  test('under Manual waits for a person, and says so', async () => {
    const { us } = await conflicting('Manual');

    const [info, ...more] = await us.operator.conflicts(false);

    expect(more).toEqual([]);
    expect(info).toMatchObject({ key: a, status: 'pending', strategy: 'Manual', versions: [{ deleted: false }, { deleted: false }] });
    expect((await us.operator.status()).conflictsPending).toBe(1);
  });

  test('under LastWriterWins is decided, and its loser listed [I3]', async () => {
    const { us } = await conflicting('LastWriterWins');

    const pending = await us.operator.conflicts(false);
    const [info] = await us.operator.conflicts(true);

    expect(pending).toEqual([]);
    expect(info).toMatchObject({ status: 'decided', why: expect.stringContaining('later') });
    expect(info?.versions.map(({ member, manifest }) => [member, (JSON.parse(manifest ?? '{}') as { spec: unknown }).spec]).sort()).toEqual([['eu', { port: 2 }], ['us', { port: 1 }]]);
    expect((await us.operator.status()).conflictsPending).toBe(0);
  });

  test('names its winner with whose version it is: both members may have a version of one number', async () => {
    const { us } = await conflicting('LastWriterWins');

    const [conflict] = await us.operator.conflicts(true);

    expect(conflict?.versions.map(({ version }) => version)).toEqual(['v1.1', 'v1.1']);
    expect(conflict?.winner).toEqual({ version: 'v1.1', member: 'eu' });
  });

  test('under Merge of one field waits, naming the field', async () => {
    const { us } = await conflicting('Merge');

    expect(await us.operator.conflict(a)).toMatchObject({ status: 'pending', overlapping: ['spec/port'], why: expect.stringContaining('later write is shown') });
  });

  test('is none where both wrote the same', async () => {
    const { federation, us, eu } = await pair();
    await us.cluster.write(a, { port: 1 });
    await eu.cluster.write(a, { port: 1 });
    await federation.exchange();

    expect(await us.operator.conflicts(true)).toEqual([]);
    expect(await us.operator.conflict(a)).toBeUndefined();
  });

  test.each([['local', { port: 1 }], ['remote', { port: 2 }], ['eu', { port: 2 }], ['us', { port: 1 }]])('is resolved by keeping %s, everywhere', async (keep, expected) => {
    const { federation, us, eu } = await conflicting('Manual');

    const { version } = await us.operator.resolve(a, keep, 'r1');
    await federation.exchange();
    for (const member of [us, eu]) await member.cluster.follow();

    expect(version).toBe('v1.2');
    expect(await eu.versions(a)).toEqual([expected]);
    expect([us.cluster.specOf(a), eu.cluster.specOf(a)]).toEqual([expected, expected]);
    expect((await eu.operator.status()).conflictsPending).toBe(0);
  });

  test('with several remote versions is not resolved by `remote`; the choices are named', async () => {
    const federation = await Federation.start({ members: ['us', 'eu', 'ap'], spec: { conflictResolution: { strategy: 'Manual' } } });
    for (const [at, member] of federation.all.entries()) await member.cluster.write(a, { port: at });
    await federation.exchange();
    const us = federation.member('us');

    await expect(us.operator.resolve(a, 'remote', 'r1')).rejects.toThrow(/2 versions; name the member:.*eu.*/);
    expect(await us.versions(a)).toHaveLength(3);
  });

  test('is not resolved by keeping somebody who wrote nothing', async () => {
    const { us } = await conflicting('Manual');

    await expect(us.operator.resolve(a, 'ap', 'r1')).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('us (v1.1)') });
  });

  test('that is none cannot be resolved', async () => {
    const { us } = await pair();

    await expect(us.operator.resolve(a, 'local', 'r1')).rejects.toMatchObject({ code: 'not-found' });
  });

  test('is resolved once: the request sent again, after its answer was lost, is answered as before', async () => {
    const { federation, us, eu } = await conflicting('Manual');
    const first = await us.operator.resolve(a, 'local', 'r1');

    expect(await us.operator.resolve(a, 'local', 'r1')).toEqual(first);
    await eu.cluster.write(a, { port: 9 });
    await federation.exchange();
    expect(await us.operator.resolve(a, 'local', 'r1')).toEqual(first);
    expect(await us.versions(a)).toHaveLength(2);
  });

  test('under Manual ends as well where somebody edits the object in a cluster that shows it', async () => {
    const { federation, us, eu } = await conflicting('Manual');
    for (const member of [us, eu]) await member.cluster.follow();

    await us.cluster.write(a, { port: 5 });
    await federation.exchange();

    expect(await eu.versions(a)).toEqual([{ port: 5 }]);
  });
});

describe('an operator', () => {
  test('applies a manifest, which the cluster is then shown', async () => {
    const { us } = await pair();

    const outcome = await us.operator.apply(manifestOf({ port: 1 }), 'r1');
    await us.cluster.follow();

    expect(outcome).toEqual({ key: a, version: 'v1.1', outcome: 'created' });
    expect(us.cluster.specOf(a)).toEqual({ port: 1 });
  });

  test('changes what is there, or leaves it unchanged', async () => {
    const { us } = await pair();
    await us.operator.apply(manifestOf({ port: 1 }), 'r1');

    expect((await us.operator.apply(manifestOf({ port: 2 }), 'r2')).outcome).toBe('configured');
    expect((await us.operator.apply(manifestOf({ port: 2 }), 'r3')).outcome).toBe('unchanged');
    expect(await us.head()).toBe(2);
  });

  test('whose request comes again after its answer was lost changes nothing [I1]', async () => {
    const { us } = await pair();
    await us.operator.apply(manifestOf({ port: 1 }), 'r1');
    await us.cluster.follow();
    await us.cluster.write(a, { port: 7 });

    expect(await us.operator.apply(manifestOf({ port: 1 }), 'r1')).toMatchObject({ version: 'v1.1', outcome: 'unchanged' });
    expect(await us.versions(a)).toEqual([{ port: 7 }]);
  });

  test('whose delete comes again after its answer was lost takes away nothing that came since [I1]', async () => {
    const { us } = await pair();
    await us.cluster.write(a, { port: 1 });
    await us.operator.delete(a, 'r1');
    expect(await us.operator.delete(a, 'r1')).toBe('deleted');
    await us.cluster.follow();
    await us.cluster.write(a, { port: 7 });

    expect(await us.operator.delete(a, 'r1')).toBe('deleted');
    expect(await us.versions(a)).toEqual([{ port: 7 }]);
  });

  test('writes nothing while the federation is paused at the member, and is told so', async () => {
    const { us } = await conflicting('Manual');
    await us.putFederation({ paused: true });
    const head = await us.head();

    for (const write of [us.operator.apply(manifestOf({ port: 3 }), 'r1'), us.operator.delete(a, 'r2'), us.operator.resolve(a, 'local', 'r3')]) {
      await expect(write).rejects.toMatchObject({ code: 'paused', message: expect.stringContaining('paused at us') });
    }
    expect(await us.head()).toBe(head);
  });

  test.each([['no JSON', '{'], ['no object', '[]'], ['no kind', '{"apiVersion":"v1","metadata":{"name":"a"}}'], ['a kind that is never federated', '{"apiVersion":"v1","kind":"Node","metadata":{"name":"a"}}'], ['a name that is a path', manifestOf({}, '../a')]])('is refused %s', async (_what, manifest) => {
    const { us } = await pair();

    await expect(us.operator.apply(manifest, 'r1')).rejects.toMatchObject({ code: 'invalid' });
  });

  test('deletes a resource everywhere, once', async () => {
    const { federation, us, eu } = await pair();
    await us.cluster.write(a, { port: 1 });

    const outcomes = [await us.operator.delete(a, 'r1'), await us.operator.delete(a, 'r2')];
    await federation.exchange();
    await us.cluster.follow();

    expect(outcomes).toEqual(['deleted', 'not-found']);
    expect(await eu.versions(a)).toEqual(['deleted']);
    expect(us.cluster.objects.has(a)).toBe(false);
  });

  test('lists by kind and namespace, page by page', async () => {
    const { us } = await pair();
    for (const key of [route('a'), route('b'), route('c', 'shop')]) await us.cluster.write(key, { port: 1 });

    const first = await us.operator.list({ kind: 'proxyroute', namespace: 'default' }, undefined, 1);
    const second = await us.operator.list({ kind: undefined, namespace: undefined }, first.next, 10);

    expect(first.resources.map(({ key }) => key)).toEqual([route('a')]);
    expect(second.resources.map(({ key }) => key)).toEqual([route('b'), route('c', 'shop')]);
    expect(second.next).toBeUndefined();
  });

  test('gets a resource as a whole manifest, and nothing for one that is deleted', async () => {
    const { us } = await pair();
    await us.cluster.write(a, { port: 1 });
    const info = await us.operator.get(a);
    await us.cluster.delete(a);

    expect(JSON.parse(info?.manifest ?? '')).toEqual({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name: 'a', namespace: 'default' }, spec: { port: 1 } });
    expect(await us.operator.get(a)).toBeUndefined();
  });

  test('reads a resource\'s history from the logs', async () => {
    const { federation, us, eu } = await pair();
    await us.cluster.write(a, { port: 1 });
    await federation.exchange();
    await eu.cluster.follow();
    federation.nowMs += 1000;
    await eu.cluster.write(a, { port: 2 });
    federation.nowMs += 1000;
    await eu.cluster.delete(a);
    await federation.exchange();

    const history = await us.operator.history(a);

    expect(history.map(({ member, version, what }) => [member, version, what])).toEqual([['us', 'v1.1', 'superseded'], ['eu', 'v1.1', 'superseded'], ['eu', 'v1.2', 'deleted']]);
  });

  test('syncs and reconciles with one peer or all, and is told of one that is none', async () => {
    const { us, eu } = await pair();
    await eu.cluster.write(a, { port: 1 });

    const synced = await us.operator.syncNow(undefined, never);
    const reconciled = await us.operator.reconcile(asMember('eu'), never);

    expect(synced).toMatchObject([{ peer: 'eu', outcome: 'level', changes: 1 }]);
    expect(reconciled).toMatchObject([{ peer: 'eu', outcome: 'same' }]);
    await expect(us.operator.syncNow(asMember('sa'), never)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('is told why a peer could not be synced or reconciled with', async () => {
    const { federation, us } = await pair();
    federation.cut('us', 'eu');

    expect(await us.operator.syncNow(undefined, never)).toMatchObject([{ peer: 'eu', outcome: 'failed', reason: 'eu cannot be reached' }]);
    expect(await us.operator.reconcile(undefined, never)).toMatchObject([{ peer: 'eu', outcome: 'failed', reason: 'eu cannot be reached' }]);
  });
});

describe('a secret', () => {
  const secretKey: ResourceKey = resourceKey({ group: '', kind: 'Secret', namespace: 'default', name: 's' });

  test('is redacted in every output', async () => {
    const { us } = await pair({ sync: { resourceTypes: ['Secret', 'ConfigMap'] } });
    const value = 'aHVudGVyMg==';
    await us.operator.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' }, data: { password: value }, stringData: { user: value } }), 'r1');
    await us.operator.apply(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default' }, data: { key: value }, binaryData: { blob: value } }), 'r2');

    const out = JSON.stringify([await us.operator.get(secretKey), await us.operator.list({ kind: undefined, namespace: undefined }, undefined, 10), await us.operator.history(secretKey), await us.operator.status()]);

    expect(out).not.toContain(value);
    expect(out).toContain('(redacted)');
  });

  test('is redacted in a conflict', async () => {
    const { federation, us, eu } = await pair({ sync: { resourceTypes: ['Secret'] } });
    for (const [member, password] of [[us, 'b25l'], [eu, 'dHdv']] as const) await member.operator.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' }, data: { password } }), 'r1');
    await federation.exchange();

    const out = JSON.stringify(await us.operator.conflicts(true));

    expect(out).toContain('(redacted)');
    expect(out).not.toMatch(/b25l|dHdv/);
  });
});
