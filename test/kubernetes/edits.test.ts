import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../shared/model/content.ts';
import { TOKEN_ANNOTATION } from '../../shared/model/federated-part.ts';
import { annotationsOf, metadataOf } from '../../cluster/kubernetes/object.ts';
import { PATIENCE, federatedPair, quiet, route, routeKey } from './federated-clusters.ts';

/** Two real clusters, and what a person does with kubectl in one of them. */
const { west, east } = federatedPair({ cluster: { controllers: true } });

const conflicts = async (): Promise<readonly string[]> => (await east.member.operator.conflicts(true)).map(({ key }) => key);
const headOf = async (): Promise<number> => (await west.member.head()) + (await east.member.head());

/** An object that both have. */
async function shared(name: string, spec: JsonObject = { n: 1 }): Promise<ReturnType<typeof routeKey>> {
  const key = routeKey(name);
  await west.kubectl('apply -f -', route(name, spec));
  await east.shows(key, spec);
  return key;
}

describe('kubectl', () => {
  test('apply in one cluster, the same in the other: labels and annotations too, status and marks of tools not', async () => {
    const metadata = { labels: { team: 'edge', 'app.kubernetes.io/instance': 'west' }, annotations: { note: 'hello', 'argocd.argoproj.io/tracking-id': 'x' } };
    await west.kubectl('apply -f -', route('apply', { hostnames: ['a.example.com'], rules: [{ weight: 1 }] }, metadata));
    const key = routeKey('apply');
    await east.shows(key, { hostnames: ['a.example.com'], rules: [{ weight: 1 }] });

    const there = await east.read(key);
    expect(there).toMatchObject({ metadata: { labels: { team: 'edge' } } });
    expect(Object.keys(annotationsOf(there ?? {})).sort()).toEqual([TOKEN_ANNOTATION, 'note'].sort());
    expect(metadataOf(there ?? {})['labels']).toEqual({ team: 'edge' });
  });

  test('apply, again and again, on either side: no conflict, and what the last one removed is gone', async () => {
    const key = await shared('again', { a: 1, b: { c: 1, d: 2 } });
    await west.kubectl('apply -f -', route('again', { a: 2, b: { d: 2 } }));
    await east.shows(key, { a: 2, b: { d: 2 } });
    await east.kubectl('apply -f -', route('again', { b: { d: 3 } }));
    // Nobody applied there before, so kubectl knows of nothing to remove.
    await west.shows(key, { a: 2, b: { d: 3 } });
    await east.kubectl('apply -f -', route('again', { b: { d: 3 }, e: [1] }));
    await west.shows(key, { a: 2, b: { d: 3 }, e: [1] });
    await east.kubectl('apply -f -', route('again', { b: { d: 3 } }));
    await west.shows(key, { a: 2, b: { d: 3 } });

    expect(await conflicts()).toEqual([]);
  });

  test('patch, annotate, label, edit: each goes over', async () => {
    const key = await shared('patched', { list: [1, 2, 3], keep: 'x' });
    await east.kubectl('patch proxyroute patched --type=json -p [{"op":"remove","path":"/spec/list/1"}]');
    await west.shows(key, { list: [1, 3], keep: 'x' });
    await west.kubectl('label proxyroute patched tier=web');
    await west.kubectl('annotate proxyroute patched note=yes');
    await expect.poll(async () => (await east.read(key))?.['metadata'], PATIENCE).toMatchObject({ labels: { tier: 'web' }, annotations: { note: 'yes' } });
    await west.kubectl('label proxyroute patched tier-');
    await expect.poll(async () => metadataOf((await east.read(key)) ?? {})['labels'], PATIENCE).toBeUndefined();

    expect(await conflicts()).toEqual([]);
  });

  test('replace of a plain manifest is a version of who knew what was shown: no conflict', async () => {
    const key = await shared('replaced', { n: 1, gone: true });
    await quiet();
    await west.kubectl('replace -f -', route('replaced', { n: 2 }));
    await east.shows(key, { n: 2 });

    expect(await conflicts()).toEqual([]);
  });

  test('replace of an old export conflicts with what came since, and both sides show the same', async () => {
    const key = await shared('exported');
    await quiet();
    const { metadata, ...rest } = JSON.parse(await west.kubectl('get proxyroute exported -o json')) as { metadata: JsonObject };
    const { resourceVersion: _version, uid: _uid, ...kept } = metadata;
    await east.kubectl('patch proxyroute exported --type=merge -p {"spec":{"n":2}}');
    await west.shows(key, { n: 2 });
    await quiet();
    await west.kubectl('replace -f -', { ...rest, metadata: kept });

    await expect.poll(conflicts, PATIENCE).toEqual([key]);
    await expect.poll(async () => [await west.spec(key), await east.spec(key)], PATIENCE).toEqual([{ n: 1 }, { n: 1 }]);
    await west.kubectl('apply -f -', route('exported', { n: 3 }));
    await east.shows(key, { n: 3 });
  });

  test('server-side apply of a field that came from elsewhere meets no conflict, in either cluster', async () => {
    const key = routeKey('server-side');
    await west.kubectl('apply --server-side --field-manager=ann -f -', route('server-side', { a: 1, b: 1 }));
    await east.shows(key, { a: 1, b: 1 });
    await quiet();
    await east.kubectl('apply --server-side --field-manager=bob -f -', route('server-side', { a: 2 }));
    await west.shows(key, { a: 2, b: 1 });
    await quiet();
    await west.kubectl('apply --server-side --field-manager=ann -f -', route('server-side', { a: 3, b: 1 }));
    await east.shows(key, { a: 3, b: 1 });

    const managers = (JSON.parse(await east.kubectl('get proxyroute server-side -o json --show-managed-fields')) as { metadata: { managedFields: { manager: string; fieldsV1: JsonObject }[] } }).metadata.managedFields;
    const ours = managers.find(({ manager }) => manager === 'novaedge-bridge');
    await expect.poll(() => ours?.fieldsV1, PATIENCE).toEqual({ 'f:metadata': { 'f:annotations': { [`f:${TOKEN_ANNOTATION}`]: {} } } });
    expect(await conflicts()).not.toContain(key);
  });

  test('delete, and delete --cascade=orphan', async () => {
    const keys = [await shared('deleted'), await shared('orphaned')] as const;
    await quiet();
    await east.kubectl('delete proxyroute deleted');
    await west.shows(keys[0], undefined);
    await west.kubectl('delete proxyroute orphaned --cascade=orphan');
    await east.shows(keys[1], undefined);
    await quiet();

    expect([await west.spec(keys[1]), await east.spec(keys[0])]).toEqual([undefined, undefined]);
  });

  test('a copy under another name, token and all, is an object of its own', async () => {
    const key = await shared('original');
    await quiet();
    await west.installed.user.copies(key, 'copied');
    await east.shows(routeKey('copied'), { n: 1 });
    await west.kubectl('delete proxyroute copied');
    await east.shows(routeKey('copied'), undefined);

    expect(await east.spec(key)).toEqual({ n: 1 });
  });

  test('twenty edits in quick succession end in the last, without a conflict', async () => {
    const key = await shared('busy', { n: 0 });
    const before = await conflicts();
    for (let n = 1; n <= 20; n += 1) await west.installed.user.writes(route('busy', { n }));
    await east.shows(key, { n: 20 });

    expect(await conflicts()).toEqual(before);
  });
});

describe('what nobody did is not told', () => {
  test('one edit is one commit, and nothing comes back', async () => {
    await shared('quiet');
    await quiet();
    const before = await headOf();
    await west.kubectl('apply -f -', route('quiet', { n: 2 }));
    await east.shows(routeKey('quiet'), { n: 2 });
    await quiet();

    expect(await headOf() - before).toBe(1);
  });

  test('a status that a controller writes stays in its cluster', async () => {
    const key = await shared('with-status');
    await quiet();
    const before = await headOf();
    await west.kubectl('patch proxyroute with-status --subresource=status --type=merge -p {"status":{"ready":true}}');
    await quiet();

    expect(await headOf()).toBe(before);
    expect(await west.read(key)).toMatchObject({ status: { ready: true } });
    await east.kubectl('patch proxyroute with-status --type=merge -p {"spec":{"n":5}}');
    await west.shows(key, { n: 5 });
    expect(await west.read(key)).toMatchObject({ status: { ready: true } });
  });

  test('bridges that start anew find nothing to do', async () => {
    await quiet();
    const before = await headOf();
    await Promise.all([west.stopBridge(), east.stopBridge()]);
    await Promise.all([west.startBridge(), east.startBridge()]);
    await quiet();

    expect(await headOf()).toBe(before);
    expect([west, east].map(({ bridge }) => bridge.exceptions())).toEqual([0, 0]);
  });
});
