import { expect, test } from 'vitest';
import type { JsonObject } from '../../shared/model/content.ts';
import { FEDERATION_SPEC_FIELDS } from '../../shared/model/federation-manifest.ts';
import { permissiveDefinition } from './permissive-definitions.ts';
import { eventually, federatedPair, quiet, route, routeKey } from './federated-clusters.ts';

/** Definitions of one kind that differ: another default, and a field that the east does not know. */
const routeDefinition = (fields: JsonObject): JsonObject => permissiveDefinition('ProxyRoute', { type: 'object', properties: { host: { type: 'string' }, ...fields } });
const others = ['ProxyBackend', 'NovaEdgeFederation'].map((kind) => permissiveDefinition(kind));
const westFields = { weight: { type: 'integer', default: 1 }, extra: { type: 'string' }, rules: { type: 'array', items: { type: 'object', properties: { path: { type: 'string' }, note: { type: 'string' } } } } };
const eastFields = { weight: { type: 'integer', default: 5 }, rules: { type: 'array', items: { type: 'object', properties: { path: { type: 'string' } } } } };

const { west, east } = federatedPair({ definitions: [routeDefinition(westFields), ...others] }, { definitions: [routeDefinition(eastFields), ...others] });

const headOf = async (): Promise<number> => (await west.member.head()) + (await east.member.head());

test('a default is filled in once, by the cluster where the object was made, and is no edit in the other', async () => {
  const before = await headOf();
  await west.kubectl('apply -f -', route('from-west', { host: 'a' }));
  await east.kubectl('apply -f -', route('from-east', { host: 'b' }));
  await east.shows(routeKey('from-west'), { host: 'a', weight: 1 });
  await west.shows(routeKey('from-east'), { host: 'b', weight: 5 });
  await quiet();

  expect(await headOf() - before).toBe(2);
});

test('a field that this cluster cannot hold survives in the others, also when somebody edits the object here', async () => {
  const key = routeKey('pruned');
  const before = await headOf();
  await west.kubectl('apply -f -', route('pruned', { host: 'a', extra: 'x', rules: [{ path: '/a', note: 'one' }, { path: '/b', note: 'two' }] }));
  await east.shows(key, { host: 'a', weight: 1, rules: [{ path: '/a' }, { path: '/b' }] });
  await quiet();
  expect(await headOf() - before).toBe(1);

  await east.kubectl('patch proxyroute pruned --type=merge -p {"spec":{"host":"b"}}');
  await west.shows(key, { host: 'b', weight: 1, extra: 'x', rules: [{ path: '/a', note: 'one' }, { path: '/b', note: 'two' }] });
  await east.kubectl('patch proxyroute pruned --type=merge -p {"spec":{"rules":[{"path":"/b"}]}}');
  await west.shows(key, { host: 'b', weight: 1, extra: 'x', rules: [{ path: '/b', note: 'two' }] });
  await quiet();

  expect(await headOf() - before).toBe(3);
  expect(await east.member.operator.conflicts(true)).toEqual([]);
});

test('bridges that start anew send none of it back', async () => {
  const before = await headOf();
  await Promise.all([west.stopBridge(), east.stopBridge()]);
  await Promise.all([west.startBridge(), east.startBridge()]);
  await quiet();

  expect(await headOf()).toBe(before);
  expect([west, east].map(({ bridge }) => bridge.exceptions())).toEqual([0, 0]);
});

test('a new default of an upgraded definition is no edit: nothing is committed, and the next edit does not carry it', async () => {
  const key = routeKey('upgraded');
  await west.kubectl('apply -f -', route('upgraded', { host: 'a', weight: 3 }));
  await east.shows(key, { host: 'a', weight: 3 });
  await quiet();
  const before = await headOf();
  await west.kubectl('apply -f -', routeDefinition({ ...westFields, timeout: { type: 'string', default: '30s' } }));
  // kubectl has it apply an annotation of its own first, so the definition may take a moment.
  await west.shows(key, { host: 'a', weight: 3, timeout: '30s' });
  await west.stopBridge();
  await west.startBridge();
  await quiet();
  expect(await headOf()).toBe(before);

  await west.kubectl('patch proxyroute upgraded --type=merge -p {"spec":{"host":"b"}}');
  await east.shows(key, { host: 'b', weight: 3 });
  const seen = await east.member.operator.get(key);
  expect((JSON.parse(seen?.manifest ?? '{}') as JsonObject)['spec']).toEqual({ host: 'b', weight: 3 });
  await quiet();
  expect(await headOf() - before).toBe(1);
});

test('a field that the definition of NovaEdgeFederation lacks is named, also where somebody edits, and the last good spec stays in force until it is there', async () => {
  const top = FEDERATION_SPEC_FIELDS.filter((path) => /^spec\.\w+$/.test(path)).map((path) => path.slice('spec.'.length));
  const fields = Object.fromEntries(top.filter((field) => field !== 'mode').map((field) => [field, { 'x-kubernetes-preserve-unknown-fields': true }]));
  const valid = async (): Promise<JsonObject | undefined> => {
    const { status } = JSON.parse(await east.kubectl('-n novaedge-system get novaedgefederation global -o json')) as { status?: { conditions?: readonly JsonObject[] } };
    return status?.conditions?.find(({ type }) => type === 'ConfigurationValid');
  };
  await eventually(async () => { expect(await valid()).toMatchObject({ status: 'True' }); });
  await east.kubectl('apply -f -', permissiveDefinition('NovaEdgeFederation', { type: 'object', properties: fields }));
  await eventually(async () => { expect(await valid()).toMatchObject({ status: 'False', reason: 'SchemaTooOld', message: expect.stringContaining('lacks spec.mode;') }); });

  // As kubectl edit sends it: no annotation tells what was meant, and the server drops the field. What was asked for besides is not in force.
  await east.kubectl('-n novaedge-system patch novaedgefederation global --type=merge -p {"spec":{"mode":"unified","paused":true}}');
  await quiet();
  expect(await valid()).toMatchObject({ status: 'False', reason: 'SchemaTooOld' });
  await west.kubectl('apply -f -', route('meanwhile', { host: 'a' }));
  await east.shows(routeKey('meanwhile'), { host: 'a', weight: 1 });

  await east.kubectl('-n novaedge-system patch novaedgefederation global --type=merge -p {"spec":{"paused":false}}');
  await east.kubectl('apply -f -', permissiveDefinition('NovaEdgeFederation'));
  await eventually(async () => { expect(await valid()).toMatchObject({ status: 'True' }); });
});
