import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JsonObject } from '../../shared/model/content.ts';
import { canonicalContent, isObject } from '../../shared/model/content.ts';
import { federatedPart } from '../../shared/model/federated-part.ts';
import type { Filter } from '../../shared/model/federated-part.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { resourceKey } from '../../shared/model/resource-key.ts';
import { startBridge } from './bridge.ts';
import type { Bridge } from './bridge.ts';
import type { Cluster, ClusterChange, ClusterObject } from './cluster-port.ts';
import { RecordingLogger, realClock, realRandom, TestFederation } from './test-federation.ts';
import type { FederationSettings, TestMember } from './test-federation.ts';

/**
 * A cluster with its user's side, for the suite. What users do goes past the adapter, as kubectl or an editor would; each resolves
 * when it is done in the cluster, whether or not the adapter has noticed.
 */
export interface ClusterHarness {
  /** The adapter, as it is at present. */
  cluster(): Cluster;
  /** Applies a manifest: creates or replaces. */
  userWrites(manifest: JsonObject): Promise<void>;
  userDeletes(key: ResourceKey): Promise<void>;
  /** Exports an object, changes its name, and applies it: with every annotation it had. */
  userCopies(key: ResourceKey, name: string): Promise<void>;
  /** Exports an object with its token, where objects carry theirs; undefined where they do not. */
  readonly userExports?: (key: ResourceKey) => Promise<JsonObject>;
  /** Everything a user sees of an object; undefined when it is not there. */
  userReads(key: ResourceKey): Promise<JsonObject | undefined>;
  /** The adapter's process ends and starts again. */
  restart(): Promise<void>;
  /** While the adapter is stopped, the cluster is set up anew and empty, but for the federation object. */
  rebuildEmpty(): Promise<void>;
  /** While the adapter is stopped, the cluster goes back to what it was at `backUp`. */
  backUp(): Promise<void>;
  restoreBackup(): Promise<void>;
  /** The status people read. */
  status(): Promise<unknown>;
  close(): Promise<void>;
}

/** Kinds, names and namespaces of the suite; a harness installs definitions for these. */
export const SUITE_GROUP = 'novaedge.io';
export const SUITE_KINDS: readonly string[] = ['ProxyRoute', 'ProxyBackend', 'NovaEdgeFederation'];
export const SUITE_NAMESPACES: readonly string[] = ['default', 'shop', 'private', 'novaedge-system'];

const never = new AbortController().signal;
const everything: Filter = { resourceTypes: ['ProxyRoute', 'ProxyBackend'], excludeNamespaces: ['private'] };
const PATIENCE = { timeout: 8000, interval: 20 };
/** Long enough for anything that is going to happen to have happened. */
const QUIET_MS = 150;
const quiet = (): Promise<void> => realClock.sleep(QUIET_MS);
const eventually = vi.waitFor;

export const routeKey = (name: string, namespace = 'default'): ResourceKey => resourceKey({ group: SUITE_GROUP, kind: 'ProxyRoute', namespace, name });

export function route(name: string, spec: JsonObject = { hostnames: [`${name}.example.com`] }, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: `${SUITE_GROUP}/v1alpha1`, kind: 'ProxyRoute', metadata: { name, namespace: 'default', ...metadata }, spec };
}

/** What every cluster adapter has to keep (DESIGN §11). The region is the real one, in this process. */
export function describeCluster(name: string, makeHarness: () => Promise<ClusterHarness>, makeFederation: (settings: FederationSettings) => Promise<TestFederation> = (settings) => new TestFederation(['here', 'there'], settings).start()): void {
  describe(name, () => {
    let harness: ClusterHarness;
    beforeEach(async () => { harness = await makeHarness(); });
    afterEach(async () => { await harness.close(); });

    describePort(() => harness);
    describeWithRegion(() => harness, makeFederation);
  });
}

async function keysOf(cluster: Cluster, filter = everything): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const page of (await cluster.list(filter, never)).pages) keys.push(...page.map(({ key }) => key));
  return keys;
}

async function objectOf(cluster: Cluster, key: ResourceKey): Promise<ClusterObject> {
  const read = await cluster.read(key, never);
  if (read.kind !== 'live') throw new Error(`${key} is ${read.kind}`);
  return read.object;
}

const contentOf = (manifest: JsonObject): ReturnType<typeof canonicalContent> => federatedPart(manifest).content;
const specOf = (manifest: JsonObject | undefined): unknown => manifest?.['spec'];

function describePort(harness: () => ClusterHarness): void {
  const write = (key: ResourceKey, manifest: JsonObject, token: string, replaces: ClusterObject | undefined): ReturnType<Cluster['write']> => {
    const { text, hash } = contentOf(manifest);
    return harness().cluster().write({ key, content: text, hash, token, replaces }, never);
  };

  describe('identity', () => {
    test('is the same after a restart, with a lease that is newer', async () => {
      const before = await harness().cluster().identity(never);
      await harness().restart();
      const after = await harness().cluster().identity(never);

      expect(after.clusterId).toBe(before.clusterId);
      expect(after.leaseEpoch).toBeGreaterThanOrEqual(before.leaseEpoch);
    });

    test('of a cluster that was set up anew is another', async () => {
      const before = await harness().cluster().identity(never);
      await harness().rebuildEmpty();

      expect((await harness().cluster().identity(never)).clusterId).not.toBe(before.clusterId);
    });
  });

  describe('list', () => {
    test('has every object that passes the filter, in key order, and no other', async () => {
      for (const name of ['b', 'a-1', 'a', 'a.b']) await harness().userWrites(route(name));
      await harness().userWrites(route('x', {}, { namespace: 'private' }));
      await harness().userWrites({ ...route('svc'), kind: 'ProxyBackend' });

      await eventually(async () => {
        const keys = await keysOf(harness().cluster());
        expect(keys).toEqual([...keys].sort());
        expect(keys).toEqual(['novaedge.io/ProxyBackend/default/svc', ...['a', 'a-1', 'a.b', 'b'].map((route) => `novaedge.io/ProxyRoute/default/${route}`)]);
      }, PATIENCE);
    });

    test('says of each object what a read says, without its content', async () => {
      await harness().userWrites(route('api'));
      const key = routeKey('api');
      const object = await eventually(() => objectOf(harness().cluster(), key), PATIENCE);

      for await (const page of (await harness().cluster().list(everything, never)).pages) {
        expect(page).toEqual([{ key, uid: object.uid, resourceVersion: object.resourceVersion, hash: object.content.hash, token: undefined }]);
      }
    });

    test('has no objects that a controller made here', async () => {
      await harness().userWrites(route('owned', {}, { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: '5f0b1a52-0000-4000-8000-000000000000', controller: true }] }));
      await harness().userWrites(route('free'));

      await eventually(async () => { expect(await keysOf(harness().cluster())).toEqual([routeKey('free')]); }, PATIENCE);
      expect(await harness().cluster().read(routeKey('owned'), never)).toMatchObject({ kind: 'unknown', reason: 'OwnedLocally' });
    });
  });

  describe('read', () => {
    test('has the federated part only', async () => {
      const manifest = route('api', { a: 1 }, { labels: { team: 'edge', 'app.kubernetes.io/instance': 'helm' }, annotations: { 'argocd.argoproj.io/tracking-id': 'x' } });
      await harness().userWrites(manifest);

      const { content } = await eventually(() => objectOf(harness().cluster(), routeKey('api')), PATIENCE);
      expect(JSON.parse(content.text)).toEqual({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { labels: { team: 'edge' } }, spec: { a: 1 } });
    });

    test('says gone of what is not there', async () => {
      expect(await harness().cluster().read(routeKey('none'), never)).toMatchObject({ kind: 'gone' });
    });

    test('has a resource version that rises with every edit and with the deletion', async () => {
      const key = routeKey('api');
      const versions: bigint[] = [];
      for (const n of [1, 2, 3]) {
        await harness().userWrites(route('api', { n }));
        const object = await eventually(async () => {
          const read = await objectOf(harness().cluster(), key);
          expect(JSON.parse(read.content.text)).toMatchObject({ spec: { n } });
          return read;
        }, PATIENCE);
        versions.push(BigInt(object.resourceVersion));
      }
      await harness().userDeletes(key);
      const gone = await eventually(async () => {
        const read = await harness().cluster().read(key, never);
        if (read.kind !== 'gone') throw new Error(read.kind);
        return read;
      }, PATIENCE);
      versions.push(BigInt(gone.resourceVersion));

      expect(versions).toEqual([...new Set(versions)].sort((a, b) => (a < b ? -1 : 1)));
    });

    test('gives another uid to another object of the same name', async () => {
      const key = routeKey('api');
      await harness().userWrites(route('api'));
      const { uid } = await eventually(() => objectOf(harness().cluster(), key), PATIENCE);
      await harness().userDeletes(key);
      await eventually(async () => { expect(await harness().cluster().read(key, never)).toMatchObject({ kind: 'gone', uid }); }, PATIENCE);
      await harness().userWrites(route('api'));

      expect((await eventually(() => objectOf(harness().cluster(), key), PATIENCE)).uid).not.toBe(uid);
    });
  });

  describe('write', () => {
    test('creates what is read back with its hash and token', async () => {
      const key = routeKey('api');
      expect(await write(key, route('api', { a: [1, 'yes', null] }), 'token-1', undefined)).toEqual({ kind: 'ok' });

      const object = await objectOf(harness().cluster(), key);
      expect(object.content.hash).toBe(contentOf(route('api', { a: [1, 'yes', null] })).hash);
      expect(object.token).toBe('token-1');
      expect(specOf(await harness().userReads(key))).toEqual({ a: [1, 'yes', null] });
    });

    test('creates nothing where something is', async () => {
      await harness().userWrites(route('api', { mine: true }));
      await eventually(() => objectOf(harness().cluster(), routeKey('api')), PATIENCE);

      expect(await write(routeKey('api'), route('api', {}), 't', undefined)).toEqual({ kind: 'conflict' });
      expect(specOf(await harness().userReads(routeKey('api')))).toEqual({ mine: true });
    });

    test('replaces exactly the version that was read', async () => {
      const key = routeKey('api');
      await harness().userWrites(route('api', { n: 1 }));
      const first = await eventually(() => objectOf(harness().cluster(), key), PATIENCE);
      expect(await write(key, route('api', { n: 2 }), 'token-2', first)).toEqual({ kind: 'ok' });
      const second = await objectOf(harness().cluster(), key);

      expect(second).toMatchObject({ uid: first.uid, token: 'token-2' });
      expect(await write(key, route('api', { n: 3 }), 'token-3', first)).toEqual({ kind: 'conflict' });
      expect(specOf(await harness().userReads(key))).toEqual({ n: 2 });
    });

    test('never replaces an edit that came after the read', async () => {
      const key = routeKey('api');
      await harness().userWrites(route('api', { n: 1 }));
      const object = await eventually(() => objectOf(harness().cluster(), key), PATIENCE);
      await harness().userWrites(route('api', { n: 'mine' }));

      expect(await write(key, route('api', { n: 2 }), 't', object)).toEqual({ kind: 'conflict' });
      expect(specOf(await harness().userReads(key))).toEqual({ n: 'mine' });
    });

    test('leaves what is local where it is: status and the marks of tools', async () => {
      const key = routeKey('api');
      await harness().userWrites(route('api', { n: 1 }, { labels: { 'app.kubernetes.io/instance': 'release', old: 'x' } }));
      const object = await eventually(() => objectOf(harness().cluster(), key), PATIENCE);
      expect(await write(key, route('api', { n: 2 }, { labels: { fresh: 'y' } }), 't', object)).toEqual({ kind: 'ok' });

      expect(await harness().userReads(key)).toMatchObject({ spec: { n: 2 }, metadata: { name: 'api', labels: { 'app.kubernetes.io/instance': 'release', fresh: 'y' } } });
      expect((await harness().userReads(key))?.['metadata']).not.toHaveProperty('labels.old');
    });

    test('refuses what would not be read back as it came', async () => {
      const { text, hash } = canonicalContent({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { annotations: { 'argocd.argoproj.io/tracking-id': 'theirs' } }, spec: {} });

      expect(await harness().cluster().write({ key: routeKey('api'), content: text, hash, token: 't', replaces: undefined }, never)).toMatchObject({ kind: 'refused' });
      expect(await harness().userReads(routeKey('api'))).toBeUndefined();
    });

    test('of a token alone changes nothing people see', async () => {
      const key = routeKey('api');
      await harness().userWrites(route('api', { n: 1 }));
      const object = await eventually(() => objectOf(harness().cluster(), key), PATIENCE);
      expect(await harness().cluster().writeToken(key, 'token-1', object, never)).toEqual({ kind: 'ok' });

      expect(await objectOf(harness().cluster(), key)).toMatchObject({ token: 'token-1', content: object.content, uid: object.uid });
      expect(specOf(await harness().userReads(key))).toEqual({ n: 1 });
      expect(await harness().cluster().writeToken(key, 'token-2', { uid: object.uid, resourceVersion: '0' }, never)).toEqual({ kind: 'conflict' });
    });

    test('survives a restart, token and all', async () => {
      await write(routeKey('api'), route('api', { n: 1 }), 'token-1', undefined);
      const before = await objectOf(harness().cluster(), routeKey('api'));
      await harness().restart();

      expect(await objectOf(harness().cluster(), routeKey('api'))).toMatchObject({ uid: before.uid, token: 'token-1', content: before.content });
    });
  });

  describe('delete', () => {
    test('removes exactly the version that was read', async () => {
      const key = routeKey('api');
      await write(key, route('api', { n: 1 }), 't', undefined);
      const object = await objectOf(harness().cluster(), key);

      expect(await harness().cluster().delete(key, { ...object, resourceVersion: '0' }, never)).toEqual({ kind: 'conflict' });
      expect(await harness().cluster().delete(key, object, never)).toEqual({ kind: 'ok' });
      expect(await harness().userReads(key)).toBeUndefined();
      expect(await harness().cluster().delete(key, object, never)).toEqual({ kind: 'ok' });
    });

    test('never removes an edit that came after the read', async () => {
      const key = routeKey('api');
      await harness().userWrites(route('api', { n: 1 }));
      const object = await eventually(() => objectOf(harness().cluster(), key), PATIENCE);
      await harness().userWrites(route('api', { n: 'mine' }));

      expect(await harness().cluster().delete(key, object, never)).toEqual({ kind: 'conflict' });
      expect(specOf(await harness().userReads(key))).toEqual({ n: 'mine' });
    });
  });

  describe('watch', () => {
    test('tells of what users create, edit and delete', async () => {
      const told: ClusterChange[] = [];
      await harness().cluster().watch((change) => told.push(change), never);
      const toldOf = (key: ResourceKey): number => told.filter((change) => change.kind === 'changed' && change.keys.includes(key)).length;
      const key = routeKey('api');

      for (const act of [() => harness().userWrites(route('api', { n: 1 })), () => harness().userWrites(route('api', { n: 2 })), () => harness().userDeletes(key)]) {
        const before = toldOf(key);
        await act();
        await eventually(() => { expect(toldOf(key)).toBeGreaterThan(before); }, PATIENCE);
        await quiet();
      }
    });

    test('tells of the federation object, which is no object of the federation', async () => {
      const told: ClusterChange[] = [];
      await harness().cluster().watch((change) => told.push(change), never);
      const manifest = new TestFederation(['here', 'there']).member('here').manifest();
      await harness().userWrites(manifest);
      await eventually(() => { expect(told).toContainEqual({ kind: 'federation' }); }, PATIENCE);
      const first = await harness().cluster().federation(never);

      expect(first).toMatchObject({ kind: 'live', schemaGaps: [] });
      expect(JSON.parse((first as { manifest: string }).manifest)).toMatchObject({ kind: 'NovaEdgeFederation', spec: manifest['spec'] });
      expect(await keysOf(harness().cluster())).toEqual([]);

      told.length = 0;
      await harness().userWrites({ ...manifest, spec: { ...(manifest['spec'] as JsonObject), paused: true } });
      await eventually(() => { expect(told).toContainEqual({ kind: 'federation' }); }, PATIENCE);
      const second = await harness().cluster().federation(never);
      expect((second as { generation: number }).generation).toBeGreaterThan((first as { generation: number }).generation);
    });
  });
}

function describeWithRegion(harness: () => ClusterHarness, makeFederation: (settings: FederationSettings) => Promise<TestFederation>): void {
  describe('with its region', () => {
    let federation: TestFederation;
    let here: TestMember;
    let there: TestMember;
    let bridge: Bridge | undefined;
    let logger: RecordingLogger;

    async function open(settings: FederationSettings = {}): Promise<void> {
      federation = await makeFederation(settings);
      here = federation.member('here');
      there = federation.member('there');
      await there.configure();
    }
    async function follow(spec: JsonObject = {}): Promise<void> {
      await harness().userWrites(here.manifest(spec));
      await eventually(async () => { expect((await harness().cluster().federation(never)).kind).toBe('live'); }, PATIENCE);
      await startAgain();
    }
    async function startAgain(): Promise<void> {
      logger = new RecordingLogger();
      bridge = startBridge({ cluster: harness().cluster(), region: here.region, clock: realClock, random: realRandom, logger, version: 'test' });
      await eventually(() => { expect(bridge?.state().kind).toBe('following'); }, PATIENCE);
    }
    async function stop(): Promise<void> {
      await bridge?.stop();
      bridge = undefined;
    }
    afterEach(stop);

    const seenThere = async (key: ResourceKey): Promise<unknown> => {
      const found = await there.operator.get(key);
      return found === undefined ? undefined : (JSON.parse(found.manifest) as JsonObject)['spec'];
    };
    const writeThere = async (manifest: JsonObject): Promise<void> => { await there.operator.apply(JSON.stringify(manifest), crypto.randomUUID()); };
    const deleteThere = async (key: ResourceKey): Promise<void> => { await there.operator.delete(key, crypto.randomUUID()); };
    const seenHere = async (key: ResourceKey): Promise<unknown> => specOf(await harness().userReads(key));
    const key = routeKey('api');

    /** What is here came to be there. */
    async function share(spec: JsonObject): Promise<void> {
      await harness().userWrites(route('api', spec));
      await eventually(async () => { expect(await seenThere(key)).toEqual(spec); }, PATIENCE);
    }

    test('a new object, an edit and a deletion go out', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await share({ n: 2 });
      await harness().userDeletes(key);

      await eventually(async () => { expect(await seenThere(key)).toBeUndefined(); }, PATIENCE);
    });

    test('a new object, an edit and a deletion come in', async () => {
      await open();
      await follow();
      await writeThere(route('api', { n: 1 }));
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 1 }); }, PATIENCE);
      await writeThere(route('api', { n: 2 }));
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 2 }); }, PATIENCE);
      await deleteThere(key);
      await eventually(async () => { expect(await harness().userReads(key)).toBeUndefined(); }, PATIENCE);
    });

    test('a cluster is one writer: edits in quick succession are no conflict', async () => {
      await open();
      await follow();
      for (let n = 1; n <= 10; n += 1) {
        await harness().userWrites(route('api', { n }));
        await realClock.sleep(n * 7);
      }

      await eventually(async () => { expect(await seenThere(key)).toEqual({ n: 10 }); }, PATIENCE);
      expect(await there.operator.conflicts(true)).toEqual([]);
      expect(await here.operator.conflicts(true)).toEqual([]);
    });

    test('what was shown is no edit: nothing is written back, now or after a restart', async () => {
      await open();
      await follow();
      await writeThere(route('api', { n: 1 }));
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 1 }); }, PATIENCE);
      await quiet();
      expect(await here.head()).toBe(0);

      await stop();
      await harness().restart();
      await startAgain();
      await quiet();
      expect(await here.head()).toBe(0);
    });

    test('a token is renewed after a commit: comparing again finds nothing to do', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await quiet();
      const head = await here.head();
      await stop();
      await harness().restart();
      here.calls.length = 0;
      await startAgain();
      await quiet();

      expect(here.countOf('commit')).toBe(0);
      expect(await here.head()).toBe(head);
    });

    test('a copy under another name is a resource of its own', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await harness().userCopies(key, 'copy');
      await eventually(async () => { expect(await seenThere(routeKey('copy'))).toEqual({ n: 1 }); }, PATIENCE);
      await harness().userDeletes(routeKey('copy'));
      await eventually(async () => { expect(await seenThere(routeKey('copy'))).toBeUndefined(); }, PATIENCE);

      expect(await seenThere(key)).toEqual({ n: 1 });
      expect(await there.operator.conflicts(true)).toEqual([]);
    });

    test('an old export put back is written with what its author knew: a conflict with what came since', async () => {
      const { userExports } = harness();
      if (userExports === undefined) return;
      await open();
      await follow();
      await share({ n: 1 });
      await quiet();
      const old = await userExports(key);
      await writeThere(route('api', { n: 2 }));
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 2 }); }, PATIENCE);
      await harness().userWrites(old);

      await eventually(async () => { expect(await there.operator.conflicts(true)).toHaveLength(1); }, PATIENCE);
    });

    test('an edit made while the bridge was away goes out, and one made elsewhere comes in', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await quiet();
      await stop();
      await harness().userWrites(route('api', { n: 2 }));
      await writeThere(route('other', { n: 1 }));
      await harness().restart();
      await startAgain();

      await eventually(async () => {
        expect(await seenThere(key)).toEqual({ n: 2 });
        expect(await seenHere(routeKey('other'))).toEqual({ n: 1 });
      }, PATIENCE);
      expect(await there.operator.conflicts(true)).toEqual([]);
    });

    test('absence is a delete where the object was shown: deleted while the bridge was away', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await writeThere(route('theirs', { n: 1 }));
      await eventually(async () => { expect(await seenHere(routeKey('theirs'))).toEqual({ n: 1 }); }, PATIENCE);
      await quiet();
      await stop();
      await harness().userDeletes(key);
      await harness().userDeletes(routeKey('theirs'));
      await harness().restart();
      await startAgain();

      await eventually(async () => {
        expect(await seenThere(key)).toBeUndefined();
        expect(await seenThere(routeKey('theirs'))).toBeUndefined();
      }, PATIENCE);
    });

    test('absence is none where the object was never shown: it is applied', async () => {
      await open();
      await follow();
      await stop();
      await writeThere(route('api', { n: 1 }));
      await startAgain();

      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 1 }); }, PATIENCE);
      expect(await seenThere(key)).toEqual({ n: 1 });
    });

    test('dirty before apply: an edit is never overwritten unsent, but becomes a version of its own', async () => {
      await open({ strategy: 'Manual' });
      await follow();
      await share({ n: 1 });
      await quiet();
      await stop();
      await harness().userWrites(route('api', { n: 'mine' }));
      await writeThere(route('api', { n: 'theirs' }));
      await startAgain();

      await eventually(async () => { expect(await there.operator.conflicts(false)).toHaveLength(1); }, PATIENCE);
      const conflict = await there.operator.conflict(key);
      expect(conflict?.versions.map(({ manifest }) => (JSON.parse(manifest ?? '{}') as JsonObject)['spec'])).toEqual(expect.arrayContaining([{ n: 'mine' }, { n: 'theirs' }]));
      expect(await seenHere(key)).toEqual({ n: 'mine' });
    });

    test('dirty before apply: with the last writer winning, both sides end the same', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await quiet();
      await stop();
      await harness().userWrites(route('api', { n: 'mine' }));
      await writeThere(route('api', { n: 'theirs' }));
      await startAgain();

      await eventually(async () => {
        expect(await there.operator.conflicts(true)).toHaveLength(1);
        expect(await seenHere(key)).toEqual(await seenThere(key));
      }, PATIENCE);
    });

    test('a deletion of our own is no deletion of the user\'s', async () => {
      await open();
      await follow();
      await writeThere(route('api', { n: 1 }));
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 1 }); }, PATIENCE);
      await deleteThere(key);
      await eventually(async () => { expect(await harness().userReads(key)).toBeUndefined(); }, PATIENCE);
      await quiet();

      expect(await here.head()).toBe(0);
      await writeThere(route('api', { n: 2 }));
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 2 }); }, PATIENCE);
    });

    test('an edit against a deletion elsewhere is a conflict, and the object stays', async () => {
      await open({ strategy: 'Merge' });
      await follow();
      await share({ n: 1 });
      await quiet();
      await stop();
      await harness().userWrites(route('api', { n: 'mine' }));
      await deleteThere(key);
      await startAgain();

      await eventually(async () => { expect(await seenThere(key)).toEqual({ n: 'mine' }); }, PATIENCE);
      expect(await seenHere(key)).toEqual({ n: 'mine' });
    });

    test('first contact: equal content is adopted, different content loses and is listed, nothing is deleted', async () => {
      await open();
      await writeThere(route('equal', { n: 1 }));
      await writeThere(route('differs', { n: 'theirs' }));
      await writeThere(route('only-there', { n: 1 }));
      await harness().userWrites(route('equal', { n: 1 }));
      await harness().userWrites(route('differs', { n: 'mine' }));
      await harness().userWrites(route('only-here', { n: 1 }));
      await follow();

      await eventually(async () => {
        expect(await seenThere(routeKey('only-here'))).toEqual({ n: 1 });
        expect(await seenHere(routeKey('only-there'))).toEqual({ n: 1 });
        expect(await seenHere(routeKey('differs'))).toEqual({ n: 'theirs' });
      }, PATIENCE);
      expect((await there.operator.conflicts(true)).map((conflict) => conflict.key)).toEqual([routeKey('differs')]);
      expect(await seenHere(routeKey('equal'))).toEqual({ n: 1 });
    });

    test('first contact on a row of deletes only: the newcomer\'s object is there again', async () => {
      await open();
      await writeThere(route('api', { n: 1 }));
      await deleteThere(key);
      await harness().userWrites(route('api', { n: 2 }));
      await follow();

      await eventually(async () => { expect(await seenThere(key)).toEqual({ n: 2 }); }, PATIENCE);
      expect(await seenHere(key)).toEqual({ n: 2 });
    });

    test('a cluster set up anew and empty gets everything back; nothing is deleted elsewhere', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await quiet();
      await stop();
      await harness().rebuildEmpty();
      await follow();

      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 1 }); }, PATIENCE);
      expect(await seenThere(key)).toEqual({ n: 1 });
    });

    test('a cluster restored from a backup deletes nothing and overwrites nothing that is newer', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await quiet();
      await stop();
      await harness().backUp();
      await harness().restart();
      await startAgain();
      await share({ n: 2 });
      await harness().userWrites(route('later', { n: 1 }));
      await eventually(async () => { expect(await seenThere(routeKey('later'))).toEqual({ n: 1 }); }, PATIENCE);
      await quiet();
      await stop();
      await harness().restoreBackup();
      await startAgain();

      await eventually(async () => {
        expect(await seenHere(key)).toEqual({ n: 2 });
        expect(await seenHere(routeKey('later'))).toEqual({ n: 1 });
      }, PATIENCE);
      expect(await seenThere(key)).toEqual({ n: 2 });
    });

    test('what the filter keeps out stays; what it lets in later is a first contact', async () => {
      await open();
      await writeThere(route('secret', { n: 'theirs' }, { namespace: 'shop' }));
      await harness().userWrites(route('secret', { n: 'mine' }, { namespace: 'shop' }));
      await harness().userWrites(route('mine', { n: 1 }, { namespace: 'shop' }));
      await follow({ sync: { excludeNamespaces: ['shop'] } });
      await share({ n: 1 });
      await quiet();
      expect(await seenThere(routeKey('mine', 'shop'))).toBeUndefined();
      expect(await seenHere(routeKey('secret', 'shop'))).toEqual({ n: 'mine' });

      await harness().userWrites(here.manifest());
      await eventually(async () => {
        expect(await seenThere(routeKey('mine', 'shop'))).toEqual({ n: 1 });
        expect(await seenHere(routeKey('secret', 'shop'))).toEqual({ n: 'theirs' });
      }, PATIENCE);
    });

    test('while paused nothing moves; afterwards everything does', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await harness().userWrites(here.manifest({ paused: true }));
      await eventually(() => { expect(bridge?.state()).toEqual({ kind: 'idle', why: 'paused' }); }, PATIENCE);
      await harness().userWrites(route('api', { n: 2 }));
      await writeThere(route('theirs', { n: 1 }));
      await quiet();
      expect(await seenThere(key)).toEqual({ n: 1 });
      expect(await harness().userReads(routeKey('theirs'))).toBeUndefined();

      await harness().userWrites(here.manifest());
      await eventually(async () => {
        expect(await seenThere(key)).toEqual({ n: 2 });
        expect(await seenHere(routeKey('theirs'))).toEqual({ n: 1 });
      }, PATIENCE);
    });

    test('while the region is not reachable people go on; afterwards nothing was lost', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      here.isDown = true;
      await harness().userWrites(route('api', { n: 2 }));
      await harness().userWrites(route('new', { n: 1 }));
      await writeThere(route('theirs', { n: 1 }));
      await eventually(() => { expect(bridge?.state().kind).toBe('unavailable'); }, PATIENCE);
      here.isDown = false;

      await eventually(async () => {
        expect(await seenThere(key)).toEqual({ n: 2 });
        expect(await seenThere(routeKey('new'))).toEqual({ n: 1 });
        expect(await seenHere(routeKey('theirs'))).toEqual({ n: 1 });
      }, PATIENCE);
      await eventually(() => { expect(bridge?.exceptions()).toBe(0); }, PATIENCE);
    });

    test('in hub-spoke a spoke\'s edits are put back with an event, and what only it has is left alone', async () => {
      await open({ mode: 'hub-spoke', hub: 'there' });
      await writeThere(route('api', { n: 'hub' }));
      await harness().userWrites(route('own', { n: 1 }));
      await follow();
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 'hub' }); }, PATIENCE);
      await quiet();
      await harness().userWrites(route('api', { n: 'spoke' }));
      await eventually(() => { expect(logger.lines).toContainEqual(expect.objectContaining({ event: 'resource-replaced' })); }, PATIENCE);
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 'hub' }); }, PATIENCE);
      await harness().userDeletes(key);
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 'hub' }); }, PATIENCE);
      await quiet();

      expect(await seenHere(routeKey('own'))).toEqual({ n: 1 });
      expect(await seenThere(routeKey('own'))).toBeUndefined();
      expect(bridge?.exceptions()).toBe(0);
    });

    test('the status comes to the cluster, without changing the federation object', async () => {
      await open();
      await follow();
      await eventually(async () => { expect(isObject(await harness().status())).toBe(true); }, PATIENCE);
      await quiet();

      expect(await harness().status()).toHaveProperty('phase');
      expect(logger.lines.filter(({ event }) => event === 'federation-agreed')).toHaveLength(1);
    });

    test('many objects go out and come in', async () => {
      await open();
      await follow();
      const names = Array.from({ length: 150 }, (_, at) => `bulk-${at.toString()}`);
      await Promise.all(names.map((name) => harness().userWrites(route(name, { name }))));
      for (const name of names) await writeThere(route(`from-there-${name}`, { name }));

      await eventually(async () => {
        for (const name of names) expect(await seenThere(routeKey(name))).toEqual({ name });
        for (const name of names) expect(await seenHere(routeKey(`from-there-${name}`))).toEqual({ name });
      }, { timeout: 20_000, interval: 100 });
      expect(await there.operator.conflicts(true)).toEqual([]);
    }, 30_000);
  });
}
