import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../../shared/model/content.ts';
import type { ResourceKey } from '../../../shared/model/ids.ts';
import { splitKey } from '../../../shared/model/resource-key.ts';
import { SeededRandom } from '../../simulation/random.ts';
import type { GuideFederation, Place } from '../guide-federation.ts';
import { memberIn, PLACES } from '../guide-federation.ts';
import { KubernetesUser } from '../kubernetes-user.ts';
import type { FaultShares } from './faults.ts';
import { Faults } from './faults.ts';
import { keyOf, manifestOf, shownIn, writeOf } from './routes.ts';

export interface ChaosOptions { readonly operations: number; readonly seed: number; readonly faults: FaultShares }

/** Routes that one cluster alone writes, for each; and those that all of them write. */
const OWN_ROUTES = 6;
const COMMON_ROUTES = 4;
const COMMON_SHARE = 0.25;
const DELETE_SHARE = 0.2;
/** Of the writes, how many go by kubectl: the rest as any client does, which is quicker. */
const KUBECTL_SHARE = 0.15;
const PAUSE_MS = 60;
/** Operations between two faults, about. */
const FAULT_SHARE = 1 / 30;
const PATIENCE_MS = 120_000;
const LOOK_MS = 500;
const TOLD_EVENTS = 80;

/** What a cluster last took from a user is the write's name, or this. */
const DELETED = 'deleted';

/**
 * Users of three clusters write and delete routes while one thing after the other goes wrong (`Faults`). Afterwards the three clusters are
 * equal; a route that one cluster alone wrote is as that was last told, so that nothing that an API server acknowledged is lost, and one that
 * several wrote is as one of them wrote it, whole; and no region has two versions of one write.
 */
export class ChaosRun {
  readonly #federation: GuideFederation;
  readonly #options: ChaosOptions;
  readonly #random: SeededRandom;
  readonly #users = new Map<Place, KubernetesUser>();
  /** What each cluster was last told of a route; more than one where a delete may not have been seen. */
  readonly #said = new Map<string, Map<Place, readonly string[]>>();
  /** All that any cluster was ever told of a route. */
  readonly #ever = new Map<string, readonly string[]>();
  /** Versions that an API server gave to users' writes, by place and route. */
  readonly #versions = new Map<string, Set<string>>();
  /** Writes and deletes of which nobody was told whether they were done, by place and route. */
  readonly #unsure = new Map<string, number>();
  /** How often each cluster's users wrote or deleted a route, acknowledged or not. */
  readonly #attempts = new Map<string, Map<Place, number>>();
  readonly #faults: Faults;
  readonly #events: string[] = [];
  readonly #startedMs = Date.now();
  readonly counts = { written: 0, deleted: 0, commits: 0, edits: 0 };

  constructor(federation: GuideFederation, options: ChaosOptions) {
    this.#federation = federation;
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#faults = new Faults(federation, options.faults, this.#random, (what) => { this.#happened(what); });
    for (const place of PLACES) this.#users.set(place, new KubernetesUser(federation.cluster(place).kubeconfig));
  }

  /** How often each thing went wrong. */
  get faults(): Faults['counts'] { return this.#faults.counts; }

  /** @throws Error with what is not so, and the last of what happened */
  async run(): Promise<void> {
    try {
      for (let operation = 0; operation < this.#options.operations; operation += 1) {
        if (this.#random.happens(FAULT_SHARE)) this.#faults.next();
        await this.#operate(operation);
        await sleep(PAUSE_MS);
      }
      await this.#faults.mended();
      await this.#becomesEqual();
      await this.#nothingSentTwice();
    } catch (error) {
      throw new Error(`seed ${this.#options.seed.toString()}: ${error instanceof Error ? error.message : String(error)}\n${this.#events.slice(-TOLD_EVENTS).join('\n')}`, { cause: error });
    } finally {
      await Promise.all([...this.#users.values()].map((user) => user.close()));
    }
  }

  async #operate(operation: number): Promise<void> {
    const place = this.#random.pick(PLACES.filter((each) => !this.#faults.away.has(each)));
    const name = this.#random.happens(COMMON_SHARE) ? `common-${this.#random.below(COMMON_ROUTES).toString()}` : `${place}-${this.#random.below(OWN_ROUTES).toString()}`;
    const write = `w${operation.toString()}`;
    const [last = DELETED] = this.#said.get(name)?.get(place) ?? [];
    const isThere = last !== DELETED;
    this.#count(place, name);
    try {
      if (isThere && this.#random.happens(DELETE_SHARE)) {
        await this.#deletes(place, name);
        this.#note(place, name, DELETED);
      } else {
        await this.#writes(place, name, write);
        this.#note(place, name, write);
      }
    } catch (error) {
      // Its API server went while it was asked: whether it was done, nobody was told. The next one of this route tells.
      this.#happened(`${place} ${name} ${write}: not acknowledged, ${error instanceof Error ? error.message.slice(0, 80) : String(error)}`);
      this.#note(place, name, undefined);
      this.#unsure.set(`${place} ${name}`, (this.#unsure.get(`${place} ${name}`) ?? 0) + 1);
    }
  }

  async #writes(place: Place, name: string, write: string): Promise<void> {
    this.counts.written += 1;
    const manifest = manifestOf(name, write);
    const version = this.#random.happens(KUBECTL_SHARE)
      ? await this.#federation.kubectl(place, 'apply --server-side --force-conflicts -o jsonpath={.metadata.resourceVersion} -f -', JSON.stringify(manifest))
      : await this.#user(place).writes(manifest);
    const versions = this.#versions.get(`${place} ${name}`) ?? new Set<string>();
    this.#versions.set(`${place} ${name}`, versions.add(version));
  }

  async #deletes(place: Place, name: string): Promise<void> {
    this.counts.deleted += 1;
    // Of a common one somebody else may have been quicker.
    if (this.#random.happens(KUBECTL_SHARE)) await this.#federation.kubectl(place, `delete proxyroute ${name} -n default --ignore-not-found`);
    else if ((await this.#user(place).reads(keyOf(name))) !== undefined) await this.#user(place).deletes(keyOf(name)).catch(unlessGone);
  }

  #note(place: Place, name: string, said: string | undefined): void {
    const all = this.#said.get(name) ?? new Map<Place, readonly string[]>();
    this.#said.set(name, all);
    // Nobody is there to see the delete, and the region may not have been told yet that the object was shown: absence is no delete then.
    const before = said === DELETED && this.#faults.down.has(place) ? (all.get(place) ?? []) : [];
    if (said === undefined) all.delete(place);
    else all.set(place, [said, ...before]);
    if (said !== undefined) this.#ever.set(name, [...(this.#ever.get(name) ?? [DELETED]), said]);
    if (said !== undefined) this.#happened(`${place} ${name}: ${said}`);
  }

  async #becomesEqual(): Promise<void> {
    const untilMs = Date.now() + PATIENCE_MS;
    for (;;) {
      const shown = await Promise.all(PLACES.map(async (place) => shownIn(JSON.parse(await this.#federation.kubectl(place, 'get proxyroutes -n default -o json')) as { items: JsonObject[] })));
      const wrong = this.#wrongIn(shown);
      if (wrong.length === 0) return;
      if (Date.now() > untilMs) throw new Error(`two minutes after the last fault:\n  ${wrong.join('\n  ')}\n${await this.#versionsOf(wrong.map((what) => what.split(':')[0] ?? ''))}`);
      await sleep(LOOK_MS);
    }
  }

  #count(place: Place, name: string): void {
    const all = this.#attempts.get(name) ?? new Map<Place, number>();
    this.#attempts.set(name, all);
    all.set(place, (all.get(place) ?? 0) + 1);
  }

  /** What a region took for an edit without a user's having made it, such as a write of its own bridge, and edits that it took twice. */
  #notTheUsers(place: Place): readonly string[] {
    const committed = new Map<string, string[]>();
    for (const { key, resourceVersion, state } of this.#federation.logged(place, 'edit-committed')) {
      const { name } = splitKey(key as ResourceKey);
      if (state === 'live') committed.set(name, [...(committed.get(name) ?? []), resourceVersion as string]);
    }
    this.counts.edits += [...committed.values()].flat().length;
    return [...committed].flatMap(([name, versions]) => {
      const users = this.#versions.get(`${place} ${name}`);
      const others = versions.filter((version) => users?.has(version) !== true);
      const unsure = this.#unsure.get(`${place} ${name}`) ?? 0;
      return [
        ...(others.length > unsure ? [`${name}: ${place} committed ${others.join(', ')}, which no user wrote`] : []),
        ...(new Set(versions).size < versions.length ? [`${name}: ${place} committed one version twice, ${versions.join(', ')}`] : []),
      ];
    });
  }

  /**
   * Each region's log has, of each route, no more commits of its own cluster than there were writes and deletes there; each edit among them is a
   * user's, and there once; and no route has two versions of one write.
   */
  async #nothingSentTwice(): Promise<void> {
    const wrong: string[] = [];
    for (const [name, attempts] of this.#attempts) {
      for (const place of PLACES) {
        const operator = this.#federation.operator(place);
        const commits = (await operator.history(keyOf(name))).filter(({ member }) => member === memberIn(place)).length;
        this.counts.commits += commits;
        if (commits > (attempts.get(place) ?? 0)) wrong.push(`${name}: ${commits.toString()} commits of ${place}, where ${(attempts.get(place) ?? 0).toString()} writes and deletes were`);
      }
    }
    for (const place of PLACES) wrong.push(...this.#notTheUsers(place));
    for (const place of PLACES) {
      for (const { key, versions } of await this.#federation.operator(place).conflicts(true)) {
        const writes = versions.flatMap(({ manifest }) => (manifest === undefined ? [] : [writeOf(manifest)]));
        if (new Set(writes).size < writes.length) wrong.push(`${key} at ${place}: two versions of one write, ${writes.join(', ')}`);
      }
    }
    if (wrong.length > 0) throw new Error(`sent twice:\n  ${wrong.join('\n  ')}`);
  }

  /** What the regions hold of routes, for whoever reads a finding. */
  async #versionsOf(names: readonly string[]): Promise<string> {
    const told = await Promise.all(names.flatMap((name) => PLACES.map(async (place) => {
      const { stdout, stderr } = await this.#federation.novactl(place, `federation conflicts describe ProxyRoute/default/${name}`);
      return `${place} ${name}: ${stdout}${stderr}`;
    })));
    return told.join('\n');
  }

  #wrongIn(shown: readonly Readonly<Record<string, string>>[]): readonly string[] {
    return [...this.#said].flatMap(([name, said]) => {
      const values = shown.map((routes) => routes[name] ?? DELETED);
      const [first = ''] = values;
      if (values.some((value) => value !== first)) return [`${name}: ${PLACES.map((place, at) => `${place} shows ${values[at] ?? ''}`).join(', ')}`];
      // One that several write is as one of them said: not always as one of them said last, since an object that is made where none was shown
      // yields to what stands elsewhere (DESIGN §11, first contact). Of one whose answer was lost nobody can say what is right.
      const owner = PLACES.find((place) => name.startsWith(place));
      const right = owner === undefined ? this.#ever.get(name) : said.get(owner);
      return right === undefined || right.includes(first) ? [] : [`${name}: all show ${first}, told was ${right.join(' or ')}`];
    });
  }

  #user(place: Place): KubernetesUser {
    const user = this.#users.get(place);
    if (user === undefined) throw new RangeError(place);
    return user;
  }

  #happened(what: string): void { this.#events.push(`${(Date.now() - this.#startedMs).toString()} ${what}`); }
}

/** Somebody else deleted it meanwhile. */
function unlessGone(error: unknown): void {
  if (!(error instanceof Error) || !/not found/i.test(error.message)) throw error;
}
