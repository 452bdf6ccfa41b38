import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../../shared/model/content.ts';
import { SeededRandom } from '../../simulation/random.ts';
import type { GuideFederation, Place } from '../guide-federation.ts';
import { PLACES } from '../guide-federation.ts';
import { KubernetesUser } from '../kubernetes-user.ts';
import { keyOf, manifestOf, shownIn } from './routes.ts';

export interface ChaosOptions { readonly operations: number; readonly seed: number }

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
const MAX_DOWN_MS = 5000;
const PATIENCE_MS = 120_000;
const LOOK_MS = 500;
const TOLD_EVENTS = 80;

/** What a cluster last took from a user is the write's name, or this. */
const DELETED = 'deleted';

/**
 * Users of three clusters write and delete routes while members are killed (-9) and started again, API servers are killed, compacted
 * and hang. Afterwards the three clusters are equal; a route that one cluster alone wrote is as that was last told, so that nothing that an
 * API server acknowledged is lost, and one that several wrote is as one of them wrote it, whole.
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
  /** Places whose API server does not answer, and those whose member does not run. */
  readonly #away = new Set<Place>();
  readonly #down = new Set<Place>();
  readonly #events: string[] = [];
  readonly #mending: Promise<void>[] = [];
  readonly #startedMs = Date.now();
  readonly counts = { written: 0, deleted: 0, 'member killed': 0, 'API server killed': 0, compacted: 0, hung: 0 };

  constructor(federation: GuideFederation, options: ChaosOptions) {
    this.#federation = federation;
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    for (const place of PLACES) this.#users.set(place, new KubernetesUser(federation.cluster(place).kubeconfig));
  }

  /** @throws Error with what is not so, and the last of what happened */
  async run(): Promise<void> {
    try {
      for (let operation = 0; operation < this.#options.operations; operation += 1) {
        if (this.#random.happens(FAULT_SHARE)) this.#fault();
        await this.#operate(operation);
        await sleep(PAUSE_MS);
      }
      await Promise.all(this.#mending);
      await this.#becomesEqual();
    } catch (error) {
      throw new Error(`seed ${this.#options.seed.toString()}: ${error instanceof Error ? error.message : String(error)}\n${this.#events.slice(-TOLD_EVENTS).join('\n')}`, { cause: error });
    } finally {
      await Promise.all([...this.#users.values()].map((user) => user.close()));
    }
  }

  async #operate(operation: number): Promise<void> {
    const place = this.#random.pick(PLACES.filter((each) => !this.#away.has(each)));
    const name = this.#random.happens(COMMON_SHARE) ? `common-${this.#random.below(COMMON_ROUTES).toString()}` : `${place}-${this.#random.below(OWN_ROUTES).toString()}`;
    const write = `w${operation.toString()}`;
    const [last = DELETED] = this.#said.get(name)?.get(place) ?? [];
    const isThere = last !== DELETED;
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
    }
  }

  async #writes(place: Place, name: string, write: string): Promise<void> {
    this.counts.written += 1;
    const manifest = manifestOf(name, write);
    if (this.#random.happens(KUBECTL_SHARE)) await this.#federation.kubectl(place, 'apply --server-side --force-conflicts -f -', JSON.stringify(manifest));
    else await this.#user(place).writes(manifest);
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
    const before = said === DELETED && this.#down.has(place) ? (all.get(place) ?? []) : [];
    if (said === undefined) all.delete(place);
    else all.set(place, [said, ...before]);
    if (said !== undefined) this.#ever.set(name, [...(this.#ever.get(name) ?? [DELETED]), said]);
    if (said !== undefined) this.#happened(`${place} ${name}: ${said}`);
  }

  /** One thing goes wrong, and is mended a little later, while users go on. */
  #fault(): void {
    const place = this.#random.pick(PLACES);
    const [kind, downMs] = [this.#random.below(10), this.#random.below(MAX_DOWN_MS)];
    if (this.#away.has(place)) return;
    const mend = kind < 7 ? this.#killMember(place, downMs) : this.#away.size > 0 ? undefined : kind < 8 ? this.#killApiServer(place, downMs) : kind < 9 ? this.#compact(place) : this.#hang(place, downMs);
    if (mend !== undefined) this.#mending.push(mend);
  }

  async #killMember(place: Place, downMs: number): Promise<void> {
    if (this.#down.has(place)) return;
    this.#down.add(place);
    this.counts['member killed'] += 1;
    this.#happened(`${place}: member killed, for ${downMs.toString()} ms`);
    await this.#federation.killProcess(place);
    await sleep(downMs);
    await this.#federation.startProcess(place);
    this.#happened(`${place}: member runs again`);
    this.#down.delete(place);
  }

  async #killApiServer(place: Place, downMs: number): Promise<void> {
    this.#away.add(place);
    this.counts['API server killed'] += 1;
    this.#happened(`${place}: API server killed, for ${downMs.toString()} ms`);
    await this.#federation.cluster(place).kill();
    await sleep(downMs);
    await this.#federation.cluster(place).start();
    this.#happened(`${place}: API server runs again`);
    this.#away.delete(place);
  }

  async #compact(place: Place): Promise<void> {
    this.counts.compacted += 1;
    this.#happened(`${place}: compacted`);
    await this.#federation.cluster(place).compact();
  }

  async #hang(place: Place, downMs: number): Promise<void> {
    this.#away.add(place);
    this.counts.hung += 1;
    this.#happened(`${place}: API server hangs, for ${downMs.toString()} ms`);
    this.#federation.cluster(place).pause();
    await sleep(downMs);
    this.#federation.cluster(place).resume();
    this.#away.delete(place);
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
