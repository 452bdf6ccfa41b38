import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { JsonObject } from '../../shared/model/content.ts';
import { eventually, federatedPair, quiet, routeKey } from './federated-clusters.ts';

/** The definitions that the product brings, and the guide's own manifests. */
const ROOT = join(import.meta.dirname, '..', '..');
const DEFINITIONS = join(ROOT, 'cluster', 'crds');
const definitions = readdirSync(DEFINITIONS).filter((file) => file.endsWith('.yaml')).map((file) => parse(readFileSync(join(DEFINITIONS, file), 'utf8')) as JsonObject);
const GUIDE_ROUTE = readFileSync(join(ROOT, 'docs', 'examples', 'setup-guide', 'route.yaml'), 'utf8');

const { west, east, federation } = federatedPair({ definitions }, { definitions });

test('the guide\'s route, applied in one cluster, is the same in the other, and one commit', async () => {
  await west.kubectl('apply -f -', GUIDE_ROUTE);
  const key = routeKey('test-route');
  await eventually(async () => { expect(await east.spec(key)).toBeDefined(); });
  await quiet();

  expect(await east.spec(key)).toEqual(await west.spec(key));
  expect(await west.member.head() + await east.member.head()).toBe(1);
});

test('the federation object shows its status: columns, conditions with their times, nothing dropped', async () => {
  await federation.beats();
  await eventually(async () => {
    const object = JSON.parse(await west.kubectl('-n novaedge-system get fed global -o json')) as { status?: { phase?: string; conditions?: JsonObject[]; memberCount?: number } };
    expect(object.status).toMatchObject({ phase: expect.any(String), memberCount: 2 });
    expect(object.status?.conditions).toEqual(expect.arrayContaining([
      expect.objectContaining({ type: 'Accepted', status: 'True' }), expect.objectContaining({ type: 'ConfigurationValid', status: 'True', lastTransitionTime: expect.any(String) }),
    ]));
  });
});

test('a status that says nothing new is not written', async () => {
  // That the other was heard of is news.
  await eventually(async () => { expect(await west.kubectl('-n novaedge-system get fed global -o jsonpath={.status.members[0].healthy}')).toBe('true'); });
  const version = (): Promise<string> => west.kubectl('-n novaedge-system get fed global -o jsonpath={.metadata.resourceVersion}{.status}');
  await quiet();
  const before = await version();
  for (let looks = 0; looks < 5; looks += 1) await quiet();

  expect(await version()).toBe(before);
});
