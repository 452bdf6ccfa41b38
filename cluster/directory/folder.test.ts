import { chown, chmod, cp, mkdir, mkdtemp, readFile, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JsonObject } from '../../shared/model/content.ts';
import { federatedPart } from '../../shared/model/federated-part.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { resourceKey } from '../../shared/model/resource-key.ts';
import { silentLogger } from '../../shared/ports/logger.ts';
import type { Cluster, ClusterChange, ClusterObject, ReadResult, WriteOutcome } from '../bridge/cluster-port.ts';
import { route, routeKey } from '../bridge/cluster-acceptance.ts';
import { realClock, realRandom } from '../bridge/test-federation.ts';
import { openDirectoryCluster } from './directory-cluster.ts';
import type { DirectoryCluster } from './directory-cluster.ts';
import { newText } from './edit-text.ts';
import { HIDDEN_FILE } from './hidden-file.ts';
import { FILE_BYTES } from './limits.ts';
import { STATUS_FILE } from './status-file.ts';

const never = new AbortController().signal;
const everything = { resourceTypes: ['ProxyRoute', 'ProxyRoute.other.io', 'GatewayClass.gateway.networking.k8s.io', 'Proxyroute'], excludeNamespaces: [], ownershipMarks: [] };
let base: string;
let root: string;
let cluster: Cluster & Pick<DirectoryCluster, 'close'>;
let told: ClusterChange[];

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'novaedge-folder-'));
  root = join(base, 'cluster');
  await open();
});
afterEach(async () => {
  await cluster.close();
  await rm(base, { recursive: true, force: true });
});

async function open(watchEvents = true): Promise<void> {
  cluster = await openDirectoryCluster({ root, clock: realClock, random: realRandom, logger: silentLogger, watchEvents });
  told = [];
  await cluster.watch((change) => told.push(change), never);
}
async function reopen(while_: () => Promise<void> = async () => undefined): Promise<void> {
  await cluster.close();
  await while_();
  await open();
}

async function save(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}
const yaml = (name: string, spec: JsonObject = {}): string => newText('yaml', route(name, spec));
const textOf = (path: string): Promise<string> => readFile(join(root, path), 'utf8');
const read = (name: string): Promise<ReadResult> => cluster.read(routeKey(name), never);
async function objectOf(key: ResourceKey): Promise<ClusterObject> {
  const result = await cluster.read(key, never);
  if (result.kind !== 'live') throw new Error(JSON.stringify(result));
  return result.object;
}
const soon = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, { timeout: 5000, interval: 5 });
const pause = (ms: number): Promise<void> => realClock.sleep(ms);
const appears = (name: string): Promise<ClusterObject> => soon(() => objectOf(routeKey(name)));
const changesOf = (name: string): number => told.filter((change) => change.kind === 'changed' && change.keys.includes(routeKey(name))).length;
async function show(manifest: JsonObject, replaces?: ClusterObject, key = federatedPart(manifest).key): Promise<WriteOutcome> {
  const { text, hash } = federatedPart(manifest).content;
  return cluster.write({ key, content: text, hash, token: `token of ${hash}`, replaces }, never);
}

describe('where things are written', () => {
  test('a new object goes to NAMESPACE/KIND-NAME.yaml, folders and all', async () => {
    expect(await show(route('test-route', { n: 1 }))).toEqual({ kind: 'ok' });
    expect(await textOf('default/proxyroute-test-route.yaml')).toBe(yaml('test-route', { n: 1 }));
  });

  test('where another group has that name, the group is added; where only the case of a kind differs, a hash', async () => {
    await show(route('api'));
    expect(await show({ ...route('api'), apiVersion: 'other.io/v1' })).toEqual({ kind: 'ok' });
    expect(await show({ ...route('api'), kind: 'Proxyroute' })).toEqual({ kind: 'ok' });
    expect(await show({ ...route('api'), apiVersion: 'other.io/v1', kind: 'Proxyroute' })).toEqual({ kind: 'ok' });

    const files = (await readdir(join(root, 'default'))).sort();
    expect(files).toEqual([expect.stringMatching(/^proxyroute-api-[0-9a-f]{12}\.yaml$/), 'proxyroute-api.yaml', 'proxyroute.novaedge.io-api.yaml', 'proxyroute.other.io-api.yaml']);
  });

  test('what belongs to the whole cluster stands in the root, and has no namespace', async () => {
    const gatewayClass = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass', metadata: { name: 'edge' }, spec: {} };
    await show(gatewayClass);
    const key = resourceKey({ group: 'gateway.networking.k8s.io', kind: 'GatewayClass', namespace: '', name: 'edge' });

    expect(await textOf('gatewayclass-edge.yaml')).toBe(newText('yaml', gatewayClass));
    expect((await objectOf(key)).key).toBe(key);
  });

  test('a name of any length finds a place', async () => {
    const name = 'x'.repeat(253);
    expect(await show(route(name))).toEqual({ kind: 'ok' });
    expect((await appears(name)).key).toBe(routeKey(name));
  });

  test('a resource that a file of the user\'s holds is changed there, with its comments', async () => {
    await save('mine/all.yaml', `# mine\n${yaml('a', { n: 1 })}---\n${yaml('b', { n: 1 })}`);
    await appears('a');
    expect(await show(route('a', { n: 2 }), await objectOf(routeKey('a')))).toEqual({ kind: 'ok' });

    expect(await textOf('mine/all.yaml')).toBe(`# mine\n${yaml('a', { n: 2 })}---\n${yaml('b', { n: 1 })}`);
    await expect(stat(join(root, 'default'))).rejects.toThrow('ENOENT');
  });

  test('a JSON file stays JSON', async () => {
    await save('a.json', JSON.stringify(route('a', { n: 1 }), null, 4));
    expect(await show(route('a', { n: 2 }), await appears('a'))).toEqual({ kind: 'ok' });

    expect(await textOf('a.json')).toBe(JSON.stringify(route('a', { n: 2 }), null, 4));
  });

  test('a manifest without a namespace is in default, and still names none after a change', async () => {
    const bare = 'apiVersion: novaedge.io/v1alpha1\nkind: ProxyRoute\nmetadata:\n  name: a\nspec:\n  n: 1\n';
    await save('a.yaml', bare);
    expect(await show(route('a', { n: 2 }), await appears('a'))).toEqual({ kind: 'ok' });

    expect(await textOf('a.yaml')).toBe(bare.replace('n: 1', 'n: 2'));
  });

  test('the mode of a file is kept', async () => {
    await save('a.yaml', yaml('a', { n: 1 }));
    await appears('a');
    await chmod(join(root, 'a.yaml'), 0o600);
    const object = await soon(async () => { expect(cluster.problems()).toEqual([]); return objectOf(routeKey('a')); });
    await soon(async () => { expect(await show(route('a', { n: 2 }), object)).toEqual({ kind: 'ok' }); });

    expect((await stat(join(root, 'a.yaml'))).mode & 0o777).toBe(0o600);
  });

  test('a file is never half there: it is replaced by a rename, and nothing else is left', async () => {
    await show(route('a', { size: 0 }));
    const seen = new Set<string>();
    let reading = true;
    const reader = (async () => { while (reading) { seen.add(await textOf('default/proxyroute-a.yaml')); await pause(0); } })();
    for (let n = 1; n <= 20; n += 1) await show(route('a', { size: n }), await objectOf(routeKey('a')));
    reading = false;
    await reader;

    expect([...seen].filter((text) => !/^ {2}size: \d+\n$/m.test(text))).toEqual([]);
    expect(await readdir(join(root, 'default'))).toEqual(['proxyroute-a.yaml']);
  });
});

describe('nothing leaves the folder', () => {
  test('a folder that is a link is not written through', async () => {
    await mkdir(join(base, 'outside'));
    await symlink(join(base, 'outside'), join(root, 'default'));

    expect(await show(route('a'))).toMatchObject({ kind: 'refused', reason: 'OutsideFolder' });
    expect(await readdir(join(base, 'outside'))).toEqual([]);
  });

  test('a file that is a link is neither read nor replaced, and said so', async () => {
    await writeFile(join(base, 'outside.yaml'), yaml('a', { n: 1 }));
    await mkdir(join(root, 'default'));
    await symlink(join(base, 'outside.yaml'), join(root, 'default', 'proxyroute-a.yaml'));
    await soon(() => { expect(cluster.problems()).toEqual([expect.objectContaining({ reason: 'NotRead', message: expect.stringContaining('default/proxyroute-a.yaml') })]); });

    expect(await read('a')).toMatchObject({ kind: 'gone' });
    expect(await show(route('a', { n: 2 }))).toEqual({ kind: 'ok' });
    expect(await readFile(join(base, 'outside.yaml'), 'utf8')).toBe(yaml('a', { n: 1 }));
  });

  test('a folder put in a link\'s place while we look is noticed before anything is written', async () => {
    await show(route('a', { n: 1 }));
    const object = await objectOf(routeKey('a'));
    await rename(join(root, 'default'), join(base, 'moved'));
    await symlink(join(base, 'moved'), join(root, 'default'));

    expect((await show(route('a', { n: 2 }), object)).kind).not.toBe('ok');
    expect(await readFile(join(base, 'moved', 'proxyroute-a.yaml'), 'utf8')).toBe(yaml('a', { n: 1 }));
  });
});

describe('what is not a manifest', () => {
  test('backups, swap files, hidden files and everything else is ignored', async () => {
    for (const name of ['a.yaml~', '.a.yaml.swp', 'a.swp', '.hidden.yaml', '#a.yaml', 'a.txt', 'a.yaml.bak', '.git/a.yaml']) await save(name, yaml('a'));
    await pause(200);

    expect(told).toEqual([]);
    expect(cluster.problems()).toEqual([]);
    expect(await read('a')).toMatchObject({ kind: 'gone' });
  });

  test('a file that does not parse is reported with line and column and stays; what it held is unknown, not gone', async () => {
    await save('a.yaml', yaml('a', { n: 1 }));
    const before = await appears('a');
    await save('a.yaml', 'apiVersion: v1\nkind: [\n');
    const unreadable = { reason: 'Unparsable', message: expect.stringMatching(/^a\.yaml:\d+:\d+: not valid YAML/) };
    await soon(async () => { expect(await read('a')).toEqual({ kind: 'unknown', ...unreadable }); });

    expect(cluster.problems()).toEqual([{ key: undefined, ...unreadable }]);
    expect(changesOf('a')).toBe(2);
    expect(await show(route('a', { n: 2 }), before)).toMatchObject({ kind: 'refused', reason: 'Unparsable' });
    expect(await textOf('a.yaml')).toBe('apiVersion: v1\nkind: [\n');

    await reopen();
    expect(await read('a')).toEqual({ kind: 'unknown', ...unreadable });
    await save('a.yaml', yaml('a', { n: 1 }));
    await soon(async () => { expect(await read('a')).toMatchObject({ kind: 'live', object: { uid: before.uid, resourceVersion: before.resourceVersion } }); });
    expect(cluster.problems()).toEqual([]);
  });

  test.each([
    ['empty', '', 'FileEmpty'],
    ['only comments', '# later\n', 'FileEmpty'],
    ['cut off', yaml('a').slice(0, 60), 'Unparsable'],
    ['a JSON text cut off', '{"apiVersion": "novaedge.io/v1alpha1", "ki', 'Unparsable'],
    ['a key that stands twice', 'apiVersion: v1\nkind: A\nkind: B\n', 'Unparsable'],
    ['a manifest without a name', 'apiVersion: novaedge.io/v1alpha1\nkind: ProxyRoute\nmetadata: {}\n', 'Unparsable'],
    ['a name that is none', 'apiVersion: novaedge.io/v1alpha1\nkind: ProxyRoute\nmetadata: {name: ../../x}\n', 'Unparsable'],
    ['too large', `# ${'x'.repeat(FILE_BYTES)}\n${yaml('a')}`, 'Unparsable'],
    ['a bomb of aliases', `a: &a [x,x,x,x,x,x,x,x,x]\n${'b c d e f g'.split(' ').map((c, at) => `${c}: &${c} [${Array.from({ length: 9 }, () => `*${'abcdef'.charAt(at)}`).join(',')}]`).join('\n')}\n`, 'Unparsable'],
    ['nested without end', '['.repeat(20_000), 'Unparsable'],
    ['not UTF-8', '\xff', 'Unparsable'],
  ])('a file that is %s is no change and no deletion', async (name, text, reason) => {
    const path = name.includes('JSON') ? 'a.json' : 'a.yaml';
    await save(path, newText(path === 'a.json' ? 'json' : 'yaml', route('a')));
    await appears('a');
    await writeFile(join(root, path), text, name === 'not UTF-8' ? 'latin1' : 'utf8');

    await soon(async () => { expect(await read('a')).toMatchObject({ kind: 'unknown', reason }); });
    expect(cluster.problems()).toMatchObject([{ reason }]);
  });

  test('what is right in a file is taken, what is wrong beside it is reported with its line', async () => {
    await save('all.yaml', `${yaml('a')}---\napiVersion: novaedge.io/v1alpha1\nkind: ProxyRoute\nmetadata: {name: B}\n`);
    await appears('a');

    expect(cluster.problems()).toMatchObject([{ reason: 'Unparsable', message: expect.stringMatching(/^all\.yaml:8:1: name "B" is not accepted/) }]);
  });

  test('a file being written bit by bit is one change, when it is done', async () => {
    const text = yaml('a', { list: Array.from({ length: 30 }, (_, at) => `item-${at.toString()}`) });
    for (let end = 0; end <= text.length; end += 25) {
      await save('a.yaml', text.slice(0, end));
      await pause(8);
    }
    await save('a.yaml', text);
    await appears('a');
    await pause(150);

    expect(changesOf('a')).toBe(1);
    expect(cluster.problems()).toEqual([]);
  });

  test('folders too deep and files beyond what is read are said, and the rest is taken', async () => {
    await save('1/2/3/4/5/6/7/8/deep.yaml', yaml('deep'));
    await save('1/2/3/4/5/6/7/8/9/deeper.yaml', yaml('deeper'));
    await appears('deep');
    await soon(() => { expect(cluster.problems()).toMatchObject([{ reason: 'NotRead', message: expect.stringContaining('1/2/3/4/5/6/7/8/9') }]); });

    expect(await read('deeper')).toMatchObject({ kind: 'gone' });
  });
});

describe('two that claim to be the same', () => {
  test('are an error naming both, and neither is a change or a deletion', async () => {
    await save('one.yaml', yaml('a', { n: 1 }));
    const before = await appears('a');
    await save('two.yaml', `# copy\n${yaml('a', { n: 2 })}`);
    const both = { reason: 'Duplicate', message: expect.stringMatching(/one\.yaml:1 and in two\.yaml:2/) };
    await soon(async () => { expect(await read('a')).toEqual({ kind: 'unknown', ...both }); });
    expect(cluster.problems()).toEqual([{ key: routeKey('a'), ...both }]);
    expect(await show(route('a', { n: 3 }), before)).toMatchObject({ kind: 'refused', reason: 'Duplicate' });

    await rm(join(root, 'two.yaml'));
    await soon(async () => { expect(await read('a')).toMatchObject({ kind: 'live', object: { uid: before.uid, resourceVersion: before.resourceVersion } }); });
    expect(cluster.problems()).toEqual([]);
  });

  test('are none where ours was created a moment ago: the user\'s stays, as an edit of what ours showed', async () => {
    await show(route('a', { n: 1 }));
    const { uid, token } = await objectOf(routeKey('a'));
    await save('mine.yaml', yaml('a', { n: 2 }));
    const object = await soon(async () => { const found = await appears('a'); expect(JSON.parse(found.content.text)).toMatchObject({ spec: { n: 2 } }); return found; });

    expect(object).toMatchObject({ uid, token });
    expect(await readdir(join(root, 'default'))).toEqual([]);
    expect(cluster.problems()).toEqual([]);
  });

  test('are an error within one file too', async () => {
    await save('all.yaml', `${yaml('a', { n: 1 })}---\n${yaml('a', { n: 2 })}`);

    await soon(async () => { expect(await read('a')).toMatchObject({ kind: 'unknown', reason: 'Duplicate', message: expect.stringContaining('all.yaml:1 and in all.yaml:9') }); });
  });

  test('a file that is moved into a new folder is the same object too', async () => {
    await save('one.yaml', yaml('a', { n: 1 }));
    const { uid, resourceVersion } = await appears('a');
    told.length = 0;
    for (const folder of ['x', 'y/z', 'x']) {
      const [from] = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.yaml'));
      await mkdir(join(root, folder), { recursive: true });
      await rename(join(root, from ?? ''), join(root, folder, 'one.yaml'));
      if (dirname(from ?? '') !== '.') await rm(dirname(join(root, from ?? '')), { recursive: true });
      await pause(120);
    }

    expect(await objectOf(routeKey('a'))).toMatchObject({ uid, resourceVersion });
    expect(changesOf('a')).toBe(0);
  });

  test('a file that is renamed is the same object at another place', async () => {
    await save('one.yaml', yaml('a', { n: 1 }));
    const { uid, resourceVersion } = await appears('a');
    told.length = 0;
    await rename(join(root, 'one.yaml'), join(root, 'two.yaml'));
    await pause(150);
    expect(await objectOf(routeKey('a'))).toMatchObject({ uid, resourceVersion });
    await reopen(() => rename(join(root, 'two.yaml'), join(root, 'aaa.yaml')));

    expect(await objectOf(routeKey('a'))).toMatchObject({ uid, resourceVersion });
    expect(changesOf('a')).toBe(0);
  });
});

describe('the hidden file', () => {
  const idOf = async (): Promise<string> => (await cluster.identity(never)).clusterId;

  test('keeps identity, object IDs, versions and tokens over a restart', async () => {
    await show(route('a', { n: 1 }));
    const [id, before] = [await idOf(), await objectOf(routeKey('a'))];
    await reopen();

    expect(await idOf()).toBe(id);
    expect(await objectOf(routeKey('a'))).toEqual(before);
    expect(Object.keys(JSON.parse(await textOf(HIDDEN_FILE)) as JsonObject)).toEqual(['format', 'clusterId', 'self', 'epoch', 'counter', 'federation', 'departed', 'objects']);
  });

  test('keeps the token of what a user removed, also over a restart, and none of what we removed', async () => {
    await show(route('a', { n: 1 }));
    await show(route('b', { n: 1 }));
    const { uid, token } = await objectOf(routeKey('a'));
    await reopen(() => rm(join(root, 'default/proxyroute-a.yaml')));
    await reopen();
    expect(await read('a')).toMatchObject({ kind: 'gone', uid, token });
    await cluster.delete(routeKey('b'), await objectOf(routeKey('b')), never);
    expect(await read('b')).toMatchObject({ kind: 'gone', token: undefined });
  });

  test('lost while nobody looked: another cluster, whose objects carry no token', async () => {
    await show(route('a', { n: 1 }));
    const id = await idOf();
    await reopen(() => rm(join(root, HIDDEN_FILE)));

    expect(await idOf()).not.toBe(id);
    expect((await objectOf(routeKey('a'))).token).toBeUndefined();
  });

  test('lost while the folder is followed: held for a while, then another cluster', async () => {
    await show(route('a', { n: 1 }));
    const id = await idOf();
    await rm(join(root, HIDDEN_FILE));
    await soon(() => { expect(cluster.held()).toMatchObject({ reason: 'HiddenFileLost' }); });
    told.length = 0;
    await vi.waitFor(() => { expect(cluster.held()).toBeUndefined(); }, { timeout: 9000, interval: 20 });

    expect(await idOf()).not.toBe(id);
    expect(told).toContainEqual({ kind: 'condition' });
    expect((await appears('a')).token).toBeUndefined();
  }, 15_000);

  test('a copied folder is another cluster', async () => {
    const id = await idOf();
    await reopen(async () => {
      await cp(root, join(base, 'copy'), { recursive: true });
      await rm(root, { recursive: true });
      await rename(join(base, 'copy'), root);
    });

    expect(await idOf()).not.toBe(id);
  });

  test('a moved folder is the same cluster', async () => {
    const id = await idOf();
    await reopen(async () => {
      await rename(root, join(base, 'elsewhere'));
      root = join(base, 'elsewhere');
    });

    expect(await idOf()).toBe(id);
  });

  test.each(['', '{', '{"format":2}', '[]'])('damaged (%j) it is not believed', async (text) => {
    const id = await idOf();
    await reopen(() => writeFile(join(root, HIDDEN_FILE), text));

    expect(await idOf()).not.toBe(id);
  });

  test('touched by somebody who changed nothing in it: the same cluster, read again', async () => {
    await show(route('a', { n: 1 }));
    const [id, before] = [await idOf(), await objectOf(routeKey('a'))];
    await chmod(join(root, HIDDEN_FILE), 0o640);
    await utimes(join(root, HIDDEN_FILE), 1, 1);
    await soon(() => { expect(told).toContainEqual({ kind: 'condition' }); });
    await soon(() => { expect(cluster.held()).toBeUndefined(); });

    expect(await idOf()).toBe(id);
    expect(await objectOf(routeKey('a'))).toEqual(before);
  });

  test('that cannot be written holds the folder until it can', async () => {
    await chmod(root, 0o755);
    await save('sub/a.yaml', yaml('a', { n: 1 }));
    await appears('a');
    await asSomebodyElseThanRoot(async () => {
      await chmod(root, 0o555);
      await save('sub/a.yaml', yaml('a', { n: 2 }));
      await soon(() => { expect(cluster.held()).toMatchObject({ reason: 'CannotWrite' }); });
      await chmod(root, 0o755);
      await soon(() => { expect(cluster.held()).toBeUndefined(); });
    });

    expect(JSON.parse((await appears('a')).content.text)).toMatchObject({ spec: { n: 2 } });
  });

  test('a second bridge on the same folder has the newer lease; the first takes no more part', async () => {
    const first = cluster;
    const { leaseEpoch } = await first.identity(never);
    await open();
    const second = cluster;
    expect((await second.identity(never)).leaseEpoch).toBeGreaterThan(leaseEpoch);

    await save('a.yaml', yaml('a'));
    await appears('a');
    await soon(() => { expect(first.held()).toMatchObject({ reason: 'TakenOver' }); });
    expect(await first.read(routeKey('a'), never)).toMatchObject({ kind: 'unknown', reason: 'TakenOver' });
    await first.close();
    expect(second.held()).toBeUndefined();
  });
});

/** Root may write anywhere: where the tests are root's, the folder is given to another user, who does this. */
async function asSomebodyElseThanRoot(work: () => Promise<void>): Promise<void> {
  const { seteuid } = process;
  if (process.getuid?.() !== 0 || seteuid === undefined) return work();
  for (const path of ['', ...(await readdir(base, { recursive: true }))]) await chown(join(base, path), NOBODY, NOBODY);
  seteuid(NOBODY);
  try {
    await work();
  } finally {
    seteuid(0);
  }
}
const NOBODY = 65_534;

describe('the whole folder', () => {
  test('gone: reported and held, nothing taken for deleted; put back, it goes on', async () => {
    await save('a.yaml', yaml('a'));
    await appears('a');
    told.length = 0;
    await rename(root, join(base, 'aside'));
    await soon(() => { expect(cluster.held()).toMatchObject({ reason: 'RootMissing' }); });
    expect(await read('a')).toMatchObject({ kind: 'unknown', reason: 'RootMissing' });
    await expect(cluster.list(everything, never)).rejects.toThrow('is gone');

    await rename(join(base, 'aside'), root);
    await soon(() => { expect(cluster.held()).toBeUndefined(); });
    expect(await read('a')).toMatchObject({ kind: 'live' });
    expect(changesOf('a')).toBe(0);
    expect(told).toContainEqual({ kind: 'condition' });
  });

  test('removed file by file: held, nothing taken for deleted', async () => {
    for (let n = 0; n < 50; n += 1) await save(`folder-${(n % 7).toString()}/${n.toString()}.yaml`, yaml(`r${n.toString()}`));
    await appears('r49');
    told.length = 0;
    await rm(root, { recursive: true });
    await soon(() => { expect(cluster.held()).toMatchObject({ reason: 'RootMissing' }); });

    expect(told.filter(({ kind }) => kind === 'changed')).toEqual([]);
  });

  test('replaced by another without the hidden file: reported and held', async () => {
    await save('a.yaml', yaml('a'));
    await appears('a');
    told.length = 0;
    await rename(root, join(base, 'aside'));
    await mkdir(root);
    await soon(() => { expect(cluster.held()).toMatchObject({ reason: 'RootReplaced' }); });
    await pause(100);

    expect(told.filter(({ kind }) => kind === 'changed')).toEqual([]);
    expect(await readdir(root)).toEqual([]);
  });
});

describe('being told', () => {
  test('comes less than 100 ms after a file was saved, where the machine has nothing else to do', async () => {
    const delays: number[] = [];
    for (let n = 0; n < 10; n += 1) {
      const name = `a${n.toString()}`;
      const began = performance.now();
      await save('f.yaml', yaml(name));
      await soon(() => { expect(changesOf(name)).toBe(1); });
      delays.push(performance.now() - began);
    }

    expect(Math.min(...delays)).toBeLessThan(100);
  });

  test('of every save, by rename or in place, in folders new and old', async () => {
    const saves: (() => Promise<void>)[] = [
      () => save('a.yaml', yaml('a', { n: 1 })),
      async () => { await save('.a.tmp', yaml('a', { n: 2 })); await rename(join(root, '.a.tmp'), join(root, 'a.yaml')); },
      () => save('a.yaml', yaml('a', { n: 3 })),
      async () => { await rename(join(root, 'a.yaml'), join(root, 'a.yaml~')); await save('a.yaml', yaml('a', { n: 4 })); },
      async () => { await rm(join(root, 'a.yaml')); await save('new/folder/a.yaml', yaml('a', { n: 5 })); },
      () => save('new/folder/a.yaml', yaml('a', { n: 6 })),
    ];
    for (const [at, act] of saves.entries()) {
      await act();
      await soon(async () => { expect(JSON.parse((await objectOf(routeKey('a'))).content.text)).toMatchObject({ spec: { n: at + 1 } }); });
      expect(changesOf('a')).toBe(at + 1);
    }
  });

  test('comes with a rescan where the file system tells nothing', async () => {
    await cluster.close();
    await open(false);
    await save('x/a.yaml', yaml('a'));
    await soon(() => { expect(changesOf('a')).toBe(1); });
    await rm(join(root, 'x'), { recursive: true });
    await soon(() => { expect(changesOf('a')).toBe(2); });
  });

  test('does not come for our own writes', async () => {
    await show(route('a', { n: 1 }));
    await show(route('a', { n: 2 }), await objectOf(routeKey('a')));
    await cluster.delete(routeKey('a'), await objectOf(routeKey('a')), never);
    await pause(200);

    expect(told).toEqual([]);
  });

  test('of what happened while nobody looked is left to the comparison', async () => {
    await save('a.yaml', yaml('a', { n: 1 }));
    const before = await appears('a');
    await reopen(() => save('a.yaml', yaml('a', { n: 2 })));

    const after = await objectOf(routeKey('a'));
    expect(after).toMatchObject({ uid: before.uid });
    expect(BigInt(after.resourceVersion)).toBeGreaterThan(BigInt(before.resourceVersion));
  });
});

describe('the federation object', () => {
  const manifest = (n: number): string => `apiVersion: novaedge.io/v1alpha1\nkind: NovaEdgeFederation\nmetadata: {name: f}\nspec: {n: ${n.toString()}}\nstatus: {old: true}\n`;

  test('is a file like any other, and is told apart from none and from an unreadable one', async () => {
    expect(await cluster.federation(never)).toEqual({ kind: 'gone', generation: 0 });
    await save('f.yaml', manifest(1));
    const first = await soon(async () => { const object = await cluster.federation(never); expect(object).toMatchObject({ kind: 'live', generation: 1 }); return object; });
    expect(JSON.parse((first as { manifest: string }).manifest)).toEqual({ apiVersion: 'novaedge.io/v1alpha1', kind: 'NovaEdgeFederation', metadata: { name: 'f' }, spec: { n: 1 } });

    await save('f.yaml', 'apiVersion: [');
    await soon(async () => { expect(await cluster.federation(never)).toMatchObject({ kind: 'unknown', reason: 'Unparsable' }); });
    await reopen();
    expect(await cluster.federation(never)).toMatchObject({ kind: 'unknown', reason: 'Unparsable' });
    await save('f.yaml', manifest(2));
    await soon(async () => { expect(await cluster.federation(never)).toMatchObject({ kind: 'live', generation: 2 }); });
    await save('g.yaml', manifest(3));
    await soon(async () => { expect(await cluster.federation(never)).toMatchObject({ kind: 'unknown', reason: 'Duplicate', message: expect.stringMatching(/f\.yaml:1 and g\.yaml:1/) }); });
    await rm(join(root, 'f.yaml'));
    await rm(join(root, 'g.yaml'));
    await soon(async () => { expect(await cluster.federation(never)).toMatchObject({ kind: 'gone' }); });
  });

  test('has its status beside it, with what is wrong in the folder and what was done', async () => {
    await save('f.yaml', manifest(1));
    await save('bad.yaml', 'x: [');
    await soon(() => { expect(cluster.problems()).toHaveLength(1); });
    await cluster.writeStatus('{"phase":"Healthy"}', never);
    cluster.event(routeKey('a'), 'Normal', 'SpokeReadOnly', 'put back');

    await soon(async () => {
      expect(JSON.parse(await textOf(STATUS_FILE))).toEqual({
        status: { phase: 'Healthy' },
        problems: [{ reason: 'Unparsable', message: expect.stringContaining('bad.yaml:') }],
        events: [{ time: expect.any(String), resource: 'ProxyRoute/default/a', reason: 'SpokeReadOnly', message: 'put back' }],
      });
    });
    expect(await textOf('f.yaml')).toBe(manifest(1));
  });
});
