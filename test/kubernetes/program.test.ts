import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { createAuthority, issueBridgeCertificate } from '../../shared/adapters/certificates/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import type { RunningServer } from '../../shared/rpc/node-server.ts';
import type { TestMember } from '../../cluster/bridge/test-federation.ts';
import { TestFederation } from '../../cluster/bridge/test-federation.ts';
import { METRICS } from '../../cluster/program/metric-names.ts';
import { BridgeProgram } from './bridge-program.ts';
import { eventually, quiet, route, routeKey } from './federated-clusters.ts';
import type { InstalledCluster } from './installed-cluster.ts';
import { installedCluster } from './installed-cluster.ts';
import { serveRegion } from './served-region.ts';

/** What the lease promises. */
const HAND_OVER_MS = 15_000;
const key = routeKey('api');

let installed: InstalledCluster;
let here: TestMember;
let there: TestMember;
let authority: KeyedCertificate;
let region: RunningServer;
const programs: BridgeProgram[] = [];

beforeAll(async () => {
  installed = await installedCluster();
  const federation = await new TestFederation(['us-west', 'eu-west']).start();
  [here, there] = [federation.member('us-west'), federation.member('eu-west')];
  await there.configure();
  authority = await createAuthority('test', { nowMs: Date.now() });
  region = await serveRegion(here, authority);
  await installed.user.writes(here.manifest());
  await putSecret('federation-ca', { 'ca.crt': authority.certificatePem });
  await putSecret('bridge-tls', await bridgePair('us-west'));
});
afterEach(async () => { await Promise.all(programs.splice(0).map((program) => program.end('SIGKILL'))); });
afterAll(async () => {
  await region.stop(0);
  await installed.remove();
});

async function bridgePair(member: string): Promise<Readonly<Record<string, string>>> {
  const { certificatePem, privateKeyPem } = await issueBridgeCertificate(authority, { federationId: 'test', member: asMember(member) }, { nowMs: Date.now() });
  return { 'tls.crt': certificatePem, 'tls.key': privateKeyPem };
}
async function putSecret(name: string, data: Readonly<Record<string, string>>): Promise<void> {
  await installed.user.writes({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'novaedge-system' }, stringData: data });
}

/** The program beside the region of this file; ended with its test. */
async function startProgram(): Promise<BridgeProgram> {
  const program = await BridgeProgram.start({ federationId: 'test', member: 'us-west', regionEndpoint: `127.0.0.1:${region.port.toString()}`, kubeconfig: installed.cluster.kubeconfig, secrets: { ca: 'federation-ca', client: 'bridge-tls' } });
  programs.push(program);
  return program;
}

const specThere = async (): Promise<unknown> => (JSON.parse((await there.operator.get(key))?.manifest ?? '{}') as { spec?: unknown }).spec;

test('carries changes, is ready, and is measured under the names of the guides', async () => {
  const program = await startProgram();
  await program.follows();
  await installed.user.writes(route('api', { n: 1 }));
  await eventually(async () => { expect(await specThere()).toEqual({ n: 1 }); });
  await there.operator.apply(JSON.stringify(route('api', { n: 2 })), crypto.randomUUID());
  await eventually(async () => { expect((await installed.user.reads(key))?.['spec']).toEqual({ n: 2 }); });

  expect(await program.get('/readyz')).toEqual({ status: 200, text: 'following\n' });
  expect((await program.get('/nothing')).status).toBe(404);
  const { text } = await program.get('/metrics');
  for (const name of Object.values(METRICS)) expect(text, name).toContain(`# TYPE ${name} `);
  expect(text).toMatch(/novaedge_federation_peers_total 1\n/);
  expect(text).toMatch(/novaedge_federation_sync_total\{type="incremental",direction="push"\} [1-9]/);
  expect(await program.end('SIGTERM')).toBe(0);
});

test('a second one stands by, takes over within 15 s when the first is killed, and nothing is lost or sent twice', async () => {
  const first = await startProgram();
  await first.follows();
  const second = await startProgram();
  await eventually(async () => { expect(await second.health()).toMatchObject({ state: 'standby', isLeading: false, isReady: true }); });
  await installed.user.writes(route('api', { n: 3 }));
  await eventually(async () => { expect(await specThere()).toEqual({ n: 3 }); });
  await quiet();
  const head = await here.head();
  await first.end('SIGKILL');
  await installed.user.writes(route('api', { n: 4 }));
  const sinceMs = Date.now();
  await eventually(async () => { expect(await specThere()).toEqual({ n: 4 }); });

  expect(Date.now() - sinceMs).toBeLessThan(HAND_OVER_MS);
  expect((await second.health()).isLeading).toBe(true);
  await quiet();
  expect(await here.head()).toBe(head + 1);
  expect(await there.operator.conflicts(true)).toEqual([]);
});

test('one that stops gives the lease up: the next need not wait', async () => {
  const first = await startProgram();
  await first.follows();
  const second = await startProgram();
  await eventually(async () => { expect((await second.health()).state).toBe('standby'); });
  const sinceMs = Date.now();
  expect(await first.end('SIGTERM')).toBe(0);
  await second.follows();

  expect(Date.now() - sinceMs).toBeLessThan(6000);
});

test('a certificate that is renewed is taken up; another member\'s is not, and is named in the status', async () => {
  const program = await startProgram();
  await program.follows();
  await putSecret('bridge-tls', await bridgePair('eu-west'));
  await eventually(async () => { expect((await program.health()).problems.join()).toContain('novaedge://test/bridge/eu-west'); });
  await installed.user.writes(route('api', { n: 5 }));
  await eventually(async () => { expect(await specThere()).toEqual({ n: 5 }); });
  const condition = async (): Promise<unknown> => (JSON.parse((await installed.cluster.kubectl(['-n', 'novaedge-system', 'get', 'novaedgefederation', 'global', '-o', 'json'])).stdout) as { status: { conditions: { type: string }[] } }).status.conditions.find(({ type }) => type === 'CertificatesValid');
  await eventually(async () => { expect(await condition()).toMatchObject({ status: 'False', reason: 'OtherHolder' }); });
  await putSecret('bridge-tls', await bridgePair('us-west'));
  await eventually(async () => { expect(await condition()).toMatchObject({ status: 'True', reason: 'Valid' }); });
  await installed.user.writes(route('api', { n: 6 }));
  await eventually(async () => { expect(await specThere()).toEqual({ n: 6 }); });
  expect((await program.health()).problems).toEqual([]);

  // The guides' step 1 puts the authority's key beside it, step 3 stores another member's key.
  await putSecret('guide-ca', { 'ca.crt': authority.certificatePem, 'ca.key': authority.privateKeyPem });
  await putSecret('guide-tls', await bridgePair('eu-west'));
  const tls = { enabled: true, caSecretRef: { name: 'guide-ca' }, clientCertSecretRef: { name: 'guide-tls' } };
  await installed.user.writes(here.manifest({ members: [{ name: 'eu-west', endpoint: 'eu-west.example.com:9090', tls }] }));
  await eventually(async () => { expect(await condition()).toMatchObject({ status: 'False', reason: 'OtherHolder', message: expect.stringMatching(/guide-ca.*private key.*guide-tls.*eu-west/) }); });
});
