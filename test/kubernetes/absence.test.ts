import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../shared/model/content.ts';
import { permissiveDefinition } from './permissive-definitions.ts';
import { served } from './installed-cluster.ts';
import type { Site } from './federated-clusters.ts';
import { eventually, federatedPair, quiet, route, routeKey } from './federated-clusters.ts';

/** What is missing, and whether that means anything elsewhere. The west has a controller manager, so that namespaces end. */
const { west, east } = federatedPair({ cluster: { controllers: true } });

const backend = (name: string, spec: JsonObject): JsonObject => ({ ...route(name, spec), kind: 'ProxyBackend' });
const backendKey = (name: string): ReturnType<typeof routeKey> => routeKey(name, 'default', 'ProxyBackend');
const exceptions = async (site: Site): Promise<readonly string[]> => (await site.member.operator.status()).exceptions.map(({ key, reason }) => `${key} ${reason}`);

describe('a namespace', () => {
  test('that is deleted deletes nothing elsewhere, and takes back what it had when it is made again', async () => {
    const [one, two] = [routeKey('one', 'shop'), routeKey('two', 'shop')];
    for (const name of ['one', 'two']) await west.kubectl('apply -f -', route(name, { n: 1 }, { namespace: 'shop' }));
    await east.shows(two, { n: 1 });
    await quiet();
    const before = await west.member.head();
    await west.kubectl('delete namespace shop');
    await west.shows(one, undefined);
    await quiet();

    expect(await west.member.head()).toBe(before);
    expect([await east.spec(one), await east.spec(two)]).toEqual([{ n: 1 }, { n: 1 }]);
    await eventually(async () => { expect(await exceptions(west)).toEqual([`${one} NamespaceMissing`, `${two} NamespaceMissing`]); });
    // What is edited meanwhile waits as well.
    await east.kubectl('-n shop patch proxyroute one --type=merge -p {"spec":{"n":2}}');
    await west.kubectl('create namespace shop');
    await west.shows(one, { n: 2 });
    await west.shows(two, { n: 1 });
    await eventually(async () => { expect(await exceptions(west)).toEqual([]); });
  });

  test('that was deleted and made again while the bridge was away deletes nothing either', async () => {
    const key = routeKey('away', 'shop');
    await west.kubectl('apply -f -', route('away', { n: 1 }, { namespace: 'shop' }));
    await east.shows(key, { n: 1 });
    await quiet();
    await west.stopBridge();
    await new Promise((resolve) => { setTimeout(resolve, 3000); });
    await west.kubectl('delete namespace shop');
    await west.kubectl('create namespace shop');
    await west.startBridge();

    await west.shows(key, { n: 1 });
    expect(await east.spec(key)).toEqual({ n: 1 });
  });

  test('that is missing is an exception, and holds up nothing else', async () => {
    await west.kubectl('create namespace only-west');
    await west.kubectl('apply -f -', route('lonely', { n: 1 }, { namespace: 'only-west' }));
    await west.kubectl('apply -f -', route('company', { n: 1 }));
    await east.shows(routeKey('company'), { n: 1 });
    await eventually(async () => { expect(await exceptions(east)).toEqual([`${routeKey('lonely', 'only-west')} NamespaceMissing`]); });
    await east.kubectl('create namespace only-west');

    await east.shows(routeKey('lonely', 'only-west'), { n: 1 });
  });
});

describe('a definition', () => {
  test('that is deleted deletes nothing elsewhere, and takes back what it had when it is installed again', async () => {
    await west.kubectl('apply -f -', backend('kept', { n: 1 }));
    await east.shows(backendKey('kept'), { n: 1 });
    await quiet();
    await west.kubectl('delete crd proxybackends.novaedge.io');
    await quiet();
    expect(await east.spec(backendKey('kept'))).toEqual({ n: 1 });
    await eventually(async () => { expect(await exceptions(west)).toEqual([`${backendKey('kept')} KindNotServed`]); });

    await west.kubectl('apply -f -', permissiveDefinition('ProxyBackend'));
    await west.shows(backendKey('kept'), { n: 1 });
    await west.kubectl('apply -f -', backend('kept', { n: 2 }));
    await east.shows(backendKey('kept'), { n: 2 });
  });

  test('that was deleted and installed again while the bridge was away deletes nothing either', async () => {
    await west.stopBridge();
    await new Promise((resolve) => { setTimeout(resolve, 3000); });
    await west.kubectl('delete crd proxybackends.novaedge.io');
    await west.kubectl('apply -f -', permissiveDefinition('ProxyBackend'));
    await served(west.installed.user, 'proxybackends.novaedge.io');
    await west.startBridge();

    await west.shows(backendKey('kept'), { n: 2 });
    expect(await east.spec(backendKey('kept'))).toEqual({ n: 2 });
  });
});

describe('finalizers', () => {
  test('an object that waits for its finalizers is there for the others until it is gone', async () => {
    const key = routeKey('finalized');
    await west.kubectl('apply -f -', route('finalized', { n: 1 }, { finalizers: ['example.com/wait'] }));
    await east.shows(key, { n: 1 });
    await quiet();
    await west.kubectl('delete proxyroute finalized --wait=false');
    await quiet();
    expect(await east.spec(key)).toEqual({ n: 1 });
    await west.kubectl('patch proxyroute finalized --type=merge -p {"metadata":{"finalizers":null}}');

    await east.shows(key, undefined);
  });

  test('an object that is deleted elsewhere goes when its finalizers are done, and nothing makes it again', async () => {
    const key = routeKey('finalized-too');
    await west.kubectl('apply -f -', route('finalized-too', { n: 1 }, { finalizers: ['example.com/wait'] }));
    await east.shows(key, { n: 1 });
    await quiet();
    await east.kubectl('delete proxyroute finalized-too');
    await eventually(async () => { expect(await exceptions(west)).toEqual([`${key} Terminating`]); });
    await west.kubectl('patch proxyroute finalized-too --type=merge -p {"metadata":{"finalizers":null}}');
    await west.shows(key, undefined);
    await quiet();

    expect([await west.spec(key), await east.spec(key)]).toEqual([undefined, undefined]);
    await eventually(async () => { expect(await exceptions(west)).toEqual([]); });
  });
});

describe('leaving', () => {
  test('a second federation object is turned down, and says so', async () => {
    await west.kubectl('apply -f -', { ...west.member.manifest({ paused: true }), metadata: { name: 'second', namespace: 'novaedge-system' } });
    await eventually(async () => {
      const object = JSON.parse(await west.kubectl('-n novaedge-system get novaedgefederation second -o json')) as { status?: { conditions: JsonObject[] } };
      expect(object.status?.conditions).toEqual([expect.objectContaining({ type: 'Accepted', status: 'False', reason: 'NotTheOnlyOne' })]);
    });
    expect(west.bridge.state().kind).toBe('following');
    await west.kubectl('-n novaedge-system delete novaedgefederation second');
  });

  test('deleting the federation object, then all definitions, deletes nothing elsewhere', async () => {
    await west.kubectl('apply -f -', route('left', { n: 1 }));
    await east.shows(routeKey('left'), { n: 1 });
    await west.kubectl('-n novaedge-system delete novaedgefederation global');
    await eventually(() => { expect(west.bridge.state()).toEqual({ kind: 'idle', why: 'paused' }); });
    await west.kubectl('delete proxyroute left');
    await west.kubectl('delete crd novaedgefederations.novaedge.io proxyroutes.novaedge.io proxybackends.novaedge.io');
    await quiet();

    expect(await east.spec(routeKey('left'))).toEqual({ n: 1 });
    expect(await east.spec(backendKey('kept'))).toEqual({ n: 2 });
  });
});
