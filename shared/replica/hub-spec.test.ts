import { describe, expect, test } from 'vitest';
import { beat, ownHeartbeat } from './heartbeat.ts';
import { peersLetIn } from './policy.ts';
import { ensureServing } from './recover.ts';
import { loadSettings } from './settings.ts';
import { Federation, never, route } from './testing.ts';
import type { TestMember } from './testing.ts';

const a = route('a');
interface Setting { readonly federation: Federation; readonly hub: TestMember; readonly eu: TestMember; readonly ap: TestMember }

/** A hub with its federation object, and two spokes that have none and have heard from nobody. */
async function hubAlone(): Promise<Setting> {
  const federation = new Federation({ members: ['us', 'eu', 'ap'], hub: 'us', spec: { mode: 'hub-spoke', sync: { excludeNamespaces: ['private'], batchSize: 7 } } });
  const [hub, eu, ap] = [federation.member('us'), federation.member('eu'), federation.member('ap')];
  await hub.start();
  for (const spoke of [eu, ap]) {
    await ensureServing(spoke.replica, never);
    await spoke.putFederation({}, { manifest: undefined });
  }
  federation.ledgers.settle();
  return { federation, hub, eu, ap };
}

/** As `hubAlone`, after a heartbeat of the hub; the spokes' clusters follow. */
async function followed(): Promise<Setting> {
  const setting = await hubAlone();
  await hears(setting);
  for (const spoke of [setting.eu, setting.ap]) await spoke.cluster.follow();
  return setting;
}
async function hears({ federation, hub, eu, ap }: Setting): Promise<void> {
  for (const spoke of [eu, ap]) await beat(hub.replica, federation.peer(hub.name, spoke.name), never);
}

const conditionsOf = async (member: TestMember): Promise<readonly { type: string; status: string; message: string }[]> => (await member.operator.status()).conditions;

describe('a spoke without a federation object', () => {
  test('serves nobody but its hub until that was heard of, and then all members', async () => {
    const setting = await hubAlone();

    expect(await peersLetIn(setting.eu.replica)).toEqual(new Set(['us']));
    await hears(setting);
    expect(await peersLetIn(setting.eu.replica)).toEqual(new Set(['us', 'ap']));
    expect(await peersLetIn(setting.hub.replica)).toEqual(new Set(['eu', 'ap']));
  });

  test('works from the hub\'s: members, sync, strategy, filters', async () => {
    const { eu } = await followed();

    const { spec, inForce, others, paused } = await loadSettings(eu.replica);

    expect(others).toEqual(['us', 'ap']);
    expect(spec).toMatchObject({ localMember: { name: 'eu', endpoint: 'eu:9090' }, sync: { batchSize: 7, excludeNamespaces: ['private'] } });
    expect(spec?.members).toMatchObject([{ name: 'us', endpoint: 'us:9090', tls: { enabled: true } }, { name: 'ap' }]);
    expect({ mode: inForce?.mode, strategy: inForce?.strategy, paused }).toEqual({ mode: 'hub-spoke', strategy: 'LastWriterWins', paused: false });
    expect(await conditionsOf(eu)).toContainEqual(expect.objectContaining({ type: 'FollowsHub', status: 'True', message: expect.stringContaining('the hub, us') }));
  });

  test('shows what the hub writes, puts local edits back, and has its bridge told so', async () => {
    const { federation, hub, eu } = await followed();
    await hub.cluster.write(a, { port: 1 });
    await federation.exchange();
    await eu.cluster.follow();

    expect(eu.cluster.specOf(a)).toEqual({ port: 1 });
    expect(await eu.cluster.write(a, { port: 2 })).toMatchObject({ outcome: 'refused', reason: 'SpokeReadOnly' });
    expect(await eu.putFederation({}, { manifest: undefined })).toMatchObject({ accepted: true, paused: false, mode: 'hub-spoke', isHub: false, filter: { excludeNamespaces: ['private'] } });
    expect((await eu.operator.status()).phase).toBe('Healthy');
  });

  test('follows a change at the hub with the next heartbeat, and tells of it', async () => {
    const setting = await followed();
    const { hub, eu, federation } = setting;
    await hub.putFederation({ sync: { excludeNamespaces: ['other'] }, conflictResolution: { strategy: 'Manual' } });
    await hears(setting);
    await federation.beats();

    expect(await loadSettings(eu.replica)).toMatchObject({ spec: { sync: { excludeNamespaces: ['other'] } }, inForce: { strategy: 'Manual' } });
    expect(await loadSettings(hub.replica)).toMatchObject({ inForce: { strategy: 'Manual' } });
    // The first spec, the second, and the strategy that came into force by it.
    expect(eu.events.filter(({ kind }) => kind === 'SpecChanged')).toHaveLength(3);
  });

  test('hears nothing new from the same spec again', async () => {
    const setting = await followed();
    await hears(setting);

    expect(setting.eu.events.filter(({ kind }) => kind === 'SpecChanged')).toHaveLength(1);
  });

  test('goes on with what it knows after a restart, whoever can be reached', async () => {
    const { eu } = await followed();
    eu.restart();

    expect(await loadSettings(eu.replica)).toMatchObject({ from: 'hub', others: ['us', 'ap'] });
  });
});

describe('a spoke with a federation object', () => {
  test('works from its own, and from the hub\'s again when that is gone', async () => {
    const { eu } = await followed();

    await eu.putFederation({ sync: { batchSize: 50 } });
    const own = await loadSettings(eu.replica);
    await eu.putFederation({}, { manifest: undefined });
    const hubs = await loadSettings(eu.replica);

    expect(own).toMatchObject({ from: 'own', spec: { sync: { batchSize: 50 } }, inForce: { mode: 'hub-spoke' } });
    expect(hubs).toMatchObject({ from: 'hub', paused: false, spec: { sync: { batchSize: 7 } } });
    expect(await conditionsOf(eu)).toContainEqual(expect.objectContaining({ type: 'FollowsHub' }));
  });
});

describe('the hub\'s spec', () => {
  test('is taken from the hub alone', async () => {
    const { hub, eu, ap } = await hubAlone();

    await eu.handlers.heartbeat(ap.name, { ...(await ownHeartbeat(ap.replica)), hubSpec: JSON.stringify(hub.manifest()) }, never);

    expect((await loadSettings(eu.replica)).spec).toBeUndefined();
  });

  test.each([
    ['is no JSON', () => '{', 'it is not JSON'],
    ['is of another federation', (hub: TestMember) => JSON.stringify(hub.manifest({ federationID: 'other' })), 'its federationID is "other"'],
    ['does not list the spoke', (hub: TestMember) => JSON.stringify(hub.manifest({ members: [{ name: 'ap', endpoint: 'ap:9090' }] })), 'its members do not list eu'],
    ['does not validate', (hub: TestMember) => JSON.stringify(hub.manifest({ sync: { interval: 'soon' } })), 'spec.sync.interval'],
    ['is of another member', (hub: TestMember) => JSON.stringify(hub.manifest({ localMember: { name: 'sa', endpoint: 'sa:9090' } })), 'not the hub'],
  ])('that %s is not followed, the last good one is, and a condition says why', async (_what, manifest, problem) => {
    const { federation, hub, eu } = await followed();

    federation.fake('eu', 'us', { heartbeat: async () => ({ ...(await ownHeartbeat(hub.replica)), hubSpec: manifest(hub) }) });
    await beat(eu.replica, federation.peer(eu.name, hub.name), never);

    expect(await loadSettings(eu.replica)).toMatchObject({ from: 'hub', spec: { sync: { batchSize: 7 } } });
    expect(await conditionsOf(eu)).toContainEqual(expect.objectContaining({ type: 'HubSpecValid', status: 'False', message: expect.stringContaining(problem) }));
    federation.fake('eu', 'us', undefined);
    await beat(eu.replica, federation.peer(eu.name, hub.name), never);
    expect((await conditionsOf(eu)).filter(({ type }) => type === 'HubSpecValid')).toEqual([]);
  });

  test('does not travel where there is no hub', async () => {
    const federation = await Federation.start();

    expect((await ownHeartbeat(federation.member('us').replica)).hubSpec).toBeUndefined();
  });
});
