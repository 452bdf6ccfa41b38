import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Place } from './guide-federation.ts';
import { FEDERATION, GuideFederation, PLACES } from './guide-federation.ts';
import { EXAMPLES } from './running-cluster.ts';

// The setup guide, step by step, and the user guide's Step 4, with its commands and its outputs. What a clock or a counter decides is a pattern.
const START_TIMEOUT_MS = 120_000;
const PATIENCE = { timeout: 40_000, interval: 200 };
const ROUTE = readFileSync(join(EXAMPLES, 'setup-guide', 'route.yaml'), 'utf8');

let federation: GuideFederation;
beforeAll(async () => { federation = await GuideFederation.start(); }, START_TIMEOUT_MS);
afterAll(() => federation.end(), START_TIMEOUT_MS);

const soon = <T>(look: () => Promise<T>) => expect.poll(() => look().catch((error: unknown) => String(error)), PATIENCE);
const specOf = async (place: Place, name: string): Promise<unknown> => (parse(await federation.kubectl(place, `get proxyroute ${name} -n default -o yaml`)) as { spec: unknown }).spec;
const hostOf = (place: Place): Promise<string> => federation.kubectl(place, 'get proxyroute api -n default -o jsonpath={.spec.hostnames[0]}');
const novactl = async (place: Place, args: string): Promise<string> => {
  const { code, stdout, stderr } = await federation.novactl(place, args);
  if (code !== 0) throw new Error(`novactl ${args}: ${stderr}`);
  return stdout;
};

test('Step 4: each cluster takes its own configuration, and says that it is valid', async () => {
  for (const place of PLACES) expect(await federation.kubectl(place, 'apply -f -', federation.manifest(place))).toBe('novaedgefederation.novaedge.io/global-federation created\n');

  for (const place of PLACES) {
    await soon(() => federation.kubectl(place, 'get fed global-federation -n novaedge-system -o jsonpath={.status.conditions[?(@.type=="ConfigurationValid")].status}')).toBe('True');
  }
});

describe('Step 6: the federation\'s status', () => {
  test.each(PLACES)('kubectl get novaedgefederation, in %s', async (place) => {
    await soon(() => federation.kubectl(place, 'get novaedgefederation -n novaedge-system')).toMatch(
      /^NAME +FEDERATION-ID +PHASE +MEMBERS +SYNCED +AGE\nglobal-federation +prod-global +Healthy +3 +3 +\d+[sm]\S*\n$/,
    );
  });

  test('kubectl describe names every peer, and that it is healthy', async () => {
    const text = await federation.kubectl('us-west', 'describe novaedgefederation global-federation -n novaedge-system');
    const status = text.slice(text.indexOf('\nStatus:'));

    expect(status).toMatch(/\n {2}Phase: +Healthy\n/);
    expect(status.match(/^ {4}(?:Healthy|Name): +\S+$/gm)?.map((line) => line.trim().replace(/ +/, ' '))).toEqual(['Healthy: true', 'Name: eu-west-controller', 'Healthy: true', 'Name: ap-east-controller']);
  });

  test('novactl federation status', async () => {
    await soon(() => novactl('us-west', 'federation status')).toMatch(new RegExp([
      `^Federation: ${FEDERATION}`, 'Local Member: us-west-controller', 'Phase: Healthy', '', 'Members:',
      '  NAME                  REGION    STATUS    SYNC LAG   LAST SYNC   AGENTS',
      '  us-west-controller    us-west   Local     -          - +\\d+ *',
      '  eu-west-controller    eu-west   Healthy   \\S+ +\\S+ ago +\\d+ *',
      '  ap-east-controller    ap-east   Healthy   \\S+ +\\S+ ago +\\d+ *\\n',
    ].join('\\n')));
  });

  test('novactl federation conflicts has none, and sync with one peer is done', async () => {
    expect(await novactl('us-west', 'federation conflicts')).not.toContain('ProxyRoute');
    expect(await novactl('us-west', 'federation sync --peer eu-west-controller')).toContain('eu-west-controller');
  });
});

describe('Step 4 of the user guide: verify federation health', () => {
  test('View federation status: Phase Healthy', async () => {
    await soon(() => federation.kubectl('us-west', '-n novaedge-system get novaedgefederations')).toMatch(/\nglobal-federation +prod-global +Healthy +3 +3 +/);
  });

  test('Detailed status with member health: all members are listed as healthy', async () => {
    await soon(async () => {
      const text = await federation.kubectl('us-west', '-n novaedge-system describe novaedgefederation global-federation');
      return text.match(/^ +Healthy: +\S+$/gm)?.map((line) => line.trim().replace(/ +/, ' '));
    }).toEqual(['Healthy: true', 'Healthy: true']);
  });

  test('Check remote clusters: that of its Step 3, registered here and nowhere else', async () => {
    const remote = readFileSync(join(EXAMPLES, 'user-guide', 'remote-cluster.yaml'), 'utf8');
    expect(await federation.kubectl('us-west', 'apply -f -', remote)).toBe('novaedgeremotecluster.novaedge.io/edge-eu-west created\n');

    expect(await federation.kubectl('us-west', '-n novaedge-system get novaedgeremoteclusters')).toMatch(/^NAME +CLUSTER +REGION +PHASE +CONNECTED +AGENTS +AGE\nedge-eu-west +edge-eu-west +eu-west-1 +\S/);
    expect(await federation.kubectl('eu-west', '-n novaedge-system get novaedgeremoteclusters')).toBe('');
  });
});

test('Step 7: a route that is applied in one cluster exists in the others, and is identical', async () => {
  expect(await federation.kubectl('us-west', 'apply -f -', ROUTE)).toBe('proxyroute.novaedge.io/test-route created\n');

  const applied = await specOf('us-west', 'test-route');
  for (const place of PLACES) await soon(() => specOf(place, 'test-route')).toEqual(applied);
  expect(await federation.kubectl('eu-west', 'get proxyroute test-route -n default')).toMatch(/^NAME +.*AGE\ntest-route +/);
});

describe('Handling Manual Conflicts', () => {
  const apply = (place: Place, host: string): Promise<string> => federation.kubectl(place, 'apply -f -', ROUTE.replace('test-route', 'api').replace('test.example.com', host));

  test('under the strategy Manual, in force at every member', async () => {
    for (const place of PLACES) await federation.kubectl(place, 'patch fed global-federation -n novaedge-system --type=merge -p {"spec":{"conflictResolution":{"strategy":"Manual"}}}');
    await soon(async () => JSON.parse(await novactl('us-west', 'federation status -o json')) as unknown).toMatchObject({ strategy: 'Manual' });
    await apply('us-west', 'first.example.com');
    for (const place of PLACES) await soon(() => hostOf(place)).toBe('first.example.com');
  });

  /** Both edit the route before they hear of each other. */
  async function conflict(west: string, east: string): Promise<void> {
    await federation.stopMember('eu-west');
    await apply('us-west', west);
    await apply('eu-west', east);
    await soon(() => hostOf('ap-east')).toBe(west);
    await federation.startMember('eu-west');
    await soon(() => novactl('us-west', 'federation conflicts')).toMatch(
      /^RESOURCE +LOCAL VERSION +REMOTE VERSION +DETECTED\nProxyRoute\/default\/api +v1\.\d+ \(local\) +v1\.\d+ \(eu-west-controller\) +\d+s ago\n$/,
    );
    // Each cluster stays with what it has.
    expect([await hostOf('us-west'), await hostOf('eu-west')]).toEqual([west, east]);
  }
  const isSettled = async (host: string): Promise<void> => {
    for (const place of PLACES) await soon(() => hostOf(place)).toBe(host);
    for (const place of PLACES) await soon(() => novactl(place, 'federation conflicts')).not.toContain('ProxyRoute/default/api');
  };

  test('is listed, described, and ended by keeping the local version', async () => {
    await conflict('west.example.com', 'east.example.com');
    await soon(() => federation.kubectl('us-west', 'get fed global-federation -n novaedge-system -o jsonpath={.status.conflictsPending}')).toBe('1');

    const described = await novactl('us-west', 'federation conflicts describe ProxyRoute/default/api');
    expect(described).toContain('Resource: ProxyRoute/default/api\n');
    expect(described).toContain('west.example.com');
    expect(described).toContain('east.example.com');
    expect(await novactl('us-west', 'federation conflicts resolve ProxyRoute/default/api --keep local')).toMatch(/^ProxyRoute\/default\/api resolved: kept local as v1\.\d+\n$/);

    await isSettled('west.example.com');
  });

  test('is ended by accepting the remote version', async () => {
    await conflict('west-again.example.com', 'east-again.example.com');

    expect(await novactl('us-west', 'federation conflicts resolve ProxyRoute/default/api --keep remote')).toMatch(/^ProxyRoute\/default\/api resolved: kept remote as v1\.\d+\n$/);

    await isSettled('east-again.example.com');
  });
});
