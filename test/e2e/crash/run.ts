import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../simulation/random.ts';
import { LocalFederation, eventually } from '../local-federation.ts';
import type { Complaints, Fields } from './account.ts';
import { Account } from './account.ts';
import { Chaos } from './chaos.ts';
import { Editor, manifestOf } from './editor.ts';
import { conflictsListed, differences, routesOf } from './quiet.ts';

const MEMBERS = ['us-west', 'eu-west', 'ap-east'];
const PAIRS = [['us-west', 'eu-west'], ['us-west', 'ap-east'], ['eu-west', 'ap-east']] as const;
/** After so many cycles everything is healed and must become equal; then the other strategy is taken. */
const CYCLES_BETWEEN_LOOKS = 5;
const CYCLE_MS = 1200;
const EDITS_PER_CYCLE = 8;
const QUIET_PATIENCE_MS = 120_000;
/** Of what happened, so much is told with a finding. */
const TOLD_EVENTS = 80;

export interface CrashOptions { readonly cycles: number; readonly seed: number; readonly say: (line: string) => void }

/**
 * Real processes under kill -9, cuts and edits. After each few cycles it is quiet for a while, and then: all folders are equal, all
 * Merkle roots are equal, everybody has seen everything, and each edit is in view, written over by somebody who saw it, or listed.
 *
 * Four kinds of routes: *fields* (edited everywhere, never deleted), *mortal* (deleted and made anew as well), *contested* (begun at
 * several members, each without the others', and never written after) and *doomed* (known everywhere, then deleted). And operators write *applied* ones.
 */
export class CrashRun {
  readonly #options: CrashOptions;
  readonly #random: SeededRandom;
  readonly #federation: LocalFederation;
  readonly #account = new Account();
  readonly #editor: Editor;
  readonly #chaos: Chaos;
  readonly #events: string[] = [];
  readonly #contested: string[] = [];
  readonly #applied = new Map<string, string>();
  readonly #deleted: string[] = [];
  readonly #counts = { written: 0, changed: 0, removed: 0, deleted: 0, contested: 0, applied: 0, appliedUnanswered: 0, resolved: 0, looks: 0 };
  #doomed: readonly string[] = [];
  #routes: readonly string[] = [];
  #strategy = 'LastWriterWins';
  #edits = 0;

  constructor(federation: LocalFederation, options: CrashOptions) {
    this.#federation = federation;
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#editor = new Editor(federation, this.#account, (member) => this.#chaos.isDown(member));
    this.#chaos = new Chaos(federation, this.#random, (what) => { this.#happened(what); });
  }

  /** @throws with what is not so and what happened before */
  async run(): Promise<void> {
    // More is deleted here within a minute than the guard lets through (decision 16), which has tests of its own.
    for (const member of MEMBERS) await this.#federation.edit(member, 'novaedge-system/novaedgefederation.yaml', (text) => text.replace(/^ {2}sync:\n/m, '  sync:\n    massDelete: { percent: 100 }\n'));
    for (let cycle = 0; cycle < this.#options.cycles; cycle += 1) {
      if (cycle % CYCLES_BETWEEN_LOOKS === 0) await this.#begin(cycle / CYCLES_BETWEEN_LOOKS);
      this.#happened(`cycle ${cycle.toString()}`);
      await this.#cycle();
      const isLook = (cycle + 1) % CYCLES_BETWEEN_LOOKS === 0 || cycle + 1 === this.#options.cycles;
      if (isLook) await this.#look(`after cycle ${(cycle + 1).toString()} of ${this.#options.cycles.toString()}`);
    }
    await this.#resolveAll();
  }

  /** What was done, in a few lines. */
  summary(): string {
    const list = (counts: Readonly<Record<string, number>>): string => Object.entries(counts).map(([name, count]) => `${name} ${count.toString()}`).join(', ');
    return `seed ${this.#options.seed.toString()}, ${this.#options.cycles.toString()} cycles\n  edits: ${list(this.#counts)}\n  ${list(this.#chaos.counts)}\n  fields saved ${this.#account.size.toString()}, of which written over or deleted by somebody who saw them ${this.#account.covered.toString()}`;
  }

  /** New routes, under the other strategy; those that are to be deleted are known everywhere first. */
  async #begin(block: number): Promise<void> {
    await this.#choose(block % 2 === 0 ? 'Merge' : 'LastWriterWins');
    this.#routes = ['fields-a', 'fields-b', 'fields-c', 'mortal-a', 'mortal-b'].map((name) => `${name}-${block.toString()}`);
    this.#doomed = Array.from({ length: CYCLES_BETWEEN_LOOKS }, (_, at) => `doomed-${block.toString()}-${at.toString()}`);
    for (const route of this.#doomed) this.#editor.save(this.#random.pick(MEMBERS), route, () => ({ only: this.#newName('begin') }));
    await this.#eventually('the routes to be deleted are everywhere', async () => MEMBERS.flatMap((member) => {
      const routes = routesOf(this.#federation, member);
      return this.#doomed.filter((route) => !routes.has(route)).map((route) => `${route} is not at ${member}`);
    }));
  }

  async #choose(strategy: string): Promise<void> {
    this.#strategy = strategy;
    const { code, stderr } = await this.#federation.novactl('federation', 'set', `conflictResolution.strategy=${strategy}`, '--all-contexts');
    if (code !== 0) throw new Error(stderr);
    await this.#eventually(`${strategy} in force`, async () => {
      const found = await Promise.all(MEMBERS.map(async (member) => ({ member, strategy: (await this.#federation.operator(member).status()).strategy })));
      return found.filter((one) => one.strategy !== strategy).map(({ member }) => `not at ${member}`);
    });
  }

  /** Everything at once, each at a time of its own. */
  async #cycle(): Promise<void> {
    const random = this.#random;
    const contested = `contested-${this.#contested.length.toString()}`;
    this.#contested.push(contested);
    const work: Promise<void>[] = [];
    for (let at = 0; at < EDITS_PER_CYCLE; at += 1) work.push(this.#edit(random.pick(MEMBERS), random.pick(this.#routes), random.below(CYCLE_MS)));
    for (const member of MEMBERS) if (random.happens(0.75)) work.push(this.#contest(member, contested, random.below(CYCLE_MS / 2)));
    const [doomed, ...others] = this.#doomed;
    if (doomed !== undefined) work.push(this.#delete(random.pick(MEMBERS), doomed, random.below(CYCLE_MS)));
    this.#doomed = others;
    work.push(this.#apply(random.pick(MEMBERS), random.below(CYCLE_MS)));
    const dying = MEMBERS.filter(() => random.happens(0.45));
    for (const member of dying.length === 0 ? [random.pick(MEMBERS)] : dying) work.push(this.#chaos.kill(member, CYCLE_MS));
    for (const pair of PAIRS) if (random.happens(0.4)) work.push(this.#chaos.disturb(pair, CYCLE_MS));
    await Promise.all(work);
  }

  /** A field of its own, a field that others write as well, a field less, or no route any more. */
  async #edit(member: string, route: string, afterMs: number): Promise<void> {
    const what = this.#random.weighted({ written: 5, changed: 4, removed: 2, deleted: route.startsWith('mortal') ? 2 : 0 });
    const [shared, share] = [`shared${this.#random.below(3).toString()}`, this.#random.next()];
    await sleep(afterMs);
    const name = this.#newName(member);
    let done: string = what;
    this.#editor.save(member, route, (before) => {
      const fields = Object.keys(before ?? {});
      const victim = fields[Math.floor(share * fields.length)];
      done = before === undefined || (what === 'removed' && victim === undefined) ? 'written' : what;
      switch (done) {
        case 'changed': return { ...before, [shared]: name };
        case 'removed': return Object.fromEntries(Object.entries(before ?? {}).filter(([field]) => field !== victim)) satisfies Fields;
        case 'deleted': return undefined;
        default: return { ...before, [name]: name };
      }
    });
    this.#counts[done as 'written'] += 1;
    this.#happened(`${done} ${route} at ${member} (${name})`);
  }

  async #contest(member: string, route: string, afterMs: number): Promise<void> {
    await sleep(afterMs);
    const name = this.#newName(member);
    // Where another's is there already, a new one would cover all that its author was shown of, the losers among it.
    if (this.#editor.save(member, route, (before) => before ?? { only: name })?.['only'] !== name) return;
    this.#counts.contested += 1;
    this.#happened(`contested ${route} at ${member} (${name})`);
  }

  async #delete(member: string, route: string, afterMs: number): Promise<void> {
    await sleep(afterMs);
    this.#editor.save(member, route, () => undefined);
    this.#deleted.push(route);
    this.#counts.deleted += 1;
    this.#happened(`deleted ${route} at ${member}`);
  }

  /** An operator's write, which counts from when it was answered. */
  async #apply(member: string, afterMs: number): Promise<void> {
    await sleep(afterMs);
    const name = this.#newName(`operator-${member}`);
    const route = `applied-${this.#edits.toString()}`;
    try {
      await this.#federation.operator(member).apply(JSON.stringify(manifestOf(route, { only: name })), name);
      this.#applied.set(route, name);
      this.#counts.applied += 1;
      this.#happened(`applied ${route} at ${member}`);
    } catch {
      this.#counts.appliedUnanswered += 1;
    }
  }

  /** Heals all, and waits until everything is as it should be. */
  async #look(when: string): Promise<void> {
    for (const [a, b] of PAIRS) await this.#federation.control.heal(a, b);
    const started = Date.now();
    await this.#eventually(`all is well ${when}`, () => this.#complaints());
    for (const member of MEMBERS) {
      const outcomes = await this.#federation.operator(member).reconcile(undefined, AbortSignal.timeout(QUIET_PATIENCE_MS));
      const differing = outcomes.filter(({ outcome }) => outcome !== 'same');
      if (differing.length > 0) throw this.#finding(`${member} differs by Merkle comparison ${when}: ${JSON.stringify(differing)}`);
    }
    this.#counts.looks += 1;
    this.#options.say(`${when}, under ${this.#strategy}: all equal and accounted for ${(Date.now() - started).toString()} ms after the heal`);
  }

  async #complaints(): Promise<Complaints> {
    const unequal = await differences(this.#federation, MEMBERS);
    if (unequal.length > 0) return unequal;
    const routes = routesOf(this.#federation, MEMBERS[0] ?? '');
    const applied = [...this.#applied].filter(([route, name]) => routes.get(route)?.['only'] !== name).map(([route]) => `${route} was answered, and is not there`);
    const back = this.#deleted.filter((route) => routes.has(route)).map((route) => `${route} came back`);
    const saves = await Promise.all(MEMBERS.map(async (member) => {
      const listed = await conflictsListed(this.#federation, member);
      return [
        ...this.#routes.flatMap((route) => (this.#strategy === 'Merge' ? this.#account.merged(route, routes.get(route), route.startsWith('mortal')) : this.#account.lastWritten(route, routes.get(route)))),
        ...this.#contested.flatMap((route) => this.#account.listed(route, routes.get(route), listed.get(route))),
      ].map((text) => `${member}: ${text}`);
    }));
    return [...applied, ...back, ...saves.flat()];
  }

  /** A person keeps one version of every conflict; that ends it everywhere. */
  async #resolveAll(): Promise<void> {
    await this.#choose('Manual');
    const member = this.#random.pick(MEMBERS);
    const operator = this.#federation.operator(member);
    const pending = (await operator.conflicts(false)).filter(({ key }) => key.includes('contested'));
    for (const { key, versions } of pending) {
      await operator.resolve(key, this.#random.pick(versions).member, this.#newName('resolve'));
      this.#counts.resolved += 1;
    }
    await this.#eventually('what was resolved is no conflict anywhere', async () => {
      const left = await Promise.all(MEMBERS.map(async (name) => (await this.#federation.operator(name).conflicts(true)).filter(({ key }) => pending.some((one) => one.key === key)).map(({ key }) => `${key} at ${name}`)));
      const names = pending.map(({ key }) => key.split('/')[3] ?? '');
      const shown = MEMBERS.map((name) => JSON.stringify(names.map((route) => routesOf(this.#federation, name).get(route))));
      return [...left.flat(), ...(new Set(shown).size === 1 ? [] : ['the folders differ in what was resolved'])];
    });
  }

  #newName(by: string): string { this.#edits += 1; return `${by}-${this.#edits.toString()}`; }
  #happened(what: string): void { this.#events.push(`${new Date().toISOString().slice(11, 23)} ${what}`); }

  async #eventually(what: string, look: () => Promise<Complaints>): Promise<void> {
    try {
      // A member that has just been started may not answer yet.
      await eventually(what, () => look().catch((error: unknown) => [error instanceof Error ? error.message : String(error)]), (complaints) => complaints.length === 0, QUIET_PATIENCE_MS, 100);
    } catch (error) {
      throw this.#finding(error instanceof Error ? error.message : String(error));
    }
  }

  #finding(what: string): Error {
    return new Error(`${what}\n${this.summary()}\ndata is kept in ${this.#federation.data}; what happened last:\n  ${this.#events.slice(-TOLD_EVENTS).join('\n  ')}`);
  }
}

/** Starts a federation, runs the cycles, tells what was done. The data of a finding is kept. */
export async function crash(options: CrashOptions): Promise<void> {
  const federation = await LocalFederation.start();
  const run = new CrashRun(federation, options);
  try {
    await run.run();
  } catch (error) {
    await federation.stop();
    throw error;
  }
  await federation.remove();
  options.say(run.summary());
}
