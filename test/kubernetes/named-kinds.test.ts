import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../shared/model/content.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { resourceKey } from '../../shared/model/resource-key.ts';
import type { Site } from './federated-clusters.ts';
import { eventually, federatedPair, quiet } from './federated-clusters.ts';
import { permissiveDefinition } from './permissive-definitions.ts';

// Kinds that are federated only where `sync.resourceTypes` names them.

const WIDGET = permissiveDefinition('Widget');
const definitions: readonly JsonObject[] = [
  ...['ProxyRoute', 'NovaEdgeFederation'].map((kind) => permissiveDefinition(kind)),
  { ...WIDGET, metadata: { name: 'widgets.example.org' }, spec: { ...(WIDGET['spec'] as JsonObject), group: 'example.org' } },
];

const { west, east } = federatedPair({ definitions }, { definitions });

/** Resolves once both clusters go by it; it has to be another than before. */
async function federate(resourceTypes: readonly string[]): Promise<void> {
  for (const site of [west, east]) {
    const compared = (): number => site.logger.lines.filter(({ event }) => event === 'compared').length;
    const before = compared();
    await site.installed.user.writes(site.member.manifest({ sync: { resourceTypes: [...resourceTypes], massDelete: { percent: 100 } } }));
    await eventually(() => { expect(compared()).toBeGreaterThan(before); });
    await eventually(() => { expect(site.bridge.state().kind).toBe('following'); });
  }
}

const core = (kind: string, name: string, namespace = 'shop'): ResourceKey => resourceKey({ group: '', kind, namespace, name });
const configMap = (name: string, data: JsonObject, metadata: JsonObject = {}): JsonObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop', ...metadata }, data });
const secret = (name: string, stringData: JsonObject, more: JsonObject = {}, namespace = 'shop'): JsonObject => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData, ...more });
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const field = async (site: Site, key: ResourceKey, name: string): Promise<unknown> => (await site.read(key))?.[name];
const shows = (site: Site, key: ResourceKey, name: string, value: unknown): Promise<void> => eventually(async () => { expect(await field(site, key, name)).toEqual(value); });

test('nobody names them: they stay', async () => {
  await west.kubectl('apply -f -', configMap('unnamed', { a: '1' }));
  await west.kubectl('apply -f -', secret('unnamed', { a: '1' }));
  await quiet();

  expect(await east.read(core('ConfigMap', 'unnamed'))).toBeUndefined();
  expect(await east.read(core('Secret', 'unnamed'))).toBeUndefined();
});

describe('ConfigMap', () => {
  test('is made, edited from the other side, and deleted; what belongs to its cluster stays', async () => {
    await west.kubectl('apply -f -', configMap('settings', { a: '1', b: '2' }, { labels: { team: 'shop' } }));
    await federate(['ConfigMap']);
    await shows(east, core('ConfigMap', 'settings'), 'data', { a: '1', b: '2' });
    await east.kubectl('-n shop patch configmap settings --type=merge -p {"data":{"a":"3","b":null}}');
    await shows(west, core('ConfigMap', 'settings'), 'data', { a: '3' });
    await west.kubectl('-n shop delete configmap settings');
    await eventually(async () => { expect(await east.read(core('ConfigMap', 'settings'))).toBeUndefined(); });

    const root = { 'ca.crt': 'of this cluster' };
    await west.kubectl('apply -f -', configMap('kube-root-ca.crt', root));
    await quiet();
    expect(await east.read(core('ConfigMap', 'kube-root-ca.crt'))).toBeUndefined();
  });

  test('binary data is the same, and an immutable one that differs is an exception', async () => {
    await federate(['ProxyRoute']);
    for (const [site, a] of [[west, 'first'], [east, 'second']] as const) await site.kubectl('apply -f -', { ...configMap('pinned', { a }), immutable: true });
    await federate(['ConfigMap']);
    await eventually(async () => { expect((await east.member.operator.status()).exceptions).toContainEqual(expect.objectContaining({ key: core('ConfigMap', 'pinned'), reason: 'Invalid' })); });
    const binaryData = { blob: Buffer.from([0, 255, 10, 13]).toString('base64') };
    await west.kubectl('apply -f -', { ...configMap('binary', {}), data: {}, binaryData });
    await shows(east, core('ConfigMap', 'binary'), 'binaryData', binaryData);
    expect(await field(east, core('ConfigMap', 'pinned'), 'data')).toEqual({ a: 'second' });
  });
});

describe('`Kind.group`', () => {
  test('names a kind of another group; its bare name does not', async () => {
    const key = resourceKey({ group: 'example.org', kind: 'Widget', namespace: 'default', name: 'one' });
    await west.kubectl('apply -f -', { apiVersion: 'example.org/v1alpha1', kind: 'Widget', metadata: { name: 'one', namespace: 'default' }, spec: { n: 1 } });
    await federate(['Widget']);
    await quiet();
    expect(await east.read(key)).toBeUndefined();
    await federate(['Widget.example.org']);
    await shows(east, key, 'spec', { n: 1 });
  });

  test('names NovaEdge\'s own kinds as their bare name does', async () => {
    const key = resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name: 'spelled' });
    await west.kubectl('apply -f -', { apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name: 'spelled', namespace: 'default' }, spec: { n: 1 } });
    await federate(['ConfigMap']);
    await quiet();
    await federate(['ProxyRoute.novaedge.io']);
    await east.shows(key, { n: 1 });
    await federate(['ProxyRoute']);
    await west.kubectl('patch proxyroute spelled --type=merge -p {"spec":{"n":2}}');
    await east.shows(key, { n: 2 });
  });
});

describe('Secret', () => {
  const VALUES = ['first-value-7Qm2', 'second-value-9Kx4', 'refused-value-3Zt8'] as const;

  /** Everything that people or programs are told: logs of all levels, Events, the status of the federation object, exceptions. */
  async function told(): Promise<string> {
    const logs = [west, east].flatMap(({ logger }) => logger.lines);
    const objects = await Promise.all([west, east].map(async (site) => [await site.kubectl('get events -A -o json'), await site.kubectl('-n novaedge-system get novaedgefederation global -o json'), (await site.member.operator.status()).exceptions]));
    return JSON.stringify([logs, objects]);
  }

  test('is the same in the other cluster, type included, and its values are told nowhere', async () => {
    const [first, second, refused] = VALUES;
    // One that the other cluster refuses: it has one of this name that is immutable.
    for (const [site, a] of [[west, refused], [east, 'kept']] as const) await site.kubectl('apply -f -', secret('fixed', { a }, { immutable: true }));
    await federate(['Secret']);
    await west.kubectl('apply -f -', secret('login', { password: first }, { type: 'kubernetes.io/basic-auth' }));
    await shows(east, core('Secret', 'login'), 'data', { password: base64(first) });
    expect(await field(east, core('Secret', 'login'), 'type')).toBe('kubernetes.io/basic-auth');
    await east.kubectl('apply -f -', { ...secret('login', { password: second }, { type: 'kubernetes.io/basic-auth' }) });
    await shows(west, core('Secret', 'login'), 'data', { password: base64(second) });

    await east.kubectl('create namespace lonely');
    await east.kubectl('apply -f -', secret('nowhere-else', { a: refused }, {}, 'lonely'));
    const reasons = async (site: Site): Promise<readonly string[]> => (await site.member.operator.status()).exceptions.map(({ reason }) => reason);
    await eventually(async () => { expect([...await reasons(west), ...await reasons(east)]).toEqual(expect.arrayContaining(['NamespaceMissing', 'Invalid'])); });
    await quiet();

    const all = await told();
    for (const what of ['login', 'fixed', 'nowhere-else']) expect(all).toContain(what);
    for (const value of VALUES) {
      expect(all).not.toContain(value);
      expect(all).not.toContain(base64(value));
    }
  });

  test('stays where it is: those of the bridge\'s namespace, tokens of service accounts, Helm\'s records', async () => {
    await federate(['Secret', 'ProxyRoute']);
    const token = { ...secret('robot-token', { token: 't' }, { type: 'kubernetes.io/service-account-token' }), metadata: { name: 'robot-token', namespace: 'shop', annotations: { 'kubernetes.io/service-account.name': 'robot' } } };
    await west.kubectl('-n shop create serviceaccount robot');
    await west.kubectl('apply -f -', token);
    await west.kubectl('apply -f -', secret('bridge-tls', { 'tls.key': 'of us-west' }, {}, 'novaedge-system'));
    await west.kubectl('apply -f -', secret('sh.helm.release.v1.shop.v1', { release: 'r' }, { type: 'helm.sh/release.v1' }));
    await east.kubectl('apply -f -', secret('bridge-tls', { 'tls.key': 'of eu-west' }, {}, 'novaedge-system'));
    await west.kubectl('apply -f -', secret('after', { a: '1' }));
    await shows(east, core('Secret', 'after'), 'data', { a: base64('1') });

    expect(await field(east, core('Secret', 'bridge-tls', 'novaedge-system'), 'data')).toEqual({ 'tls.key': base64('of eu-west') });
    expect(await field(west, core('Secret', 'bridge-tls', 'novaedge-system'), 'data')).toEqual({ 'tls.key': base64('of us-west') });
    for (const name of ['sh.helm.release.v1.shop.v1', 'robot-token']) expect(await east.read(core('Secret', name))).toBeUndefined();

    // Somebody else's bridge may be in another namespace, and send what is in this one.
    await west.member.operator.apply(JSON.stringify(secret('from-elsewhere', { a: '1' }, {}, 'novaedge-system')), crypto.randomUUID());
    await eventually(async () => { expect((await east.member.operator.status()).exceptions.map(({ reason }) => reason)).toContain('OwnedLocally'); });
    expect(await east.read(core('Secret', 'from-elsewhere', 'novaedge-system'))).toBeUndefined();
  });
});
