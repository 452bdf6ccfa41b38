import { expect, test } from 'vitest';
import type { JsonObject } from '../../shared/model/content.ts';
import { Relay } from '../../local/supervisor/relay.ts';
import { freePort } from '../../local/kubernetes/free-port.ts';
import type { Site } from './federated-clusters.ts';
import { eventually, federatedPair, quiet, route, routeKey } from './federated-clusters.ts';

/** What goes wrong between bridge and API server. Afterwards both clusters are equal and nothing that was acknowledged is lost. */
const { west, east } = federatedPair();

/** Every route of a cluster, by name. */
async function routesOf(site: Site): Promise<Readonly<Record<string, unknown>>> {
  const list = JSON.parse(await site.kubectl('get proxyroutes -o json')) as { items: (JsonObject & { metadata: { name: string } })[] };
  return Object.fromEntries(list.items.map(({ metadata, spec }) => [metadata.name, spec]));
}
async function equal(expected: Readonly<Record<string, unknown>>): Promise<void> {
  await eventually(async () => {
    expect(await routesOf(west)).toMatchObject(expected);
    expect(await routesOf(west)).toEqual(await routesOf(east));
  });
  expect(await east.member.operator.conflicts(true)).toEqual([]);
}

test('an API server that is killed and comes back', async () => {
  await west.kubectl('apply -f -', route('restart', { n: 1 }));
  await east.shows(routeKey('restart'), { n: 1 });
  await west.installed.cluster.kill();
  await east.kubectl('patch proxyroute restart --type=merge -p {"spec":{"n":2}}');
  await east.kubectl('apply -f -', route('meanwhile', { n: 1 }));
  await eventually(() => { expect(west.bridge.state().kind).toBe('unavailable'); });
  await west.installed.cluster.start();

  await equal({ restart: { n: 2 }, meanwhile: { n: 1 } });
  await west.kubectl('delete proxyroute meanwhile');
  await east.shows(routeKey('meanwhile'), undefined);
});

test('a store that was compacted while the API server was away: the watch cannot go on where it was', async () => {
  await quiet();
  await west.installed.cluster.kill();
  await west.installed.cluster.compact();
  await west.installed.cluster.start();
  await west.installed.user.writes(route('compacted', { n: 1 }));
  await west.installed.cluster.compact();

  await east.shows(routeKey('compacted'), { n: 1 });
  await equal({ compacted: { n: 1 } });
  expect(west.logger.has('events-lost')).toBe(true);
});

test('connections that are cut again and again, watches among them, while people go on', async () => {
  const port = await freePort();
  const relay = new Relay(west.installed.cluster.port);
  await relay.listen(port);
  await west.stopBridge();
  await west.startBridge({ server: `https://127.0.0.1:${port.toString()}` });
  const expected: Record<string, unknown> = {};
  for (let n = 0; n < 40; n += 1) {
    if (n % 4 === 0) relay.cut();
    if (n % 4 === 2) relay.heal();
    const site = n % 3 === 0 ? east : west;
    await site.installed.user.writes(route(`cut-${n.toString()}`, { n }));
    if (n % 5 === 4) await site.installed.user.deletes(routeKey(`cut-${n.toString()}`));
    else expected[`cut-${n.toString()}`] = { n };
  }
  relay.heal();

  await equal(expected);
  for (let n = 4; n < 40; n += 5) expect(await routesOf(west)).not.toHaveProperty(`cut-${n.toString()}`);
  await west.stopBridge();
  relay.close();
  await west.startBridge();
});

test('an API server that hangs for a while', async () => {
  west.installed.cluster.pause();
  await east.kubectl('apply -f -', route('hung', { n: 1 }));
  await quiet();
  west.installed.cluster.resume();

  await west.shows(routeKey('hung'), { n: 1 });
});

test('a rejection by admission is an exception, told by an Event, and holds up nothing else', async () => {
  await east.kubectl('apply -f -', {
    apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'small' },
    spec: { matchConstraints: { resourceRules: [{ apiGroups: ['novaedge.io'], apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources: ['proxyroutes'] }] }, validations: [{ expression: 'object.spec.n < 100', message: 'n is too large here' }] },
  });
  await east.kubectl('apply -f -', { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: 'small' }, spec: { policyName: 'small', validationActions: ['Deny'] } });
  // The server learns of a policy by a watch.
  await eventually(async () => { expect((await east.tryKubectl('create --dry-run=server -f -', route('probe', { n: 100 }))).code).toBe(1); });
  await west.kubectl('apply -f -', route('admitted', { n: 1 }));
  await east.shows(routeKey('admitted'), { n: 1 });
  await west.kubectl('apply -f -', route('admitted', { n: 100 }));
  await west.kubectl('apply -f -', route('other', { n: 1 }));
  await east.shows(routeKey('other'), { n: 1 });

  await eventually(async () => {
    expect((await east.member.operator.status()).exceptions).toEqual([expect.objectContaining({ key: routeKey('admitted'), message: expect.stringContaining('n is too large here') })]);
    expect(await east.kubectl('get events --field-selector involvedObject.name=admitted -o jsonpath={.items[*].message}')).toContain('n is too large here');
  });
  expect(await east.spec(routeKey('admitted'))).toEqual({ n: 1 });
  await east.kubectl('delete validatingadmissionpolicybinding small');
  await east.shows(routeKey('admitted'), { n: 100 });
});

test('force-reconcile compares everything', async () => {
  await quiet();
  const before = west.logger.lines.filter(({ event }) => event === 'compared').length;
  await west.kubectl('-n novaedge-system annotate novaedgefederation global novaedge.io/force-reconcile=1700000000');

  await eventually(() => { expect(west.logger.lines.filter(({ event }) => event === 'compared').length).toBeGreaterThan(before); });
});
