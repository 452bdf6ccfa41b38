import { afterEach, expect, test } from 'vitest';
import type { JsonObject } from '../../shared/model/content.ts';
import { metadataOf } from '../../cluster/kubernetes/object.ts';
import { DeploymentTool } from './deployment-tool.ts';
import type { Site } from './federated-clusters.ts';
import { eventually, federatedPair, quiet, route, routeKey } from './federated-clusters.ts';

/** GitOps tools with prune and self-heal beside the federation. */
const { west, east } = federatedPair({}, { createNamespaces: true });
let tools: DeploymentTool[] = [];
afterEach(async () => {
  await Promise.all(tools.map((tool) => tool.stop()));
  tools = [];
});

const toolIn = (site: Site, name: string): DeploymentTool => {
  const tool = new DeploymentTool(name, site.installed.user);
  tools.push(tool);
  return tool;
};
const headOf = async (): Promise<number> => (await west.member.head()) + (await east.member.head());

test('a tool in one cluster: what it deploys is in the other without its mark, and what it prunes goes there too', async () => {
  const tool = toolIn(west, 'shop');
  tool.repository.set('deployed', { n: 1 });
  await east.shows(routeKey('deployed'), { n: 1 });
  expect(metadataOf((await east.read(routeKey('deployed'))) ?? {})['labels']).toBeUndefined();
  tool.repository.set('deployed', { n: 2 });
  await east.shows(routeKey('deployed'), { n: 2 });
  tool.repository.delete('deployed');

  await east.shows(routeKey('deployed'), undefined);
});

test('a tool of the same name in the other cluster does not prune what the first deploys', async () => {
  const [first, second] = [toolIn(west, 'shop'), toolIn(east, 'shop')];
  first.repository.set('theirs', { n: 1 });
  await east.shows(routeKey('theirs'), { n: 1 });
  await quiet();

  expect([await west.spec(routeKey('theirs')), await east.spec(routeKey('theirs'))]).toEqual([{ n: 1 }, { n: 1 }]);
  expect(second.actions).toBe(0);
});

test('an edit elsewhere is put back by the tool, as in a single cluster, and it ends there', async () => {
  const tool = toolIn(west, 'shop');
  tool.repository.set('healed', { n: 1 });
  await east.shows(routeKey('healed'), { n: 1 });
  await quiet();
  const before = await headOf();
  await east.kubectl('patch proxyroute healed --type=merge -p {"spec":{"n":9}}');
  await quiet();
  await east.shows(routeKey('healed'), { n: 1 });
  await quiet();

  expect(await west.spec(routeKey('healed'))).toEqual({ n: 1 });
  expect(await headOf() - before).toBe(2);
  expect(await east.member.operator.conflicts(true)).toEqual([]);
});

test('the same repository in both clusters: one commit at most from each, then quiet', async () => {
  const repository: readonly [string, JsonObject][] = Array.from({ length: 5 }, (_, n) => [`both-${n.toString()}`, { n }]);
  const both = [toolIn(west, 'shop'), toolIn(east, 'shop')];
  const before = await headOf();
  for (const [name, spec] of repository) for (const tool of both) tool.repository.set(name, spec);
  for (const [name, spec] of repository) await Promise.all([west, east].map((site) => site.shows(routeKey(name), spec)));
  await quiet();
  const settled = [await headOf(), both.map(({ actions }) => actions)];
  await quiet();

  expect(Number(settled[0]) - before).toBeLessThanOrEqual(2 * repository.length);
  expect([await headOf(), both.map(({ actions }) => actions)]).toEqual(settled);
});

test('two repositories that say different things of one object: it is left alone and told, others go on, and it ends when one gives in', async () => {
  const key = routeKey('fought-over');
  const [first, second] = [toolIn(west, 'shop'), toolIn(east, 'shop')];
  first.repository.set('fought-over', { n: 1 });
  await east.shows(key, { n: 1 });
  second.repository.set('fought-over', { n: 2 });
  const isFlapping = ({ key: of, reason }: { readonly key: string; readonly reason: string }): boolean => of === key && reason === 'Flapping';
  const sentences = new Set<string>();
  const flapping = async (): Promise<readonly Site[]> => {
    const told = await Promise.all([west, east].map(async (site) => ({ site, exceptions: (await site.member.operator.status()).exceptions })));
    for (const { exceptions } of told) for (const { message } of exceptions.filter(isFlapping)) sentences.add(message);
    return told.filter(({ exceptions }) => exceptions.some(isFlapping)).map(({ site }) => site);
  };
  await eventually(async () => { expect(await flapping()).not.toEqual([]); });
  await quiet();
  const settled = [await headOf(), first.actions, second.actions];
  await quiet();

  expect([await headOf(), first.actions, second.actions]).toEqual(settled);
  expect([await west.spec(key), await east.spec(key)]).toEqual([{ n: 1 }, { n: 2 }]);
  const [site] = await flapping();
  await eventually(async () => { expect(await site?.kubectl('-n default get events --field-selector reason=Flapping,involvedObject.name=fought-over -o jsonpath={.items[0].message}')).toContain('written back and forth (spec.n)'); });
  for (const sentence of sentences) expect(sentence).toMatch(/the field manager "a-user" has written the same here, .* was written at (us|eu)-west$/);
  await west.kubectl('apply -f -', route('beside', { n: 1 }));
  await east.shows(routeKey('beside'), { n: 1 });

  for (const tool of [first, second]) tool.repository.set('fought-over', { n: 3 });
  await eventually(async () => { expect(await flapping()).toEqual([]); });
  expect([await west.spec(key), await east.spec(key)]).toEqual([{ n: 3 }, { n: 3 }]);
});

test('a namespace that is missing is made where the bridge may', async () => {
  await west.kubectl('create namespace fresh');
  await west.kubectl('apply -f -', route('first', { n: 1 }, { namespace: 'fresh' }));

  await east.shows(routeKey('first', 'fresh'), { n: 1 });
  await west.kubectl('-n fresh patch proxyroute first --type=merge -p {"spec":{"n":2}}');
  await east.shows(routeKey('first', 'fresh'), { n: 2 });
});
