import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../shared/model/content.ts';
import { canonicalContent } from '../../shared/model/content.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import type { ClusterHarness } from './cluster-harness.ts';
import { contentOf, eventually, everything, keysOf, never, objectOf, PATIENCE, quiet, route, routeKey, specOf } from './cluster-harness.ts';
import type { Cluster, ClusterChange, ClusterObject } from './cluster-port.ts';
import { TestFederation } from './test-federation.ts';

/** What an adapter has to keep by itself, without a region. */
export function describePort(harness: () => ClusterHarness): void {
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

    test('goes by the marks that are to stay local, from when that is told on; a write leaves them as they are', async () => {
      const key = routeKey('api');
      const labels = { team: 'edge', tier: 'web', 'app.kubernetes.io/instance': 'helm' };
      await harness().userWrites(route('api', { n: 1 }, { labels }));
      const before = await eventually(() => objectOf(harness().cluster(), key), PATIENCE);
      await harness().cluster().keepLocal(['team', 'example.com/'], never);
      const after = await objectOf(harness().cluster(), key);
      const listed: string[] = [];
      for await (const page of (await harness().cluster().list(everything, never)).pages) listed.push(...page.map(({ hash }) => hash));

      expect(JSON.parse(before.content.text)).toMatchObject({ metadata: { labels: { team: 'edge', tier: 'web' } } });
      expect((JSON.parse(after.content.text) as JsonObject)['metadata']).toEqual({ labels: { tier: 'web', 'app.kubernetes.io/instance': 'helm' } });
      expect(listed).toEqual([after.content.hash]);

      const shown = canonicalContent({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { labels: { tier: 'api' } }, spec: { n: 2 } });
      expect(await harness().cluster().write({ key, content: shown.text, hash: shown.hash, token: 't', replaces: after }, never)).toMatchObject({ kind: 'ok' });
      expect((await harness().userReads(key))?.['metadata']).toMatchObject({ labels: { team: 'edge', tier: 'api' } });
      const marked = canonicalContent({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { labels: { team: 'theirs' } }, spec: { n: 3 } });
      expect(await harness().cluster().write({ key, content: marked.text, hash: marked.hash, token: 't', replaces: await objectOf(harness().cluster(), key) }, never)).toMatchObject({ kind: 'refused', reason: 'Invalid' });
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
