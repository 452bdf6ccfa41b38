import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bridge } from '../../cluster/bridge/bridge.ts';
import { startBridge } from '../../cluster/bridge/bridge.ts';
import { realClock, realRandom, RecordingLogger, TestFederation } from '../../cluster/bridge/test-federation.ts';
import { kubeconfigOf } from '../../local/kubernetes/kubeconfig.ts';
import type { LocalCluster } from '../../local/kubernetes/local-cluster.ts';
import { eventually } from './federated-clusters.ts';
import { CHART, helm } from './helm.ts';
import type { OpenedCluster } from './kubernetes-harness.ts';
import { BRIDGE_NAMESPACE, openCluster } from './kubernetes-harness.ts';
import type { RunningCluster } from './running-cluster.ts';
import { installDefinitions, must, runCluster } from './running-cluster.ts';

/** As the lease of `openCluster` is named. */
const RELEASE = 'novaedge-bridge';
const NAMES = ['us-west', 'eu-west'];

/** A real cluster with the chart's rights, and a bridge that has these and no other. */
interface Site { readonly running: RunningCluster; readonly cluster: LocalCluster; readonly logger: RecordingLogger; readonly opened: OpenedCluster; readonly bridge: Bridge }

const folder = mkdtempSync(join(tmpdir(), 'novaedge-rights-'));
const sites = new Map<string, Site>();
const at = (name: string): Site => sites.get(name) ?? expect.fail(`no site ${name}`);

beforeAll(async () => {
  const federation = await new TestFederation(NAMES).start();
  await Promise.all(NAMES.map(async (name) => {
    const running = await runCluster({ name });
    const { cluster } = running;
    await must(cluster, ['create', 'namespace', BRIDGE_NAMESPACE]);
    await installDefinitions(cluster);
    const installed = await helm(cluster, 'install', RELEASE, CHART, '--namespace', BRIDGE_NAMESPACE, '--skip-crds', '--set', `federationID=test,member=${name},region.endpoint=${name}.example.com:443`);
    expect(installed).toMatchObject({ code: 0 });
    await must(cluster, ['create', '-f', '-'], JSON.stringify(federation.member(name).manifest()));

    const kubeconfig = join(folder, name);
    const token = await must(cluster, ['-n', BRIDGE_NAMESPACE, 'create', 'token', RELEASE]);
    writeFileSync(kubeconfig, kubeconfigOf([{ name, server: cluster.server, authorityPem: cluster.authorityPem, credentials: { token } }]), { mode: 0o600 });
    const logger = new RecordingLogger();
    const opened = await openCluster(kubeconfig, { logger });
    const bridge = startBridge({ cluster: opened.cluster, region: federation.member(name).region, clock: realClock, random: realRandom, logger, version: 'test' });
    sites.set(name, { running, cluster, logger, opened, bridge });
    await eventually(() => { expect(bridge.state().kind).toBe('following'); });
  }));
});
afterAll(async () => {
  await Promise.all([...sites.values()].map(async ({ bridge, opened, running }) => {
    await bridge.stop();
    await opened.close();
    await running.end();
  }));
  rmSync(folder, { recursive: true });
});

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

  test('is refused nothing', () => {
    for (const { logger } of sites.values()) {
      expect(logger.has('lease-taken')).toBe(true);
      expect(logger.lines.filter((line) => /forbidden/i.test(JSON.stringify(line)))).toEqual([]);
    }
  });
});
