import { expect, test } from 'vitest';
import { eventually, federatedPair, quiet, route, routeKey } from './federated-clusters.ts';

const OBJECTS = 120;
const names = Array.from({ length: OBJECTS }, (_, at) => `first-${at.toString().padStart(3, '0')}`);

const { west, east } = federatedPair();

/** Counts what a bridge asks of routes: by method, lists of all of them apart from the others. */
function counter(): { readonly counts: Map<string, number>; readonly onRequest: (method: string, url: URL) => void } {
  const counts = new Map<string, number>();
  const onRequest = (method: string, url: URL): void => {
    if (!/\/proxyroutes(\/|$)/.test(url.pathname) || url.searchParams.has('watch')) return;
    const what = method === 'GET' && url.searchParams.has('limit') ? 'LIST' : method;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  };
  return { counts, onRequest };
}

test('costs one request for each object that goes up, and two for each that comes down', async () => {
  await Promise.all([west.stopBridge(), east.stopBridge()]);
  await Promise.all(names.map((name) => west.installed.user.writes(route(name, { name }))));
  const [up, down] = [counter(), counter()];
  await west.startBridge({ onRequest: up.onRequest });
  await eventually(async () => { expect((await east.member.operator.get(routeKey(names.at(-1) ?? '')))).toBeDefined(); });
  await east.startBridge({ onRequest: down.onRequest });
  for (const name of names) await east.shows(routeKey(name), { name });
  await eventually(() => { expect(down.counts.get('PATCH')).toBe(OBJECTS); });
  // Their own writes come back from the watch, and from the region's log.
  await quiet();

  expect(Object.fromEntries(up.counts)).toEqual({ LIST: expect.any(Number), PATCH: OBJECTS });
  expect(Object.fromEntries(down.counts)).toEqual({ LIST: expect.any(Number), POST: OBJECTS, PATCH: OBJECTS });
});

test('an edit costs the cluster it is made in a dry run and the token, and the others the write and its ownership', async () => {
  const [, name = ''] = names;
  const [up, down] = [counter(), counter()];
  await Promise.all([west.stopBridge(), east.stopBridge()]);
  await Promise.all([west.startBridge({ onRequest: up.onRequest }), east.startBridge({ onRequest: down.onRequest })]);
  // One that was edited since the bridges began: what is known of others is taken from the first look.
  await west.kubectl('apply --server-side --force-conflicts -f -', route(name, { name: 'once' }));
  await east.shows(routeKey(name), { name: 'once' });
  await quiet();
  for (const { counts } of [up, down]) counts.clear();
  const asked = west.member.countOf('viewAt');
  await west.kubectl('apply --server-side --force-conflicts -f -', route(name, { name: 'twice' }));
  await east.shows(routeKey(name), { name: 'twice' });
  await quiet();

  expect(Object.fromEntries(up.counts)).toEqual({ PUT: 1, PATCH: 1 });
  expect(Object.fromEntries(down.counts)).toEqual({ PUT: 1, PATCH: 1 });
  // Nor is the region asked what the token stands for.
  expect(west.member.countOf('viewAt')).toBe(asked);
});

test('gives the ownership of what it made up, so that a user\'s apply meets no conflict', async () => {
  const [name = ''] = names;
  await east.kubectl('apply --server-side -f -', route(name, { name: 'edited' }));
  await west.shows(routeKey(name), { name: 'edited' });
});
