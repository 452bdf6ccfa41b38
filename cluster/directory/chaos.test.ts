import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import type { JsonObject } from '../../shared/model/content.ts';
import { silentLogger } from '../../shared/ports/logger.ts';
import { startBridge } from '../bridge/bridge.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { route, routeKey } from '../bridge/cluster-acceptance.ts';
import { realClock, realRandom, TestFederation } from '../bridge/test-federation.ts';
import type { TestMember } from '../bridge/test-federation.ts';
import { makeDirectoryHarness } from './directory-harness.ts';
import { newText } from './edit-text.ts';

/** How long each run is disturbed. `NOVAEDGE_CHAOS_MS` and `NOVAEDGE_CHAOS_SEED` make it longer or repeat one. */
const DISTURBED_MS = Number(process.env['NOVAEDGE_CHAOS_MS'] ?? 3000);
const SEED = Number(process.env['NOVAEDGE_CHAOS_SEED'] ?? Date.now() % 1_000_000);
const OWN_OBJECTS = 4;
/** Objects that everybody writes. */
const SHARED_OBJECTS = 3;

/** A small generator of repeatable numbers (mulberry32). */
function seeded(seed: number): { below: (n: number) => number; happens: (share: number) => boolean } {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { below: (n) => Math.floor(next() * n), happens: (share) => next() < share };
}

/** One folder with the person who works in it: the only one who writes the objects of that name, and one of several for the shared. */
class Site {
  readonly name: string;
  readonly member: TestMember;
  readonly wanted = new Map<string, number | undefined>();
  readonly #harness: Awaited<ReturnType<typeof makeDirectoryHarness>>;
  #bridge: Bridge | undefined;
  #turn = 0;

  constructor(name: string, member: TestMember, harness: Awaited<ReturnType<typeof makeDirectoryHarness>>) {
    this.name = name;
    this.member = member;
    this.#harness = harness;
  }

  start(): void {
    this.#bridge = startBridge({ cluster: this.#harness.cluster(), region: this.member.region, clock: realClock, random: realRandom, logger: silentLogger, version: 'test' });
  }
  async restart(whileDown: () => Promise<void>): Promise<void> {
    await this.#bridge?.stop();
    await whileDown();
    await this.#harness.restart();
    this.start();
  }
  async close(): Promise<void> {
    await this.#bridge?.stop();
    await this.#harness.close();
  }

  /** Writes, rewrites by rename, moves or deletes one of the objects of this place. */
  async act(random: ReturnType<typeof seeded>): Promise<void> {
    const isShared = random.happens(0.3);
    const name = isShared ? `shared-${random.below(SHARED_OBJECTS).toString()}` : `${this.name}-${random.below(OWN_OBJECTS).toString()}`;
    const found = await this.fileOf(name);
    const path = found ?? join(this.#harness.root, `folder-${random.below(3).toString()}`, `${name}.yaml`);
    const isThere = isShared ? found !== undefined : this.wanted.get(name) !== undefined;
    if (isThere && random.happens(0.2)) {
      await rm(path, { force: isShared });
      if (!isShared) this.wanted.set(name, undefined);
      return;
    }
    if (isThere && !isShared && random.happens(0.2)) {
      const to = join(this.#harness.root, `moved-${random.below(3).toString()}`, `${name}.yaml`);
      await mkdir(dirname(to), { recursive: true });
      await rename(path, to);
      return;
    }
    this.#turn += 1;
    await mkdir(dirname(path), { recursive: true });
    const text = `# turn\n${newText('yaml', route(name, { turn: this.#turn, filler: 'x'.repeat(random.below(3000)) }))}`;
    if (random.happens(0.5)) await writeFile(path, text);
    else {
      await writeFile(`${path}~`, text);
      await rename(`${path}~`, path);
    }
    if (!isShared) this.wanted.set(name, this.#turn);
  }

  /** What stands in the folder, by name: the turn that wrote it. */
  async shown(): Promise<ReadonlyMap<string, unknown>> {
    const shown = new Map<string, unknown>();
    for (const { path, name } of await this.#files()) {
      const turn = /turn: (\d+)/.exec(await readFile(path, 'utf8').catch(() => ''))?.[1];
      if (turn !== undefined) shown.set(name, Number(turn));
    }
    return shown;
  }

  async fileOf(name: string): Promise<string | undefined> { return (await this.#files()).find((file) => file.name === name)?.path; }

  async #files(): Promise<readonly { readonly path: string; readonly name: string }[]> {
    const entries = await readdir(this.#harness.root, { recursive: true });
    return entries.flatMap((entry) => {
      const [, name] = /^(?:.*\/)?(?:proxyroute-)?([^/]+)\.yaml$/.exec(entry) ?? [];
      return name === undefined || name.startsWith('.') ? [] : [{ path: join(this.#harness.root, entry), name }];
    });
  }
}

const sites: Site[] = [];
afterEach(async () => { for (const site of sites.splice(0)) await site.close(); });

test(`whatever happens between them, folders end up alike, and each object as its owner left it (seed ${SEED.toString()})`, async () => {
  const random = seeded(SEED);
  const names = ['west', 'east', 'north'];
  const federation = await new TestFederation(names).start();
  for (const name of names) {
    const harness = await makeDirectoryHarness();
    await writeFile(join(harness.root, 'federation.json'), JSON.stringify(federation.member(name).manifest()));
    await harness.restart();
    sites.push(new Site(name, federation.member(name), harness));
  }
  for (const site of sites) site.start();

  const untilMs = Date.now() + DISTURBED_MS;
  while (Date.now() < untilMs) {
    const site = sites[random.below(sites.length)];
    if (site === undefined) break;
    if (random.happens(0.85)) await site.act(random);
    else if (random.happens(0.3)) await site.restart(async () => { for (let n = random.below(3); n > 0; n -= 1) await site.act(random); });
    else if (random.happens(0.5)) site.member.isDown = !site.member.isDown;
    else if (random.happens(0.5)) federation.cut();
    else await federation.heal();
    await realClock.sleep(random.below(60));
  }
  for (const site of sites) site.member.isDown = false;
  await federation.heal();

  const expected = new Map(sites.flatMap(({ wanted }) => [...wanted]).filter(([, turn]) => turn !== undefined).sort());
  await vi.waitFor(async () => {
    const [first = new Map<string, unknown>(), ...others] = await Promise.all(sites.map(async (site) => new Map([...(await site.shown())].sort())));
    for (const other of others) expect(other).toEqual(first);
    expect(new Map([...first].filter(([name]) => !name.startsWith('shared-')))).toEqual(expected);
  }, { timeout: 30_000, interval: 50 });
  for (const site of sites) {
    expect((await site.member.operator.conflicts(true)).filter(({ key }) => !key.includes('/shared-'))).toEqual([]);
    await vi.waitFor(async () => { expect((await site.member.operator.status()).exceptions).toEqual([]); }, { timeout: 15_000, interval: 50 });
    for (const [name, turn] of expected) {
      const found = await site.member.operator.get(routeKey(name));
      expect((JSON.parse(found?.manifest ?? '{}') as JsonObject)['spec']).toMatchObject({ turn });
    }
  }
}, DISTURBED_MS + 60_000);
