import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { createAuthority, issueBridgeCertificate, issueMemberCertificate, issueOperatorCertificate } from '../../shared/adapters/certificates/index.ts';
import { freePort } from '../../local/kubernetes/free-port.ts';
import type { JsonObject } from '../../shared/model/content.ts';
import { asMember } from '../../shared/model/ids.ts';
import type { Member } from '../../shared/model/ids.ts';
import { MemberProgram } from '../../test/kubernetes/member-program.ts';
import { installDefinitions, must, runCluster } from '../../test/kubernetes/running-cluster.ts';
import { FEDERATION, HOST, ORIGIN, OTHER } from '../pair.ts';
import { KubernetesSite } from './site.ts';

/** Where the bridge is; and one whose objects no bridge sees. */
const BRIDGE_NAMESPACE = 'novaedge-system';
export const FLOOR_NAMESPACE = 'floor';
const MINIMUM_TOMBSTONE_TTL_MS = 60_000;

/** Two real clusters with a region each, in processes of their own; bridges are started by whoever measures. */
export interface Rig { readonly origin: KubernetesSite; readonly other: KubernetesSite; stop(): Promise<void> }

export async function startRig(): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'novaedge-bench-'));
  const authority = await createAuthority('bench', { nowMs: Date.now() });
  const ports = new Map([[ORIGIN, await freePort()], [OTHER, await freePort()]]);
  const endpointOf = (member: Member): string => `${HOST}:${(ports.get(member) ?? 0).toString()}`;
  const ended: (() => Promise<void>)[] = [() => Promise.resolve(rmSync(folder, { recursive: true, force: true }))];
  const stop = async (): Promise<void> => { for (const end of ended.reverse()) await end(); };

  const start = async (member: Member, peer: Member): Promise<KubernetesSite> => {
    const running = await runCluster({ name: member });
    ended.push(() => running.end());
    const pems = await writeCertificates(join(folder, member), authority, member);
    for (const namespace of [BRIDGE_NAMESPACE, FLOOR_NAMESPACE]) await must(running.cluster, ['create', 'namespace', namespace]);
    await installDefinitions(running.cluster);
    await must(running.cluster, ['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [
      secret('ca', { 'ca.crt': authority.certificatePem }), secret('bridge', { 'tls.crt': pems.bridge.certificatePem, 'tls.key': pems.bridge.privateKeyPem }),
      federationOf(member, endpointOf(member), peer, endpointOf(peer)),
    ] }));
    const file = (name: string): string => join(folder, member, name);
    const program = await MemberProgram.start({
      federationId: FEDERATION, member, port: ports.get(member) ?? 0, database: file('state.sqlite'), cluster: { kind: 'bridged-elsewhere' }, log: file('log.jsonl'), logLevel: 'warn',
      tls: { authority: file('authority.crt'), memberCert: file('member.crt'), memberKey: file('member.key'), bridgeCert: file('bridge.crt'), bridgeKey: file('bridge.key') },
      ledgers: [{ member: peer, endpoint: endpointOf(peer) }], minimumTombstoneTtlMs: MINIMUM_TOMBSTONE_TTL_MS,
    }, file('config.json'));
    ended.push(() => program.end('SIGTERM'));
    const site = new KubernetesSite({ member, cluster: running.cluster, endpoint: endpointOf(member), tls: { cert: pems.operator.certificatePem, key: pems.operator.privateKeyPem, ca: authority.certificatePem } });
    ended.push(() => site.stop());
    return site;
  };
  const started = await Promise.allSettled([start(ORIGIN, OTHER), start(OTHER, ORIGIN)]);
  const [origin, other] = started.map((result) => (result.status === 'fulfilled' ? result.value : undefined));
  if (origin !== undefined && other !== undefined) return { origin, other, stop };
  await stop();
  throw new Error('the clusters did not start', { cause: started.find(({ status }) => status === 'rejected') });
}

const secret = (name: string, stringData: JsonObject): JsonObject => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: BRIDGE_NAMESPACE }, stringData });

/** As the guides have it, but for what would happen in some runs and not in others. */
const federationOf = (member: Member, endpoint: string, peer: Member, peerEndpoint: string): JsonObject => ({
  apiVersion: 'novaedge.io/v1alpha1', kind: 'NovaEdgeFederation', metadata: { name: FEDERATION, namespace: BRIDGE_NAMESPACE },
  spec: {
    federationID: FEDERATION, mode: 'mesh', localMember: { name: member, endpoint },
    members: [{ name: peer, endpoint: peerEndpoint, tls: { enabled: true, serverName: peer } }],
    sync: { interval: '5s', timeout: '30s', batchSize: 100, compression: true, excludeNamespaces: [FLOOR_NAMESPACE] },
    antiEntropy: { enabled: false },
  },
});

async function writeCertificates(folder: string, authority: KeyedCertificate, member: Member): Promise<Readonly<Record<'bridge' | 'operator', KeyedCertificate>>> {
  const nowMs = Date.now();
  const of = { federationId: FEDERATION, member: asMember(member) };
  const [memberPair, bridge, operator] = await Promise.all([
    issueMemberCertificate(authority, { ...of, hosts: [HOST, 'localhost'] }, { nowMs }), issueBridgeCertificate(authority, of, { nowMs }),
    issueOperatorCertificate(authority, { federationId: FEDERATION, level: 'admin', name: 'bench' }, { nowMs }),
  ]);
  mkdirSync(folder);
  for (const [name, { certificatePem, privateKeyPem }] of Object.entries({ authority, member: memberPair, bridge })) {
    writeFileSync(join(folder, `${name}.crt`), certificatePem);
    if (name !== 'authority') writeFileSync(join(folder, `${name}.key`), privateKeyPem, { mode: 0o600 });
  }
  return { bridge, operator };
}
