import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { resourceKey } from '../../shared/model/resource-key.ts';
import type { TestCluster } from '../../shared/replica/testing.ts';
import { connectRegion } from '../connection/connect-region.ts';
import { TestFederation } from '../testing/federation.ts';
import type { Ran, TestHost } from '../testing/test-host.ts';
import { testHost } from '../testing/test-host.ts';

// Commands against real members over mutual TLS. Each test has resources of its own.
const route = (name: string, backend: string): string => `apiVersion: novaedge.io/v1alpha1
kind: ProxyRoute
metadata:
  name: ${name}
spec:
  hostnames: [${name}.example.com]
  rules:
    - backendRef: {name: ${backend}}
`;
let federation: TestFederation;
let novactl: (...words: readonly string[]) => Promise<Ran>;

const hostWith = (stdin = ''): TestHost => testHost({
  stdin, workingFolder: federation.folder, environment: { NOVACTL_CONFIG: federation.configPath }, nowMs: () => Date.now(), connect: async (options) => connectRegion(options),
});
const apply = (text: string, ...words: readonly string[]): Promise<Ran> => hostWith(text).run('apply', '-f', '-', ...words);

/** Writes the same resource at both members before they hear of each other. */
async function conflictOn(name: string): Promise<void> {
  await apply(route(name, 'us'), '--context', 'us-west');
  await apply(route(name, 'eu'), '--context', 'eu-west');
  await federation.settle();
}

beforeAll(async () => {
  federation = new TestFederation(['us-west', 'eu-west']);
  await federation.start('Manual');
  novactl = (...words) => hostWith().run(...words);
});
afterAll(() => federation.stop());

describe('apply, get, delete, history', () => {
  test('apply tells created, unchanged and configured, and the change reaches the other member', async () => {
    expect(await apply(route('first', 'a'))).toEqual({ code: 0, out: 'proxyroute.novaedge.io/first created\n', err: '' });
    expect((await apply(route('first', 'a'))).out).toBe('proxyroute.novaedge.io/first unchanged\n');
    expect((await apply(route('first', 'b'))).out).toBe('proxyroute.novaedge.io/first configured\n');
    await federation.settle();

    const { out, code } = await novactl('get', 'ProxyRoute/default/first', '-o', 'yaml', '--context', 'eu-west');

    expect(code).toBe(0);
    expect(parse(out)).toMatchObject({ kind: 'ProxyRoute', metadata: { name: 'first', namespace: 'default' }, spec: { rules: [{ backendRef: { name: 'b' } }] } });
  });

  test('what get prints, apply takes back unchanged', async () => {
    await apply(route('back', 'a'));
    const { out } = await novactl('get', 'routes', '-A', '-o', 'yaml');

    expect((await apply(out)).out).toContain('proxyroute.novaedge.io/back unchanged\n');
  });

  test('several documents, files and folders; the first mistake stops everything before anything is sent', async () => {
    const folder = join(federation.folder, 'manifests');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.yaml'), `${route('several-1', 'a')}---\n${route('several-2', 'a')}`);
    writeFileSync(join(folder, 'b.json'), JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'shop' }, data: { a: '1' } }));
    writeFileSync(join(folder, 'notes.txt'), 'no manifest');

    expect((await novactl('apply', '-f', 'manifests', '-o', 'json')).out).toContain('"resource": "ConfigMap/shop/settings"');
    writeFileSync(join(folder, 'c.yaml'), 'apiVersion: novaedge.io/v1alpha1\nkind: ProxyRoute\nmetadata: {name: Wrong}\n');
    writeFileSync(join(folder, 'a.yaml'), route('several-3', 'a'));

    expect(await novactl('apply', '-f', 'manifests')).toEqual({ code: 2, out: '', err: 'error: manifests/c.yaml:1: name "Wrong" is not accepted: expected lower-case letters, digits, "-" and ".", at most 253 characters\n' });
    expect((await novactl('get', 'route', 'several-3')).code).toBe(3);
  });

  test('kinds by plural, short name and in lower case, with -n and -A', async () => {
    await apply(route('kinds', 'a'), '-n', 'shop');

    for (const words of [['proxyroutes', 'kinds', '-n', 'shop'], ['route', 'kinds', '-n', 'shop'], ['proxyroute/shop/kinds'], ['PROXYROUTE.novaedge.io/shop/kinds'], ['route/kinds', '-n', 'shop']]) {
      expect((await novactl('get', ...words)).out).toMatch(/^NAME +VERSION +AGE +CONFLICT\nkinds +v1\.\d+ \(local\) +\d+s +-\n$/);
    }
    expect((await novactl('get', 'routes', '-A')).out).toMatch(/^NAMESPACE +NAME +VERSION[^]*\nshop +kinds +v1/);
    expect(await novactl('get', 'routes', '-n', 'nothing')).toEqual({ code: 0, out: '', err: 'No resources found in the namespace nothing.\n' });
    expect((await novactl('get', 'all', '-A')).out).toMatch(/\nshop +ProxyRoute\/kinds +v1/);
  });

  test('a kind of another group is found by asking, and has to be named where two groups have it', async () => {
    const other = (group: string): string => `apiVersion: ${group}/v1\nkind: HTTPRoute\nmetadata: {name: shop}\n`;
    await apply(other('gateway.networking.k8s.io'));

    expect(JSON.parse((await novactl('get', 'httproute/default/shop', '-o', 'json')).out)).toMatchObject({ apiVersion: 'gateway.networking.k8s.io/v1' });
    await apply(other('example.com'));
    expect(await novactl('get', 'HTTPRoute/default/shop')).toMatchObject({ code: 2, err: expect.stringContaining('HTTPRoute.example.com/default/shop, HTTPRoute.gateway.networking.k8s.io/default/shop; name the group') });
    expect((await novactl('get', 'HTTPRoute.example.com/default/shop')).code).toBe(0);
    expect((await novactl('get', 'httproutes')).out.split('\n')).toHaveLength(4);
    expect((await novactl('get', 'httproutes.example.com')).out.split('\n')).toHaveLength(3);
    expect((await novactl('get', 'httproute/default/shopp')).err).toMatch(/did you mean HTTPRoute\.[a-z.0-9]+\/default\/shop\?/);
  });

  test('delete and history', async () => {
    await apply(route('short-lived', 'a'));

    expect(await novactl('delete', 'proxyroute', 'short-lived')).toEqual({ code: 0, out: 'proxyroute.novaedge.io/short-lived deleted\n', err: '' });
    expect(await novactl('delete', 'proxyroute', 'short-lived')).toMatchObject({ code: 3 });
    expect(await novactl('delete', 'proxyroute', 'short-lived', '--ignore-not-found')).toEqual({ code: 0, out: '', err: '' });
    const { out } = await novactl('history', 'ProxyRoute/default/short-lived', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({ resource: 'ProxyRoute/default/short-lived', versions: [{ what: 'superseded', member: 'us-west' }, { what: 'deleted' }] });
  });

  test('what is not there suggests the nearest', async () => {
    await apply(route('storefront', 'a'));

    expect(await novactl('get', 'ProxyRoute/default/storefrunt')).toEqual({ code: 3, out: '', err: 'error: ProxyRoute/default/storefrunt is not here; did you mean ProxyRoute/default/storefront?\n' });
    expect((await novactl('get', 'route', 'storefront', '-n', 'shop')).err).toContain('there is ProxyRoute/default/storefront');
    expect(await novactl('get', 'proxyruote')).toMatchObject({ code: 3, err: 'error: there is no kind "proxyruote" here; did you mean ProxyRoute?\n' });
    expect((await novactl('get', 'proxyruote/default/storefront')).err).toContain('did you mean ProxyRoute?');
  });

  test('the values of a Secret are not printed, and what stands for them does not come back as one', async () => {
    await apply('apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {password: hunter2}\n');
    const { out } = await novactl('get', 'secret', 'login', '-o', 'yaml');

    expect(out).not.toContain('hunter2');
    expect(await apply(out)).toMatchObject({ code: 2, err: expect.stringContaining('stringData.password is (redacted)') });
  });
});

describe('federation', () => {
  test('status, and its JSON', async () => {
    expect((await novactl('federation', 'status')).out).toMatch(/^Federation: prod-global\nLocal Member: us-west\nPhase: \w+\n\nMembers:\n {2}NAME +REGION/);
    expect(JSON.parse((await novactl('federation', 'status', '-o', 'json', '--context', 'eu-west')).out)).toMatchObject({ localMember: 'eu-west', members: [{ name: 'eu-west', local: true }, { name: 'us-west', healthy: true }] });
    expect((await novactl('federation', 'status', '--verbose')).out).toContain('Partition State: Healthy\nReachable Peers: 1/1\nWrites Fenced: No\nReads Allowed: Yes\n');
    expect((await novactl('agents', 'list')).out).toContain('us-west   us-west   Local     0\n');
  });

  test('conflicts are listed, described and resolved', async () => {
    await conflictOn('disputed');

    expect((await novactl('federation', 'conflicts')).out).toMatch(/\nProxyRoute\/default\/disputed +v1\.\d+ \(local\) +v1\.\d+ \(eu-west\) +\d+s ago\n/);
    const described = await novactl('federation', 'conflicts', 'describe', 'ProxyRoute/default/disputed');
    expect(described.out).toMatch(/name: us +\| +- backendRef:|name: us +\| +name: eu/);
    expect(await novactl('federation', 'conflicts', 'resolve', 'ProxyRoute/default/disputed', '--keep', 'remote')).toMatchObject({ code: 0, out: expect.stringMatching(/^ProxyRoute\/default\/disputed resolved: kept remote as v1\.\d+\n$/) });
    await federation.settle();
    for (const context of ['us-west', 'eu-west']) expect((await novactl('get', 'ProxyRoute/default/disputed', '-o', 'json', '--context', context)).out).toContain('"name": "eu"');
    expect(await novactl('federation', 'conflicts', 'describe', 'ProxyRoute/default/disputed')).toMatchObject({ code: 3, err: expect.stringContaining('ProxyRoute/default/disputed is in no conflict') });
  });

  test('a version that cannot be kept, and a conflict nearby', async () => {
    await conflictOn('contested');

    expect(await novactl('federation', 'conflicts', 'resolve', 'ProxyRoute/default/contested', '--keep', 'ap-east')).toMatchObject({ code: 2, err: expect.stringMatching(/^error: us-west: --keep ap-east: no version of this conflict is from ap-east; there are .*eu-west \(v1\.\d+\)/) });
    expect((await novactl('federation', 'conflicts', 'describe', 'ProxyRoute/default/contessted')).err).toContain('did you mean ProxyRoute/default/contested?');
    expect((await novactl('federation', 'conflicts', 'resolve', 'ProxyRoute/default/contested')).err).toBe('error: required option \'--keep <version>\' not specified; novactl federation conflicts resolve --help tells more\n');
  });

  test('sync and reconcile say what came of each peer, and fail where one cannot be reached', async () => {
    await apply(route('synced', 'a'), '--context', 'eu-west');

    expect((await novactl('federation', 'sync', '--peer', 'eu-west')).out).toMatch(/^PEER +OUTCOME +CHANGES\neu-west +level +[1-9]\d*\n$/);
    expect(await novactl('federation', 'reconcile')).toMatchObject({ code: 0, out: expect.stringMatching(/\neu-west +(?:same|repaired) +\d+\n/) });
    expect(await novactl('federation', 'sync', '--peer', 'mars')).toMatchObject({ code: 3, err: expect.stringContaining('mars is no peer of us-west; peers are eu-west') });
    federation.cuts.add('us-west eu-west');
    const failed = await novactl('federation', 'sync');
    federation.cuts.clear();
    expect(failed).toMatchObject({ code: 7, out: expect.stringMatching(/^PEER +OUTCOME +CHANGES +REASON\neu-west +failed +0 +eu-west cannot be reached\n$/), err: 'error: eu-west failed: eu-west cannot be reached\n' });
  });

  test('deny, denied and undeny change whom the member lets in', async () => {
    expect(await novactl('federation', 'denied')).toMatchObject({ code: 0, out: 'Nobody is denied.\n' });
    expect(await novactl('federation', 'deny', 'peer/mars', '--reason', 'stolen')).toMatchObject({ code: 0, out: 'peer/mars denied\n' });
    expect((await novactl('federation', 'denied')).out).toMatch(/^ENTRY +SINCE +REASON\npeer\/mars +\d+s ago +stolen\n$/);
    expect(JSON.parse((await novactl('federation', 'denied', '-o', 'json')).out)).toMatchObject([{ entry: 'peer/mars', reason: 'stolen', since: expect.any(String) }]);
    expect(await novactl('federation', 'undeny', 'peer/mars')).toMatchObject({ code: 0, out: 'peer/mars let in again\n' });
    expect(await novactl('federation', 'undeny', 'peer/mars')).toMatchObject({ code: 3, err: expect.stringContaining('is not on the deny list') });
    expect(await novactl('federation', 'deny', 'mars')).toMatchObject({ code: 2, err: expect.stringContaining('expected a name such as') });
    expect(await novactl('federation', 'deny', 'operator/admin/alice')).toMatchObject({ code: 2, err: expect.stringContaining('the certificate you are calling with') });
  });

  test('dead-letters: a member that does not run on AWS has none, and says so', async () => {
    expect(await novactl('federation', 'dead-letters', 'list')).toMatchObject({ code: 0, out: 'There are no dead letters.\n' });
    expect(JSON.parse((await novactl('federation', 'dead-letters', 'list', '-o', 'json')).out)).toEqual({ letters: [], total: 0 });
    expect(await novactl('federation', 'dead-letters', 'replay', '--all')).toMatchObject({ code: 0, out: 'There are no dead letters.\n' });
    expect(await novactl('federation', 'dead-letters', 'replay', 'push/1')).toMatchObject({ code: 4, out: '0 dead letters replayed\n', err: expect.stringContaining('push/1: this region has no dead letters') });
    expect(await novactl('federation', 'dead-letters', 'replay')).toMatchObject({ code: 2, err: expect.stringContaining('or say --all') });
    expect(await novactl('federation', 'dead-letters', 'replay', 'push/1', '--all')).toMatchObject({ code: 2, err: expect.stringContaining('one of the two') });
    expect(await novactl('federation', 'dead-letters', 'replay', '--source', 'push')).toMatchObject({ code: 2, err: expect.stringContaining('--all') });
    expect(await novactl('federation', 'dead-letters', 'replay', 'nonsense')).toMatchObject({ code: 2, err: expect.stringContaining('ids[0]') });
    expect(await novactl('federation', 'dead-letters', 'discard', '--all', '--yes')).toMatchObject({ code: 0, out: 'There are no dead letters.\n' });
    expect(await novactl('federation', 'dead-letters', 'discard', 'push/1', '--yes')).toMatchObject({ code: 4, err: expect.stringContaining('push/1: a list does not show it') });
    expect(await novactl('federation', 'dead-letters', 'discard')).toMatchObject({ code: 2, err: expect.stringContaining('or say --all') });
  });

  test('set writes the file in the member\'s folder, at one member or at all', async () => {
    const one = await novactl('federation', 'set', 'sync.interval=2s');
    expect(one).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^us-west: us-west\/federation\.yaml: spec\.sync\.interval: \(not set\) -> 2s\n$/) });
    expect((await novactl('federation', 'set', 'conflictResolution.strategy=Merge', '--context', 'us-west')).err).toContain('--all-contexts sets it everywhere');
    expect((await novactl('federation', 'set', 'spec.conflictResolution.strategy=Merge')).out).toMatch(/us-west\/federation\.yaml unchanged\neu-west: .* spec\.conflictResolution\.strategy: Manual -> Merge\n$/);
    expect(parse(readFileSync(join(federation.folder, 'us-west', 'federation.yaml'), 'utf8'))).toMatchObject({ spec: { sync: { interval: '2s' }, conflictResolution: { strategy: 'Merge' } } });
  });

  test('set refuses what would not be valid, and then writes nothing anywhere', async () => {
    const file = join(federation.folder, 'eu-west', 'federation.yaml');
    const before = readFileSync(file, 'utf8');

    expect(await novactl('federation', 'set', 'conflictResolution.strategy=Newest', '--all-contexts')).toMatchObject({ code: 2, err: expect.stringMatching(/would not be valid, so nothing was written anywhere: spec\.conflictResolution\.strategy: is not accepted, got "Newest"/) });
    expect(readFileSync(file, 'utf8')).toBe(before);
  });
});

describe('many deletes at once', () => {
  const keys = Array.from({ length: 12 }, (_, at) => resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name: `held-${at.toString()}` }));
  let cluster: TestCluster;
  const isThere = async (): Promise<boolean> => (await novactl('get', 'ProxyRoute/default/held-0')).code === 0;

  /** The cluster deletes all of them; returns the hold. */
  async function slip(): Promise<string> {
    for (const key of keys) cluster.remove(key);
    await cluster.send(keys);
    const { holds } = JSON.parse((await novactl('federation', 'status', '-o', 'json')).out) as { readonly holds: readonly { readonly id: string }[] };
    return holds[0]?.id ?? 'none';
  }

  test('are shown by status, put back by reject, and let go by approve', async () => {
    cluster = federation.cluster('us-west');
    await cluster.follow();
    for (const key of keys) cluster.put(key, { hostnames: ['held.example.com'] });
    await cluster.send(keys);

    const first = await slip();
    const shown = await novactl('federation', 'status');
    expect(shown.out).toContain(`novactl federation approve ${first}, or reject ${first}`);
    expect((await novactl('federation', 'status', '--verbose')).out).toMatch(new RegExp(`Held:\\n  HOLD +DIRECTION +DELETES +SINCE +SOME OF THEM\\n  ${first} +up +12 +\\d+s ago +ProxyRoute/default/held-0 `));
    expect(JSON.parse((await novactl('federation', 'status', '-o', 'json')).out)).toMatchObject({ holds: [{ id: first, direction: 'up', reason: 'MassDeletion', resources: 12, since: expect.any(String), examples: expect.arrayContaining(['ProxyRoute/default/held-0']) }] });
    expect(await isThere()).toBe(true);

    expect(await novactl('federation', 'reject', first, '--reason', 'a slip', '-o', 'json')).toMatchObject({ code: 0, out: expect.stringContaining('"rejected"') });
    await cluster.send(keys);
    expect(cluster.objects.size).toBeGreaterThanOrEqual(12);
    await cluster.report({ cleared: keys });

    const second = await slip();
    expect(await novactl('federation', 'approve', second)).toMatchObject({ code: 0, out: `${second} approved: 12 deletes go on within half a minute\n` });
    await cluster.send(keys);
    expect(await isThere()).toBe(false);
    expect((await novactl('federation', 'status')).out).not.toContain('Held');
  });

  test('that nobody holds are an error', async () => {
    expect(await novactl('federation', 'approve', 'up-00')).toMatchObject({ code: 3, err: expect.stringContaining('nothing is held at us-west under up-00') });
    expect(await novactl('federation', 'reject', 'everything')).toMatchObject({ code: 2, err: expect.stringContaining('a hold as novactl federation status lists it, such as up-1a2b3c') });
  });
});

describe('who calls', () => {
  test('a viewer may look and not write', async () => {
    const config = join(federation.folder, 'viewer.yaml');
    writeFileSync(config, readFileSync(federation.configPath, 'utf8').replaceAll('admin', 'viewer'));

    expect((await novactl('federation', 'status', '--config', config)).code).toBe(0);
    expect(await hostWith(route('x', 'a')).run('apply', '-f', '-', '--config', config)).toMatchObject({ code: 5, err: expect.stringContaining('it is for operators with the level admin') });
  });
});
