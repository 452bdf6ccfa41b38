import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConnectPeer } from '../../shared/adapters/connect/index.ts';
import { GlobalTable } from '../../shared/adapters/memory/index.ts';
import type { Member } from '../../shared/model/ids.ts';
import { asClusterId, asMember } from '../../shared/model/ids.ts';
import { beat } from '../../shared/replica/heartbeat.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import type { RunningRegion } from './running-region.ts';
import { startRegion, stopRegion } from './running-region.ts';
import type { TestAuthorities } from './world.ts';
import { clientTls, FEDERATION, LOCAL, makeAuthorities, memberCertificate, PEER } from './world.ts';

const never = new AbortController().signal;
const OTHER = asMember('ap-east');
const ledgers = new GlobalTable(() => Date.now());
const noObject = { clusterId: asClusterId('cluster-spoke'), leaseEpoch: 1, manifest: undefined, generation: 0, schemaGaps: [] };

let authorities: TestAuthorities;
let hub: RunningRegion;
let spoke: RunningRegion;
const peers: ConnectPeer[] = [];

/** How `caller` calls a region. */
async function peerTo(region: RunningRegion, caller: Member): Promise<ConnectPeer> {
  const tls = clientTls(await memberCertificate(authorities.peer, caller), authorities);
  const peer = new ConnectPeer({ federationId: FEDERATION, member: region.replica.identity.member, endpoint: `127.0.0.1:${region.server.port.toString()}`, tls: () => tls });
  peers.push(peer);
  return peer;
}

beforeAll(async () => {
  authorities = await makeAuthorities();
  hub = await startRegion(LOCAL, { authorities, ledgers, hub: LOCAL });
  spoke = await startRegion(PEER, { authorities, ledgers, hub: LOCAL });
  const manifest = {
    apiVersion: 'novaedge.io/v1alpha1', kind: 'NovaEdgeFederation', metadata: { name: 'test', namespace: 'default' },
    spec: { federationID: FEDERATION, mode: 'hub-spoke', localMember: { name: LOCAL, endpoint: 'hub:9090' }, members: [PEER, OTHER].map((name) => ({ name, endpoint: `${name}:9090` })), sync: { excludeNamespaces: ['private'] } },
  };
  expect(await hub.bridge.putFederation({ ...noObject, clusterId: asClusterId('cluster-hub'), manifest: JSON.stringify(manifest), generation: 1 }, never)).toMatchObject({ accepted: true, isHub: true });
});
afterAll(async () => {
  for (const peer of peers) peer.close();
  for (const region of [hub, spoke]) await stopRegion(region);
});

test('a spoke without a federation object lets in its hub alone, gets the spec with its heartbeat, and follows', async () => {
  expect(await spoke.bridge.putFederation(noObject, never)).toMatchObject({ accepted: false, paused: true });
  const [fromHub, fromOther] = [await peerTo(spoke, LOCAL), await peerTo(spoke, OTHER)];
  await expect(fromOther.pull({ since: new Map(), limit: 1 }, never)).rejects.toMatchObject({ code: 'refused' });

  expect(await beat(hub.replica, fromHub, never)).toBe('answered');

  expect(await spoke.bridge.putFederation(noObject, never)).toMatchObject({ accepted: true, paused: false, mode: 'hub-spoke', isHub: false, filter: { excludeNamespaces: ['private'] } });
  await expect(fromOther.pull({ since: new Map(), limit: 1 }, never)).resolves.toMatchObject({ kind: 'page' });
  expect((await spoke.operator.status()).members.map(({ name, endpoint }) => [name, endpoint])).toEqual([[PEER, `${PEER}:9090`], [LOCAL, 'hub:9090'], [OTHER, `${OTHER}:9090`]]);
});

test('and then has what the hub writes, and writes nothing itself', async () => {
  const manifest = JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name: 'api', namespace: 'default' }, spec: { hostnames: ['a.example.com'] } });
  await hub.operator.apply(manifest, 'apply-1');
  ledgers.settle();

  expect(await pullFrom(spoke.replica, await peerTo(hub, PEER), never)).toMatchObject({ outcome: 'level', changes: 1 });
  await expect(spoke.operator.apply(manifest, 'apply-2')).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining(`at the hub, ${LOCAL}`) });
});
