import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { METRICS } from '../../cluster/program/metric-names.ts';
import { BridgeMetrics } from '../../cluster/program/metrics.ts';
import { readOptions } from '../../cluster/program/options.ts';
import { kubeconfigOf } from '../../local/kubernetes/kubeconfig.ts';
import type { LocalCluster, ProgramResult } from '../../local/kubernetes/local-cluster.ts';
import { environmentOf } from './chart-environment.ts';
import { CHART, helm as helmOf } from './helm.ts';
import type { RunningCluster } from './running-cluster.ts';
import { DEFINITIONS, EXAMPLES, must, runCluster } from './running-cluster.ts';

const NAMESPACE = 'novaedge-system';
const MEMBER = ['--set', 'federationID=prod-global,member=us-west,region.endpoint=us-west.federation.example.com:443'];
const EVERYTHING = [...MEMBER, '--set', 'replicas=2,createNamespaces=true,metrics.serviceMonitor.enabled=true,metrics.alerts.enabled=true,metrics.dashboard.enabled=true,readableSecrets={novaedge-federation-ca},tls.caSecret=ca,tls.clientCertSecret=novaedge-bridge'];

let running: RunningCluster;
let cluster: LocalCluster;
beforeAll(async () => {
  running = await runCluster({ name: 'chart', controllers: true });
  ({ cluster } = running);
  await must(cluster, ['create', 'namespace', NAMESPACE]);
});
afterAll(() => running.end());

const helm = (...args: readonly string[]): Promise<ProgramResult> => helmOf(cluster, ...args);

interface Manifest { readonly kind: string; readonly metadata: { readonly name: string; readonly namespace?: string }; readonly spec: Spec }
interface Spec { readonly template: { readonly spec: Readonly<Record<string, unknown>> } }
const rendered = async (...values: readonly string[]): Promise<readonly Manifest[]> => {
  const { stdout, stderr, code } = await helm('template', 'bridge', CHART, '--namespace', NAMESPACE, ...values);
  if (code !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
};
const environment = async (...values: readonly string[]): Promise<Readonly<Record<string, string>>> =>
  ({ ...(await environmentOf(cluster, 'bridge', NAMESPACE, values)), POD_NAMESPACE: 'of-the-pod', KUBERNETES_SERVICE_HOST: '10.0.0.1' });
const kindsOf = (manifests: readonly Manifest[]): readonly string[] => manifests.map(({ kind }) => kind).sort();

describe('the chart', () => {
  test.each([['as it is', []], ['with everything', EVERYTHING]])('passes helm lint %s', async (_, values) => {
    const { stdout, code } = await helm('lint', '--strict', CHART, ...values);

    expect(stdout).toContain('0 chart(s) failed');
    expect(code).toBe(0);
  });

  test('is small by default, and more where more is asked for', async () => {
    const usual = ['ClusterRole', 'ClusterRoleBinding', 'Deployment', 'NetworkPolicy', 'Role', 'RoleBinding', 'ServiceAccount'];

    expect(kindsOf(await rendered(...MEMBER))).toEqual(usual);
    expect(kindsOf(await rendered(...EVERYTHING))).toEqual([...usual, 'ConfigMap', 'PodDisruptionBudget', 'PrometheusRule', 'Service', 'ServiceMonitor'].sort());
  });

  test('brings every definition', async () => {
    const definitions = (await rendered('--include-crds', ...MEMBER)).filter(({ kind }) => kind === 'CustomResourceDefinition');

    expect(definitions.map(({ metadata }) => metadata.name).sort()).toEqual(globSync('*.yaml', { cwd: DEFINITIONS }).map((file) => file.replace('.yaml', '.novaedge.io')).sort());
  });

  test.each([
    ['federationID is missing: the name of the federation', 'federationID='],
    ['member is missing: the name of this member', 'member='],
    ['region.endpoint is missing: where the member', 'region.endpoint='],
    ["at '/region/endpoint': 'https://a.example.com' does not match pattern", 'region.endpoint=https://a.example.com'],
    ['tls.caSecret is missing: tls.clientCertSecret needs it beside it', 'tls.clientCertSecret=novaedge-bridge'],
    ["at '/replicas': maximum: got 6, want 5", 'replicas=6'],
    ["at '/logLevel': value must be one of 'trace', 'debug', 'info', 'warn', 'error'", 'logLevel=all'],
    ["additional properties 'replica' not allowed", 'replica=2'],
    ["at '/federatedResources/0/apiGroup': 'not' failed", 'federatedResources[0].apiGroup=*,federatedResources[0].resources={secrets}'],
  ])('refuses with "%s"', async (message, set) => {
    const { stderr, code } = await helm('template', 'bridge', CHART, ...MEMBER, '--set', set);

    expect(stderr).toContain(message);
    expect(code).toBe(1);
  });

  test('tells the program what it asks for', async () => {
    const mounted = readOptions([], await environment(...MEMBER));
    const fetched = readOptions([], await environment(...EVERYTHING));

    expect(mounted).toEqual({
      federationId: 'prod-global', member: 'us-west', regionEndpoint: 'us-west.federation.example.com:443', namespace: 'of-the-pod', config: { kind: 'in-cluster' }, leaseName: 'bridge', createNamespaces: false,
      tls: { kind: 'files', ca: '/etc/novaedge/tls/ca.crt', cert: '/etc/novaedge/tls/tls.crt', key: '/etc/novaedge/tls/tls.key' }, listen: { host: '0.0.0.0', port: 8080 }, logLevel: 'info',
    });
    expect(fetched).toMatchObject({ createNamespaces: true, tls: { kind: 'secrets', ca: 'ca', client: 'novaedge-bridge' } });
  });

  test('renders a dashboard that is one', async () => {
    const [configMap] = (await rendered(...EVERYTHING)).filter(({ kind }) => kind === 'ConfigMap') as unknown as readonly [{ data: Record<string, string> }];

    const dashboard = JSON.parse(configMap.data['novaedge-federation.json'] ?? '');
    expect(dashboard.panels.length).toBeGreaterThan(5);
    const named = dashboard.panels.flatMap(({ targets }: { targets: { expr: string }[] }) => targets).flatMap(({ expr }: { expr: string }) => expr.match(/novaedge_\w+/g) ?? ['none']);
    const known = new Set<string>(Object.values(METRICS));
    expect(named.filter((name: string) => !known.has(name.replace(/_bucket$/, '')))).toEqual([]);
  });
});

/** As the operator's definition has it. */
interface Rule { readonly alert: string; readonly expr: string; readonly for: string; readonly labels: { readonly severity: string }; readonly annotations: Readonly<Record<string, string>> }
const rulesOf = async (...values: readonly string[]): Promise<readonly Rule[]> => {
  const [rule] = (await rendered(...EVERYTHING, ...values)).filter(({ kind }) => kind === 'PrometheusRule') as unknown as readonly [{ spec: { groups: readonly { rules: readonly Rule[] }[] } }];
  return rule.spec.groups.flatMap(({ rules }) => rules);
};

describe('the alerts', () => {
  test('are those of the guide, word for word, and more', async () => {
    const guide = readFileSync(join(import.meta.dirname, 'guide-alerts.yaml'), 'utf8');
    const theirs = (parse(guide) as { groups: readonly { rules: readonly Rule[] }[] }).groups.flatMap(({ rules }) => rules);
    const ours = (await rulesOf()).map(({ annotations: { summary = '' }, ...rule }) => ({ ...rule, annotations: { summary } }));

    expect(theirs).toHaveLength(4);
    expect(ours).toEqual(expect.arrayContaining([...theirs]));
  });

  test('name metrics, and states, that the bridge tells', async () => {
    const metrics = new BridgeMetrics(() => ({ state: 'unavailable', exceptions: 1 }));
    metrics.status({ phase: 'Partitioned', conflictsPending: 1, members: [{ name: 'eu-west', healthy: false, syncLag: '1m' }] });
    const told = await metrics.registry.metrics();

    for (const { alert, expr } of await rulesOf()) {
      const [, name = '', state] = /^(novaedge_\w+)(?:\{state=~?"(\w+)[^"]*"\})? (?:==|>) \d+$/.exec(expr) ?? [];
      const line = told.split('\n').find((one) => one.startsWith(`${name}{`) || one.startsWith(`${name} `));
      expect(line, `${alert}: ${expr}`).toBeDefined();
      if (state !== undefined) expect(told, alert).toContain(`${name}{state="${state}"} 1`);
    }
  });

  test('have a section of the runbook each, and link to it where the people on call reach it', async () => {
    const sections = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'runbook.md'), 'utf8').match(/^#+ .+$/gm)?.map((line) => line.replace(/^#+ /, '')) ?? [];

    for (const { alert, annotations } of await rulesOf('--set', 'metrics.alerts.runbookUrl=https://wiki.example.com/runbook')) {
      expect(sections).toContain(alert);
      expect(annotations['runbook_url']).toBe(`https://wiki.example.com/runbook#${alert.toLowerCase()}`);
    }
  });
});

/** The Prometheus operator is not ours: definitions that keep whatever they are given. */
const MONITORING = ['ServiceMonitor', 'PrometheusRule'].map((kind) => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${kind.toLowerCase()}s.monitoring.coreos.com}
spec:
  group: monitoring.coreos.com
  scope: Namespaced
  names: {plural: ${kind.toLowerCase()}s, kind: ${kind}}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`).join('---');

describe('on a real API server', () => {
  test.each([['as it is', MEMBER], ['with everything', EVERYTHING]])('every manifest is accepted with strict validation %s', async (_, values) => {
    await must(cluster, ['apply', '-f', '-'], MONITORING);
    await must(cluster, ['wait', '--for=condition=Established', 'crd/servicemonitors.monitoring.coreos.com', 'crd/prometheusrules.monitoring.coreos.com']);
    const manifests = await rendered(...values);

    const { stdout, stderr, code } = await cluster.kubectl(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'], manifests.map((manifest) => stringify(manifest)).join('---\n'));

    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toHaveLength(manifests.length);
    expect(code).toBe(0);
  });

  test('its pods are let into a namespace that takes restricted ones only', async () => {
    const pod = (await rendered(...EVERYTHING)).find(({ kind }) => kind === 'Deployment')?.spec.template.spec;
    await must(cluster, ['create', 'namespace', 'restricted']);
    await must(cluster, ['label', 'namespace', 'restricted', 'pod-security.kubernetes.io/enforce=restricted']);

    const let_in = await cluster.kubectl(['-n', 'restricted', 'create', '--dry-run=server', '-f', '-'], stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bridge' }, spec: pod }));
    const kept_out = await cluster.kubectl(['-n', 'restricted', 'create', '--dry-run=server', '-f', '-'], stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bridge' }, spec: { ...pod, hostNetwork: true } }));

    expect(let_in).toMatchObject({ code: 0, stderr: '' });
    expect(kept_out.stderr).toContain('violates PodSecurity "restricted:latest": host namespaces');
  });

  test('installs, says what comes next, and goes without taking a definition or an object with it', async () => {
    const installed = await helm('install', 'bridge', CHART, '--namespace', NAMESPACE, ...MEMBER);
    await must(cluster, ['wait', '--for=condition=Established', '-f', DEFINITIONS]);
    await must(cluster, ['apply', '-f', join(EXAMPLES, 'setup-guide', 'route.yaml'), '-f', join(EXAMPLES, 'setup-guide', 'federation-us-west.yaml')]);
    const uninstalled = await helm('uninstall', 'bridge', '--namespace', NAMESPACE);

    expect(installed).toMatchObject({ code: 0 });
    expect(installed.stdout).toContain('novaedge://prod-global/bridge/us-west');
    expect(uninstalled).toMatchObject({ code: 0 });
    expect(await must(cluster, ['get', 'proxyroute,fed', '-A', '-o', 'name'])).toBe('proxyroute.novaedge.io/test-route\nnovaedgefederation.novaedge.io/global-federation\n');
  });

  test('leaves definitions that were here before alone, and ours take over when they are told to, objects kept', async () => {
    // NovaEdge's own, as far as it matters: another owner, and without a part that we need.
    const theirs = (json: string): string => JSON.stringify(JSON.parse(json), (name, value: unknown) => (name === 'antiEntropy' || name === 'managedFields' || name === 'resourceVersion' ? undefined : value));
    const own = await must(cluster, ['get', 'crd', 'novaedgefederations.novaedge.io', '-o', 'json']);
    await must(cluster, ['apply', '--server-side', '--force-conflicts', '--field-manager=novaedge-operator', '-f', '-'], theirs(own));
    await must(cluster, ['replace', '-f', '-'], theirs(own));
    const lacks = async (): Promise<boolean> => !(await must(cluster, ['get', 'crd', 'novaedgefederations.novaedge.io', '-o', 'json'])).includes('"antiEntropy"');

    await helm('install', 'bridge', CHART, '--namespace', NAMESPACE, ...MEMBER);
    const afterInstall = await lacks();
    const refused = await cluster.kubectl(['apply', '--server-side', '-f', join(DEFINITIONS, 'novaedgefederations.yaml')]);
    await must(cluster, ['apply', '--server-side', '--force-conflicts', '-f', DEFINITIONS]);
    await helm('uninstall', 'bridge', '--namespace', NAMESPACE);

    expect(afterInstall).toBe(true);
    expect(refused.stderr).toContain('conflict');
    expect(await lacks()).toBe(false);
    expect(await must(cluster, ['get', 'fed', '-A', '-o', 'name'])).toBe('novaedgefederation.novaedge.io/global-federation\n');
  });
});

describe('what the bridge may do', () => {
  let robot: string;
  beforeAll(async () => {
    await helm('install', 'bridge', CHART, '--namespace', NAMESPACE, ...EVERYTHING, '--skip-crds');
    const token = await must(cluster, ['-n', NAMESPACE, 'create', 'token', 'bridge']);
    robot = join(mkdtempSync(join(tmpdir(), 'novaedge-robot-')), 'kubeconfig');
    writeFileSync(robot, kubeconfigOf([{ name: 'bridge', server: cluster.server, authorityPem: cluster.authorityPem, credentials: { token } }]), { mode: 0o600 });
  });
  afterAll(async () => {
    await helm('uninstall', 'bridge', '--namespace', NAMESPACE);
    rmSync(dirname(robot), { recursive: true });
  });

  const may = async (...what: readonly string[]): Promise<string> => (await cluster.kubectl(['--kubeconfig', robot, 'auth', 'can-i', ...what])).stdout.trim();

  test.each([
    [['get', 'proxyroutes', '-A']], [['list', 'proxyvips']], [['watch', 'proxybackends', '-A']], [['create', 'proxygateways', '-n', 'default']],
    [['update', 'proxypolicies', '-n', 'default']], [['delete', 'proxyroutes', '-n', 'default']], [['get', 'namespaces/kube-system']], [['create', 'namespaces']], [['list', 'crds']],
    [['create', 'events', '-n', 'default']], [['watch', 'fed', '-A']], [['update', 'fed/f', '--subresource=status', '-n', 'default']],
    [['get', 'secrets/novaedge-federation-ca', '-n', NAMESPACE]], [['create', 'leases', '-n', NAMESPACE]], [['update', 'leases/bridge', '-n', NAMESPACE]],
  ])('yes: %j', async (what) => { expect(await may(...what)).toBe('yes'); });

  test.each([
    [['get', 'secrets/other', '-n', NAMESPACE]], [['watch', 'secrets/novaedge-bridge', '-n', NAMESPACE]], [['list', 'secrets', '-n', NAMESPACE]], [['get', 'secrets/novaedge-federation-ca', '-n', 'default']], [['get', 'configmaps', '-n', 'default']],
    [['update', 'fed/f', '-n', NAMESPACE]], [['create', 'fed', '-n', NAMESPACE]], [['delete', 'fed', '-n', NAMESPACE]], [['get', 'nerc', '-n', NAMESPACE]], [['delete', 'namespaces']],
    [['update', 'crds']], [['delete', 'crds']], [['get', 'pods', '-A']], [['create', 'clusterroles']], [['update', 'leases/other', '-n', NAMESPACE]], [['delete', 'leases/bridge', '-n', NAMESPACE]],
    [['update', 'proxyroutes/r', '--subresource=status', '-n', 'default']], [['impersonate', 'users']], [['*', '*']],
  ])('no: %j', async (what) => { expect(await may(...what)).toBe('no'); });
});
