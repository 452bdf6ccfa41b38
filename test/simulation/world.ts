import { GlobalTable } from '../../shared/adapters/memory/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import type { ClusterId, Member, ResourceKey } from '../../shared/model/ids.ts';
import { resourceKey } from '../../shared/model/resource-key.ts';
import { Checks } from './checks.ts';
import { Faults } from './faults.ts';
import { Network } from './network.ts';
import { Oracle } from './oracle.ts';
import { SeededRandom } from './random.ts';
import type { SentCommit } from './sim-bridge.ts';
import type { KeptCopy } from './sim-cluster.ts';
import { SimMember } from './sim-member.ts';
import { StabilityWatch } from './stability-watch.ts';
import { Tally } from './tally.ts';
import { Turns } from './turns.ts';

const KEYS: readonly ResourceKey[] = ['a', 'b', 'c'].map((name) => resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name }));
const START_MS = Date.UTC(2026, 0, 1);
/** Copies of objects that somebody keeps, the newest ones. */
const MAX_COPIES = 30;

/** A federation under virtual time. One seed makes one run. */
export class World {
  readonly random: SeededRandom;
  readonly faults: Faults;
  readonly checks = new Checks();
  readonly operations = new Tally();
  readonly oracle = new Oracle(this.checks);
  readonly stability = new StabilityWatch(this.checks, this.oracle, () => this.members);
  readonly network: Network;
  readonly ledgers: GlobalTable;
  readonly turns: Turns;
  /** Those that have not left. */
  members: readonly SimMember[];
  /** Those that have: they answer, and do nothing by themselves. */
  gone: readonly SimMember[] = [];
  readonly keys = KEYS;
  readonly trace: string[] = [];
  nowMs = START_MS;
  /** Commits that were sent and have not arrived. */
  readonly late: { readonly member: SimMember; readonly sent: SentCommit }[] = [];
  readonly #copies: KeptCopy[] = [];
  #found: Error | undefined;
  #numbers = 0;

  constructor(seed: number, disabled: ReadonlySet<string> = new Set()) {
    this.random = new SeededRandom(seed);
    this.faults = new Faults(this.random, disabled);
    this.network = new Network(this.random, this.faults);
    this.turns = new Turns(this.random);
    this.ledgers = new GlobalTable(() => this.nowMs);
    const names = ['us', 'eu', 'ap'].slice(0, this.random.happens(0.25) ? 2 : 3).map(asMember);
    const strategy = this.random.pick(['LastWriterWins', 'LastWriterWins', 'Merge', 'Manual']);
    const { random, faults, checks, oracle, stability, network, ledgers, turns, keys } = this;
    this.members = names.map((name) => new SimMember(name, names, strategy, {
      random, faults, checks, oracle, stability, network, ledgers, turns, keys, nowMs: () => this.nowMs, log: (line) => { this.trace.push(line); },
      found: (violation) => { this.#found ??= violation instanceof Error ? violation : new Error(String(violation)); }, others: () => this.members,
    }));
  }

  async start(): Promise<void> {
    for (const member of this.members) await member.start();
    this.ledgers.settle();
    for (const member of this.members) member.forgetHeard();
  }

  /** A violation that was found while something else was at work. */
  get found(): Error | undefined { return this.#found; }
  /** @throws it */
  rethrow(): void { if (this.#found !== undefined) throw this.#found; }

  member(name: Member): SimMember {
    const found = [...this.members, ...this.gone].find((member) => member.name === name);
    if (found === undefined) throw new RangeError(name);
    return found;
  }
  noteLeft(member: SimMember): void {
    if (this.gone.includes(member)) return;
    this.members = this.othersOf(member);
    this.gone = [...this.gone, member];
  }
  othersOf(member: SimMember): readonly SimMember[] { return this.members.filter((other) => other !== member); }

  /** A number that was not used before in this run. */
  number(): number { this.#numbers += 1; return this.#numbers; }

  keepCopy(key: ResourceKey, { cluster }: SimMember): void {
    const object = cluster.objects.get(key);
    if (object?.token === undefined) return;
    this.#copies.push({ key, object, from: cluster.id });
    if (this.#copies.length > MAX_COPIES) this.#copies.shift();
  }
  /** A copy somebody kept in this cluster, or in another one. */
  copy(cluster: ClusterId, isOwn: boolean): KeptCopy | undefined {
    const fitting = this.#copies.filter(({ from }) => (from === cluster) === isOwn);
    return fitting.length === 0 ? undefined : this.random.pick(fitting);
  }
}
