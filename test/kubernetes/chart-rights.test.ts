import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { realClock, realRandom, RecordingLogger, TestFederation } from '../../cluster/bridge/test-federation.ts';
import { readOptions } from '../../cluster/program/options.ts';
import { runProgram } from '../../cluster/program/run-program.ts';
import { kubeconfigOf } from '../../local/kubernetes/kubeconfig.ts';
import type { LocalCluster } from '../../local/kubernetes/local-cluster.ts';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { createAuthority, issueBridgeCertificate, issueMemberCertificate } from '../../shared/adapters/certificates/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import type { RunningServer } from '../../shared/rpc/node-server.ts';
import { environmentOf } from './chart-environment.ts';
import { eventually } from './federated-clusters.ts';
import { CHART, helm } from './helm.ts';
import { BRIDGE_NAMESPACE } from './kubernetes-harness.ts';
import type { RunningCluster } from './running-cluster.ts';
import { installDefinitions, must, runCluster } from './running-cluster.ts';
import { serveRegion } from './served-region.ts';

const RELEASE = 'bridge';
const NAMES = ['us-west', 'eu-west'];

/** A real cluster with the chart's rights, and the program as the chart starts it, with these rights and no other. */
interface Site { readonly running: RunningCluster; readonly cluster: LocalCluster; readonly region: RunningServer; readonly logger: RecordingLogger; end(): Promise<void> }

const folder = mkdtempSync(join(tmpdir(), 'novaedge-rights-'));
const sites = new Map<string, Site>();
const at = (name: string): Site => sites.get(name) ?? expect.fail(`no site ${name}`);

beforeAll(async () => {
  const federation = await new TestFederation(NAMES).start();
  const authority = await createAuthority('test', { nowMs: Date.now() });
  await Promise.all(NAMES.map(async (name) => {
    const running = await runCluster({ name });
    const { cluster } = running;
    const member = federation.member(name);
    const region = await serveRegion(member, authority);
    const of = { federationId: 'test', member: asMember(name) };
    await must(cluster, ['create', 'namespace', BRIDGE_NAMESPACE]);
    await installDefinitions(cluster);
    await putSecret(cluster, 'ca', { 'ca.crt': authority.certificatePem });
    await putSecret(cluster, 'bridge', pair(await issueBridgeCertificate(authority, of, { nowMs: Date.now() })));
    await putSecret(cluster, 'peer', pair(await issueMemberCertificate(authority, { ...of, hosts: [] }, { nowMs: Date.now() })));
    const values = ['--set', `federationID=test,member=${name},region.endpoint=127.0.0.1:${region.port.toString()},tls.caSecret=ca,tls.clientCertSecret=bridge,readableSecrets={peer}`];
    expect(await helm(cluster, 'install', RELEASE, CHART, '--namespace', BRIDGE_NAMESPACE, '--skip-crds', ...values)).toMatchObject({ code: 0 });
    const others = NAMES.filter((other) => other !== name).map((other) => ({ name: other, endpoint: `${other}.example.com:9090`, tls: { caSecretRef: { name: 'ca' }, clientCertSecretRef: { name: 'peer' } } }));
    await must(cluster, ['create', '-f', '-'], JSON.stringify(member.manifest({ members: others })));

    const kubeconfig = join(folder, name);
    const token = await must(cluster, ['-n', BRIDGE_NAMESPACE, 'create', 'token', RELEASE]);
    writeFileSync(kubeconfig, kubeconfigOf([{ name, server: cluster.server, authorityPem: cluster.authorityPem, credentials: { token } }]), { mode: 0o600 });
    const environment = await environmentOf(cluster, RELEASE, BRIDGE_NAMESPACE, values);
    const options = readOptions([], { ...environment, POD_NAMESPACE: BRIDGE_NAMESPACE, KUBECONFIG: kubeconfig, NOVAEDGE_LISTEN: '127.0.0.1:0' }) ?? expect.fail('no options');
    const [logger, stopping] = [new RecordingLogger(), new AbortController()];
    const ended = runProgram({ options, clock: realClock, random: realRandom, logger, version: 'test' }, stopping.signal);
    sites.set(name, { running, cluster, region, logger, end: async () => { stopping.abort(); await ended; await region.stop(0); await running.end(); } });
    await eventually(() => { expect(logger.has('compared')).toBe(true); });
  }));
});
afterAll(async () => {
  await Promise.all([...sites.values()].map((site) => site.end()));
  rmSync(folder, { recursive: true });
});

const pair = ({ certificatePem, privateKeyPem }: KeyedCertificate): Readonly<Record<string, string>> => ({ 'tls.crt': certificatePem, 'tls.key': privateKeyPem });
const putSecret = (cluster: LocalCluster, name: string, stringData: Readonly<Record<string, string>>): Promise<string> =>
  must(cluster, ['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: BRIDGE_NAMESPACE }, stringData }));
const route = (host: string): string => JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name: 'r', namespace: 'shop' }, spec: { hostnames: [host], rules: [{ backendRef: { name: 'b' } }] } });
const vip = JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyVIP', metadata: { name: 'v' }, spec: { mode: 'L2', address: '192.0.2.1/32' } });
const get = (name: string, ...args: readonly string[]): Promise<string> => must(at(name).cluster, ['get', ...args]);

describe('with the rights of the chart and no other, a bridge', () => {
  test('makes, changes and deletes objects', async () => {
    for (const name of NAMES) await must(at(name).cluster, ['create', 'namespace', 'shop']);
    await must(at('us-west').cluster, ['apply', '-f', '-'], route('one.example.com'));
    await eventually(async () => { expect(await get('eu-west', 'proxyroute', 'r', '-n', 'shop', '-o', 'jsonpath={.spec.hostnames[0]}')).toBe('one.example.com'); });

    await must(at('eu-west').cluster, ['apply', '--server-side', '--force-conflicts', '-f', '-'], route('two.example.com'));
    await eventually(async () => { expect(await get('us-west', 'proxyroute', 'r', '-n', 'shop', '-o', 'jsonpath={.spec.hostnames[0]}')).toBe('two.example.com'); });

    await must(at('us-west').cluster, ['delete', 'proxyroute', 'r', '-n', 'shop']);
    await eventually(async () => { expect(await get('eu-west', 'proxyroutes', '-n', 'shop', '-o', 'name')).toBe(''); });
  });

  test('carries what belongs to the whole cluster', async () => {
    await must(at('eu-west').cluster, ['apply', '-f', '-'], vip);

    await eventually(async () => { expect(await get('us-west', 'proxyvip', 'v', '-o', 'jsonpath={.spec.address}')).toBe('192.0.2.1/32'); });
  });

  test('writes the status, also of a federation object that does not count', async () => {
    const other = JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'NovaEdgeFederation', metadata: { name: 'other', namespace: 'default' }, spec: { federationID: 'other', localMember: { name: 'x', endpoint: 'x.example.com:1' } } });
    await must(at('us-west').cluster, ['apply', '-f', '-'], other);
    const accepted = 'jsonpath={.status.conditions[?(@.type=="Accepted")].status}';

    await eventually(async () => { expect(await get('us-west', 'fed', 'global', '-n', BRIDGE_NAMESPACE, '-o', 'jsonpath={.status.memberCount}')).toBe('2'); });
    await eventually(async () => { expect(await get('us-west', 'fed', 'other', '-n', 'default', '-o', accepted)).toBe('False'); });
    expect(await get('us-west', 'fed', 'global', '-n', BRIDGE_NAMESPACE, '-o', accepted)).toBe('True');
  });

  test('looks into the secrets it may read', async () => {
    const valid = 'jsonpath={.status.conditions[?(@.type=="CertificatesValid")].status}';

    await eventually(async () => { expect(await get('eu-west', 'fed', 'global', '-n', BRIDGE_NAMESPACE, '-o', valid)).toBe('True'); });
  });

  test('is refused nothing', () => {
    for (const { logger } of sites.values()) {
      expect(logger.has('lease-taken')).toBe(true);
      expect(logger.lines.filter((line) => /forbidden/i.test(JSON.stringify(line)))).toEqual([]);
    }
  });
});
