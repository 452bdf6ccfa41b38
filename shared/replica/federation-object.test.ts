import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../model/content.ts';
import type { Condition } from '../ports/region.ts';
import { knownCluster } from './cluster-identity.ts';
import { SETTINGS_LIFE_MS, loadSettings } from './settings.ts';
import { Federation, route } from './testing.ts';
import type { TestMember } from './testing.ts';

const a = route('a');
const strategy = (name: string): JsonObject => ({ conflictResolution: { strategy: name } });

async function trio(): Promise<{ federation: Federation; us: TestMember; eu: TestMember; ap: TestMember }> {
  const federation = await Federation.start({ members: ['us', 'eu', 'ap'] });
  return { federation, us: federation.member('us'), eu: federation.member('eu'), ap: federation.member('ap') };
}

const conditionOf = (conditions: readonly Condition[], type: string): Condition | undefined => conditions.find((condition) => condition.type === type);
const inForce = async (member: TestMember): Promise<string | undefined> => (await loadSettings(member.replica)).inForce?.strategy;

describe('a federation object', () => {
  test('that is valid is in force at once, and told', async () => {
    const { us } = await trio();

    const response = await us.putFederation({ sync: { excludeNamespaces: ['private'] } });

    expect(response).toMatchObject({ accepted: true, paused: false, filter: { excludeNamespaces: ['private'] } });
    expect(conditionOf(response.conditions, 'ConfigurationValid')).toMatchObject({ status: 'True' });
    expect(us.events.at(-1)).toEqual({ kind: 'SpecChanged' });
  });

  test('is in force at another handler of the member within a second', async () => {
    const { federation, us } = await trio();
    const other = { ...us.replica, memory: { settings: us.replica.memory.settings } };
    await loadSettings(other);
    await us.putFederation({ sync: { batchSize: 7 } });
    federation.nowMs += SETTINGS_LIFE_MS;

    expect((await loadSettings(other)).spec?.sync.batchSize).toBe(7);
  });

  test('that is invalid is refused as a whole, naming the field, and the last good one stays', async () => {
    const { us } = await trio();
    await us.putFederation({ sync: { batchSize: 7 } });

    const response = await us.putFederation({ sync: { batchSize: 0 }, mode: 'unified' });

    expect(response.accepted).toBe(false);
    expect(conditionOf(response.conditions, 'ConfigurationValid')).toMatchObject({ status: 'False', reason: 'Invalid', message: expect.stringMatching(/spec\.sync\.batchSize.*last good spec stays/s) });
    expect((await loadSettings(us.replica)).spec).toMatchObject({ sync: { batchSize: 7 }, shared: { mode: 'mesh' } });
  });

  test('that says what cannot be stored is refused, and the region goes on', async () => {
    const { federation, us } = await trio();

    const response = await us.putFederation({ sync: { batchSize: 7 }, description: 'half a pair: \ud83d' });

    expect(response.accepted).toBe(false);
    expect(conditionOf(response.conditions, 'ConfigurationValid')).toMatchObject({ status: 'False', reason: 'Invalid', message: expect.stringMatching(/\/spec\/description holds half a surrogate pair/) });
    federation.nowMs += SETTINGS_LIFE_MS;
    expect((await loadSettings(us.replica)).spec?.sync.batchSize).not.toBe(7);
  });

  test('that is no JSON is refused', async () => {
    const { us } = await trio();

    expect(await us.putFederation({}, { manifest: '{' })).toMatchObject({ accepted: false, paused: false });
    expect(await us.putFederation({}, { manifest: '[]' })).toMatchObject({ accepted: false });
  });

  test('that is put right again clears its condition', async () => {
    const { us } = await trio();
    await us.putFederation({ mode: 'nonsense' });

    const response = await us.putFederation({});

    expect(conditionOf(response.conditions, 'ConfigurationValid')?.status).toBe('True');
  });

  test('whose definition lacks fields is refused, naming them', async () => {
    const { us } = await trio();

    const response = await us.putFederation({}, { schemaGaps: ['spec.antiEntropy'] });

    expect(response.accepted).toBe(false);
    expect(conditionOf(response.conditions, 'ConfigurationValid')).toMatchObject({ reason: 'SchemaTooOld', message: expect.stringContaining('spec.antiEntropy') });
  });

  test('that renames the federation is refused, naming both', async () => {
    const { us } = await trio();

    const { conditions } = await us.putFederation({ federationID: 'staging' });

    expect(conditionOf(conditions, 'ConfigurationValid')).toMatchObject({ reason: 'IdentityMismatch', message: expect.stringMatching(/"staging".*"prod"/) });
  });

  test('that renames the member is refused, naming both', async () => {
    const { us } = await trio();

    const { conditions } = await us.putFederation({ localMember: { name: 'us-2', endpoint: 'us:9090' } });

    expect(conditionOf(conditions, 'ConfigurationValid')).toMatchObject({ reason: 'IdentityMismatch', message: expect.stringMatching(/"us-2".*"us"/) });
  });

  test('that changes the list of members is refused, naming who is added and who is missing', async () => {
    const { us } = await trio();

    const { conditions } = await us.putFederation({ members: [{ name: 'eu', endpoint: 'eu:9090' }, { name: 'sa', endpoint: 'sa:9090' }] });

    expect(conditionOf(conditions, 'ConfigurationValid')).toMatchObject({ reason: 'MembershipFixed', message: expect.stringMatching(/adds sa, lacks ap/) });
    expect((await loadSettings(us.replica)).others).toEqual(['eu', 'ap']);
  });

  test('of hub-spoke needs the name of the hub from deploy time', async () => {
    const { us } = await trio();

    expect(await us.putFederation({ mode: 'hub-spoke' })).toMatchObject({ accepted: false });
  });

  test('that asks for fencing which nothing enforces says so', async () => {
    const { federation, us } = await trio();

    const before = await us.putFederation({ splitBrain: { fencingEnabled: true } });
    await us.store.putWritableUntil(federation.nowMs + 60_000);
    const after = await us.putFederation({ splitBrain: { fencingEnabled: true } });

    expect(conditionOf(before.conditions, 'FencingNotActive')?.status).toBe('True');
    expect(conditionOf(after.conditions, 'FencingNotActive')).toBeUndefined();
  });

  test('that is removed pauses the member, and is in force again when it comes back', async () => {
    const { us } = await trio();

    const gone = await us.putFederation({}, { manifest: undefined });
    const refused = await us.cluster.write(a, { port: 1 });
    const back = await us.putFederation({});

    expect([gone.paused, back.paused]).toEqual([true, false]);
    expect(refused).toMatchObject({ outcome: 'refused', reason: 'Paused' });
    expect((await us.cluster.write(a, { port: 2 })).outcome).toBe('committed');
  });

  test('that was never there leaves the region initializing, with nothing exchanged', async () => {
    const federation = new Federation();
    const us = federation.member('us');

    const response = await us.putFederation({}, { manifest: undefined });

    expect(response).toMatchObject({ accepted: false, paused: true, conditions: [] });
    expect((await us.operator.status()).phase).toBe('Initializing');
  });

  test('put twice is put once', async () => {
    const { us } = await trio();
    await us.putFederation({}, { generation: 5 });
    const before = us.events.length;

    await us.putFederation({}, { generation: 5 });

    expect(us.events).toHaveLength(before);
  });

  test('with risky but allowed settings says so', async () => {
    const { us } = await trio();

    const { conditions } = await us.putFederation({ conflictResolution: { vectorClocks: false } });

    expect(conditionOf(conditions, 'ConfigurationValid')).toMatchObject({ status: 'True', reason: 'Warnings', message: expect.stringContaining('vectorClocks') });
  });

  test('makes the calling cluster this member\'s', async () => {
    const us = new Federation().member('us');

    await us.putFederation({});

    expect((await knownCluster(us.replica, us.cluster.identity))?.record.clusterId).toBe('cluster-us');
  });
});

describe('the list of ownership marks', () => {
  const marked = (name: string): string => JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name, namespace: 'default', labels: { team: 'edge', tier: 'web' } }, spec: {} });

  test('is in force as the majority asks for it, and is another filter for the bridge', async () => {
    const federation = await Federation.start({ members: ['us', 'eu', 'ap'] });
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    const before = await us.putFederation();
    const sync = { ownershipMarks: ['team'] };
    const alone = await us.putFederation({ sync });
    await eu.putFederation({ sync });
    await federation.beats();
    const after = await us.putFederation({ sync });

    expect(alone.filter).toEqual(before.filter);
    expect(after.filter.ownershipMarks).toEqual(['team']);
    expect((await us.cluster.pull()).kind).toBe('compacted');
    expect((await federation.member('ap').operator.status()).conditions).toContainEqual(expect.objectContaining({ type: 'SettingsDiffer', message: expect.stringContaining('ap asks for another ownershipMarks') }));
  });

  test('holds for what an operator applies as well', async () => {
    const federation = await Federation.start({ members: ['us'], spec: { sync: { ownershipMarks: ['team'] } } });
    const us = federation.member('us');

    const { key } = await us.operator.apply(marked('a'), 'r1');

    expect(JSON.parse((await us.operator.get(key))?.manifest ?? '{}')).toMatchObject({ metadata: { labels: { tier: 'web' } } });
    expect((await us.operator.get(key))?.manifest).not.toContain('"team"');
  });
});

describe('the strategy in force', () => {
  test('is what the majority asks for', async () => {
    const { federation, us, eu, ap } = await trio();
    await us.putFederation(strategy('Merge'));
    await federation.beats();
    const afterOne = [await inForce(us), await inForce(eu), await inForce(ap)];
    await eu.putFederation(strategy('Merge'));
    await federation.beats();

    expect(afterOne).toEqual(['LastWriterWins', 'LastWriterWins', 'LastWriterWins']);
    expect([await inForce(us), await inForce(eu), await inForce(ap)]).toEqual(['Merge', 'Merge', 'Merge']);
  });

  test('is the older one where there is a tie', async () => {
    const federation = await Federation.start();
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await us.putFederation(strategy('Merge'));
    await federation.beats();

    expect([await inForce(us), await inForce(eu)]).toEqual(['LastWriterWins', 'LastWriterWins']);
  });

  test('that somebody does not ask for shows a condition at every member, naming the field', async () => {
    const { federation, us, eu } = await trio();
    await us.putFederation(strategy('Merge'));
    await federation.beats();

    const conditions = await Promise.all([us, eu].map(async (member) => conditionOf((await member.operator.status()).conditions, 'SettingsDiffer')));

    expect(conditions).toMatchObject([{ message: 'us asks for another strategy' }, { message: 'us asks for another strategy' }]);
  });

  test('that all ask for shows none', async () => {
    const { federation, us, eu, ap } = await trio();
    for (const member of [us, eu, ap]) await member.putFederation(strategy('Merge'));
    await federation.beats();

    expect(conditionOf((await us.operator.status()).conditions, 'SettingsDiffer')).toBeUndefined();
  });

  test('that changed shows each conflict anew [I7]', async () => {
    const federation = await Federation.start({ members: ['us', 'eu', 'ap'] });
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await us.cluster.write(a, { left: 1, right: 1 });
    await federation.exchange();
    for (const member of federation.all) await member.cluster.follow();
    await us.cluster.write(a, { left: 2, right: 1 });
    federation.nowMs += 1000;
    await eu.cluster.write(a, { left: 1, right: 2 });
    await federation.exchange();
    for (const member of federation.all) await member.cluster.follow();
    const before = federation.all.map((member) => member.cluster.specOf(a));

    for (const member of federation.all) await member.putFederation(strategy('Merge'));
    await federation.beats();
    for (const member of federation.all) await member.cluster.follow();

    expect(before).toEqual(federation.all.map(() => ({ left: 1, right: 2 })));
    expect(federation.all.map((member) => member.cluster.specOf(a))).toEqual(federation.all.map(() => ({ left: 2, right: 2 })));
  });

  test('that changed is shown while a person already keeps a version: what is shown then is no edit [I6]', async () => {
    const { federation, us, eu } = await trio();
    await us.cluster.write(a, { port: 1 });
    federation.nowMs += 1000;
    await eu.cluster.write(a, { port: 2 });
    await federation.exchange();
    for (const member of federation.all) await member.cluster.follow();
    for (const member of federation.all) await member.putFederation(strategy('Manual'));
    await federation.beats();

    const late = await us.cluster.pull();
    for (const target of late.kind === 'compacted' ? [] : late.targets) us.cluster.show(target);
    const shownLate = us.cluster.specOf(a);
    await us.operator.resolve(a, 'eu', 'resolve-1');
    await us.cluster.follow();
    await federation.exchange();
    for (const member of federation.all) await member.cluster.follow();

    expect(shownLate).toEqual({ port: 1 });
    expect(await eu.operator.conflicts(true)).toEqual([]);
    expect(federation.all.map((member) => member.cluster.specOf(a))).toEqual(federation.all.map(() => ({ port: 2 })));
  });

  test('changed to Manual leaves each cluster with its own, and asks a person [I7]', async () => {
    const { federation, us, eu, ap } = await trio();
    for (const member of [us, eu, ap]) await member.putFederation(strategy('Manual'));
    await federation.beats();
    await us.cluster.write(a, { port: 1 });
    await eu.cluster.write(a, { port: 2 });
    await federation.exchange();
    for (const member of [us, eu]) await member.cluster.follow();

    expect([us.cluster.specOf(a), eu.cluster.specOf(a)]).toEqual([{ port: 1 }, { port: 2 }]);
    expect((await ap.operator.status()).conflictsPending).toBe(1);
  });
});
