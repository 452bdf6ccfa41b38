import { expect, test } from 'vitest';
import type { LeaveAnswer, LeaveRequest } from '../../shared/ports/operator.ts';
import { permissiveDefinition } from './permissive-definitions.ts';
import { eventually, federatedPair, quiet, route, routeKey } from './federated-clusters.ts';

/** A member leaves, and its cluster gives back what came from others. The west fills in a field of its own. */
const routes = permissiveDefinition('ProxyRoute', { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { weight: { type: 'integer', default: 7 } } });
const federations = permissiveDefinition('NovaEdgeFederation');
const { west, east, federation } = federatedPair({ definitions: [routes, federations] }, { definitions: [permissiveDefinition('ProxyRoute'), federations] });

const leave = (request: Partial<LeaveRequest>): Promise<LeaveAnswer> =>
  west.member.operator.leave({ confirm: undefined, force: false, cleanUp: false, ...request });
const namesIn = async (site: typeof west): Promise<readonly string[]> => (await site.kubectl('get proxyroutes -o name')).trim().split('\n').map((name) => name.split('/')[1] ?? '').sort();

test('leave --cleanup removes what came from others, exactly as it was shown, and nothing elsewhere', async () => {
  await west.kubectl('apply -f -', route('own', { n: 1 }));
  await east.kubectl('apply -f -', route('theirs', { n: 1 }));
  await east.kubectl('apply -f -', route('edited-here', { n: 1 }));
  await east.kubectl('apply -f -', route('replaced-here', { n: 1 }));
  await east.kubectl('apply -f -', route('edited-while-paused', { n: 1 }));
  // The same in both, made by both: whoever was first shows the other's.
  await west.stopBridge();
  await west.kubectl('apply -f -', route('in-both', { n: 1, weight: 7 }));
  await east.kubectl('apply -f -', route('in-both', { n: 1, weight: 7 }));
  await eventually(async () => { expect(await west.member.operator.get(routeKey('in-both'))).toBeDefined(); });
  await west.startBridge();
  for (const name of ['theirs', 'edited-here', 'replaced-here', 'edited-while-paused']) await west.shows(routeKey(name), { n: 1, weight: 7 });
  await east.shows(routeKey('own'), { n: 1, weight: 7 });
  await west.kubectl('patch proxyroute edited-here --type=merge -p {"spec":{"n":2}}');
  await west.kubectl('delete proxyroute replaced-here');
  await east.shows(routeKey('replaced-here'), undefined);
  await west.kubectl('apply -f -', route('replaced-here', { n: 3 }));
  await east.shows(routeKey('replaced-here'), { n: 3, weight: 7 });
  await east.shows(routeKey('edited-here'), { n: 2 });
  await quiet();

  // The federation object goes first, as whoever uninstalls would do it: paused until it leaves.
  await west.kubectl('-n novaedge-system delete novaedgefederation global');
  await eventually(() => { expect(west.bridge.state()).toEqual({ kind: 'idle', why: 'paused' }); });
  await west.kubectl('patch proxyroute edited-while-paused --type=merge -p {"spec":{"n":4}}');
  // Nobody edited this one: a controller writes what it sees.
  await west.kubectl('patch proxyroute theirs --subresource=status --type=merge -p {"status":{"ready":true}}');

  await federation.beats();
  expect(await leave({ cleanUp: true })).toMatchObject({ left: false, obstacles: [], fromOthers: 3, own: 3, examples: [routeKey('edited-here'), routeKey('edited-while-paused'), routeKey('theirs')] });
  expect(await namesIn(west)).toHaveLength(6);
  await eventually(async () => { expect(await leave({ confirm: west.member.name, cleanUp: true })).toMatchObject({ left: true }); });
  await federation.beats();
  await eventually(async () => { expect(await leave({})).toMatchObject({ cleanUp: 'done', fromOthers: 0 }); });

  expect(await namesIn(west)).toEqual(['edited-while-paused', 'in-both', 'own', 'replaced-here']);
  expect(await west.spec(routeKey('edited-while-paused'))).toEqual({ n: 4, weight: 7 });
  expect((await west.member.operator.status()).exceptions).toMatchObject([{ key: routeKey('edited-while-paused'), reason: 'KeptOnLeaving' }]);
  expect(await west.kubectl('get events --field-selector reason=KeptOnLeaving -o name')).toMatch(/^event\//);
  await quiet();
  expect(await namesIn(east)).toEqual(['edited-here', 'edited-while-paused', 'in-both', 'own', 'replaced-here', 'theirs']);
});

test('and the cluster is its own: what it does goes nowhere, whoever applies the federation object again', async () => {
  await west.kubectl('apply -f -', west.member.manifest());
  await eventually(async () => {
    const { status } = JSON.parse(await west.kubectl('-n novaedge-system get novaedgefederation global -o json')) as { status?: { phase?: string; conditions: object[] } };
    expect(status).toMatchObject({ phase: 'Left' });
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Left', status: 'True', reason: 'LeftFederation' }));
  });
  await west.kubectl('delete proxyroute own');
  await west.kubectl('apply -f -', route('after', { n: 1 }));
  await east.kubectl('delete proxyroute in-both');
  await quiet();

  expect(await namesIn(east)).toEqual(['edited-here', 'edited-while-paused', 'own', 'replaced-here', 'theirs']);
  expect(await namesIn(west)).toEqual(['after', 'edited-while-paused', 'in-both', 'replaced-here']);
  expect(west.bridge.state()).toEqual({ kind: 'idle', why: 'paused' });
  expect((await east.member.operator.status()).members.map(({ name }) => name)).toEqual(['eu-west']);
});
