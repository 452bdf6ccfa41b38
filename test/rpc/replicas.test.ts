import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConnectPeer } from '../../shared/adapters/connect/index.ts';
import { GlobalTable } from '../../shared/adapters/memory/index.ts';
import { asClusterId } from '../../shared/model/ids.ts';
import { parseResourceKey } from '../../shared/model/resource-key.ts';
import type { Peer } from '../../shared/ports/peer.ts';
import { beat } from '../../shared/replica/heartbeat.ts';
import { pushTo } from '../../shared/replica/push.ts';
import type { RunningRegion } from './running-region.ts';
import { startRegion, stopRegion } from './running-region.ts';
import type { TestAuthorities } from './world.ts';
import { clientTls, FEDERATION, LOCAL, makeAuthorities, memberCertificate, PEER } from './world.ts';

const never = new AbortController().signal;
const ledgers = new GlobalTable(() => Date.now());

let authorities: TestAuthorities;
let west: RunningRegion;
let east: RunningRegion;

async function join(here: RunningRegion, there: RunningRegion): Promise<void> {
  const { member } = here.replica.identity;
  const other = there.replica.identity.member;
  const tls = clientTls(await memberCertificate(authorities.peer, member), authorities);
  here.peers.set(other, new ConnectPeer({ federationId: FEDERATION, member: other, endpoint: `127.0.0.1:${there.server.port.toString()}`, tls: () => tls }));
  const manifest = {
    apiVersion: 'novaedge.io/v1alpha1', kind: 'NovaEdgeFederation', metadata: { name: 'test', namespace: 'default' },
    spec: { federationID: FEDERATION, mode: 'mesh', localMember: { name: member, endpoint: 'x:9090' }, members: [{ name: other, endpoint: 'y:9090' }], conflictResolution: { strategy: 'Manual' } },
  };
  const put = await here.bridge.putFederation({ clusterId: asClusterId(`cluster-${member}`), leaseEpoch: 1, manifest: JSON.stringify(manifest), generation: 1, schemaGaps: [] }, never);
  expect(put).toMatchObject({ accepted: true, member, federationId: FEDERATION, mode: 'mesh' });
}

const peerOf = (here: RunningRegion, there: RunningRegion): Peer => {
  const peer = here.peers.get(there.replica.identity.member);
  if (peer === undefined) throw new RangeError('not joined');
  return peer;
};
const route = (name: string, host: string, filler = ''): string =>
  JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name, namespace: 'default', ...(filler !== '' && { annotations: { filler } }) }, spec: { hostnames: [host] } });
const keyOf = (name: string): ReturnType<typeof parseResourceKey> => parseResourceKey(`novaedge.io/ProxyRoute/default/${name}`);

beforeAll(async () => {
  authorities = await makeAuthorities();
  [west, east] = [await startRegion(LOCAL, { authorities, ledgers }), await startRegion(PEER, { authorities, ledgers })];
  await join(west, east);
  await join(east, west);
});
afterAll(async () => {
  for (const region of [west, east]) await stopRegion(region);
});

test('real regions hear of each other', async () => {
  expect(await beat(west.replica, peerOf(west, east), never)).toBe('answered');
  expect(await beat(east.replica, peerOf(east, west), never)).toBe('answered');
});

test('what is written at one is pulled by the other, contents of their own included', async () => {
  for (let number = 0; number < 30; number += 1) await west.operator.apply(route(`r${number.toString()}`, 'a.example.com'), `apply-${number.toString()}`);
  await west.operator.apply(route('long', 'a.example.com', Array.from({ length: 20_000 }, (_, at) => at.toString(36)).join(' ')), 'apply-long');

  expect(await east.operator.syncNow(LOCAL, never)).toMatchObject([{ peer: LOCAL }]);

  const [there, here] = [await east.operator.list({ kind: undefined, namespace: undefined }, undefined, 100), await west.operator.list({ kind: undefined, namespace: undefined }, undefined, 100)];
  expect(there.resources.length).toBe(31);
  expect(there.resources.map(({ key, hash }) => [key, hash])).toEqual(here.resources.map(({ key, hash }) => [key, hash]));
  expect((await east.operator.get(keyOf('long')))?.manifest.length).toBeGreaterThan(64 * 1024);
});

test('what is deleted at one is pushed to the other', async () => {
  const before = (await west.replica.store.state()).clock?.head ?? 0;
  expect(await west.operator.delete(keyOf('r7'), 'delete-7')).toBe('deleted');

  await pushTo(west.replica, peerOf(west, east), before, never);

  expect(await east.operator.get(keyOf('r7'))).toBeUndefined();
});

test('concurrent edits are a conflict at both, and one decision is both\'s', async () => {
  await west.operator.apply(route('r1', 'west.example.com'), 'west-1');
  await east.operator.apply(route('r1', 'east.example.com'), 'east-1');
  await west.operator.syncNow(undefined, never);
  await east.operator.syncNow(undefined, never);

  const [[conflict], [same]] = [await west.operator.conflicts(false), await east.operator.conflicts(false)];
  expect(conflict).toMatchObject({ key: keyOf('r1'), status: 'pending', strategy: 'Manual', versions: [expect.anything(), expect.anything()] });
  expect(same?.versions.map(({ hash }) => hash).sort()).toEqual(conflict?.versions.map(({ hash }) => hash).sort());

  await west.operator.resolve(keyOf('r1'), 'remote', 'resolve-1');
  await east.operator.syncNow(undefined, never);
  expect(await east.operator.conflicts(false)).toEqual([]);
  expect((await east.operator.get(keyOf('r1')))?.manifest).toMatch(/east\.example\.com/);
});

test('whom an operator denies is let in no more, on the connection that stands, until that is undone', async () => {
  const peer = peerOf(east, west);
  const pull = (): Promise<unknown> => peer.pull({ since: new Map(), limit: 1 }, never);
  await pull();

  expect(await west.operator.deny(`peer/${PEER}`, 'its key was stolen')).toMatchObject({ entry: `peer/${PEER}`, reason: 'its key was stolen' });
  await expect(pull()).rejects.toThrow('deny list');
  expect(await west.operator.undeny(`peer/${PEER}`)).toBe('removed');
  await expect(pull()).resolves.toBeDefined();
  await expect(west.operator.deny('operator/admin/alice@example.com', 'a slip')).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('the certificate you are calling with') });
});

test('they compare as the same afterwards, and nobody logged an error', async () => {
  await west.operator.syncNow(undefined, never);

  expect(await west.operator.reconcile(undefined, never)).toMatchObject([{ peer: PEER, outcome: 'same', repaired: 0 }]);
  expect((await west.operator.status()).merkleRoot).toBe((await east.operator.status()).merkleRoot);
  expect([...west.events, ...east.events].filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
});
