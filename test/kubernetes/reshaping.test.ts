import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../shared/model/content.ts';
import { permissiveDefinition } from './permissive-definitions.ts';
import type { KubeFederation, Site } from './federated-clusters.ts';
import { eventually, quiet, route, routeKey, startFederation } from './federated-clusters.ts';

/** Definitions of one kind that differ: another default, and a field that the east does not know. */
const routeDefinition = (fields: JsonObject): JsonObject => permissiveDefinition('ProxyRoute', { type: 'object', properties: { host: { type: 'string' }, ...fields } });
const others = ['ProxyBackend', 'NovaEdgeFederation'].map((kind) => permissiveDefinition(kind));
const westFields = { weight: { type: 'integer', default: 1 }, extra: { type: 'string' }, rules: { type: 'array', items: { type: 'object', properties: { path: { type: 'string' }, note: { type: 'string' } } } } };
const eastFields = { weight: { type: 'integer', default: 5 }, rules: { type: 'array', items: { type: 'object', properties: { path: { type: 'string' } } } } };

let federation: KubeFederation;
let west: Site;
let east: Site;
beforeAll(async () => {
  federation = await startFederation({
    'us-west': { definitions: [routeDefinition(westFields), ...others] },
    'eu-west': { definitions: [routeDefinition(eastFields), ...others] },
  });
  [west, east] = [federation.site('us-west'), federation.site('eu-west')];
});
afterAll(() => federation.remove());

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

test('a definition of NovaEdgeFederation that drops a field somebody applied is named, and the last good spec stays in force', async () => {
  const manifest = east.member.manifest() as JsonObject & { spec: JsonObject };
  const fields = Object.fromEntries(Object.keys(manifest.spec).filter((field) => field !== 'mode').map((field) => [field, { 'x-kubernetes-preserve-unknown-fields': true }]));
  await east.kubectl('apply -f -', permissiveDefinition('NovaEdgeFederation', { type: 'object', properties: fields }));
  const conditions = async (): Promise<readonly JsonObject[]> => ((await east.kubectl('-n novaedge-system get novaedgefederation global -o jsonpath={.status.conditions}')) === '' ? [] : JSON.parse(await east.kubectl('-n novaedge-system get novaedgefederation global -o jsonpath={.status.conditions}')) as readonly JsonObject[]);
  await eventually(async () => { await east.kubectl('-n novaedge-system apply --validate=false -f -', { ...manifest, spec: { ...manifest.spec, mode: 'unified' } }); });

  await eventually(async () => {
    const valid = (await conditions()).find(({ type }) => type === 'ConfigurationValid');
    expect(valid).toMatchObject({ status: 'False', reason: 'SchemaTooOld' });
    expect(valid?.['message']).toContain('spec.mode');
  });
});
