import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { SeededRandom } from '../simulation/random.ts';
import { LocalFederation, eventually } from './local-federation.ts';

const MEMBERS = ['us-west', 'eu-west', 'ap-east'];
const PAIRS = [['us-west', 'eu-west'], ['us-west', 'ap-east'], ['eu-west', 'ap-east']] as const;
const ROUTES = ['a', 'b', 'c', 'd'];
/** `CRASH_CYCLES=200 npx vitest run --project e2e crash` runs more. */
const CYCLES = Number(process.env['CRASH_CYCLES'] ?? 20);
const SEED = Number(process.env['CRASH_SEED'] ?? Math.floor(Date.now() / 1000));
const EDITS_PER_CYCLE = 6;
const QUIET_PATIENCE_MS = 90_000;

interface Route { readonly spec?: Readonly<Record<string, string>> }
const fileOf = (route: string): string => `default/proxyroute-${route}.yaml`;

/**
 * Members die by kill -9 at random points while people edit in all folders and connections are cut. Under `Merge` every edit adds a
 * field of its own, so that none may be missing afterwards: not one that was saved while its member was dead, not one of either side
 * of a cut.
 */
let federation: LocalFederation;
beforeAll(async () => { federation = await LocalFederation.start(); }, 90_000);
afterAll(async () => { await federation.remove(); }, 30_000);

test(`${CYCLES.toString()} cycles of kill -9 and cuts lose no edit, from seed ${SEED.toString()} on [I3] [I11]`, async () => {
  const random = new SeededRandom(SEED);
  const saved = new Map<string, string[]>(ROUTES.map((route) => [route, []]));
  let count = 0;
  expect((await federation.novactl('federation', 'set', 'conflictResolution.strategy=Merge', '--all-contexts')).code).toBe(0);
  await eventually('Merge in force', async () => (await federation.novactl('federation', 'status', '-o', 'json')).stdout, (text) => text.includes('"Merge"'));

  /** As an editor saves: the whole file, by rename, right after reading what stands there. */
  async function edit(): Promise<void> {
    const [member, route] = [random.pick(MEMBERS), random.pick(ROUTES)];
    const path = federation.file(member, fileOf(route));
    await mkdir(dirname(path), { recursive: true });
    count += 1;
    const field = `${member}-${count.toString()}`;
    const before = existsSync(path) ? (parse(readFileSync(path, 'utf8')) as Route) : {};
    const after = { apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name: route, namespace: 'default' }, spec: { ...before.spec, [field]: 'saved' } };
    writeFileSync(`${path}.saving~`, stringify(after));
    renameSync(`${path}.saving~`, path);
    saved.get(route)?.push(field);
  }

  for (let cycle = 0; cycle < CYCLES; cycle += 1) {
    const name = random.pick(MEMBERS);
    const [a, b] = random.pick(PAIRS);
    if (random.happens(0.5)) await federation.local(random.happens(0.6) ? 'cut' : 'heal', a, b);
    const { members } = JSON.parse((await federation.local('status', '-o', 'json')).stdout) as { members: { name: string; pid: number | null }[] };
    const pid = members.find((member) => member.name === name)?.pid;
    const killAfter = random.below(EDITS_PER_CYCLE);
    for (let at = 0; at < EDITS_PER_CYCLE; at += 1) {
      await edit();
      if (at === killAfter && typeof pid === 'number') process.kill(pid, 'SIGKILL');
      await sleep(random.below(120));
    }
    await eventually(`${name} runs again`, () => federation.local('start', name), ({ code }) => code === 0);
  }
  for (const [a, b] of PAIRS) await federation.local('heal', a, b);

  const fields = async (member: string, route: string): Promise<readonly string[]> => Object.keys(((await federation.manifest(member, fileOf(route))) as Route | undefined)?.spec ?? {});
  for (const member of MEMBERS) {
    for (const route of ROUTES) {
      const missing = async (): Promise<readonly string[]> => {
        const found = await fields(member, route);
        return saved.get(route)?.filter((field) => !found.includes(field)) ?? [];
      };
      await eventually(`${route} at ${member} has every edit`, missing, (left) => left.length === 0, QUIET_PATIENCE_MS);
    }
  }
  const roots = (): Promise<readonly string[]> => Promise.all(MEMBERS.map(async (member) =>
    (JSON.parse((await federation.novactl('federation', 'status', '-o', 'json', '--context', member)).stdout) as { merkleRoot: string }).merkleRoot));
  await eventually('all Merkle roots are equal', roots, (found) => new Set(found).size === 1, QUIET_PATIENCE_MS);
}, 900_000);
