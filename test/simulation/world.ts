import { GlobalTable } from '../../shared/adapters/memory/index.ts';
import { asClusterId, asMember } from '../../shared/model/ids.ts';
import type { Member, ResourceKey } from '../../shared/model/ids.ts';
import { resourceKey } from '../../shared/model/resource-key.ts';
import { reconcileWith } from '../../shared/replica/anti-entropy.ts';
import { collect } from '../../shared/replica/collect.ts';
import { beat } from '../../shared/replica/heartbeat.ts';
import { publishDeletes } from '../../shared/replica/ledger-deletes.ts';
import { operatorOf } from '../../shared/replica/operator.ts';
import { pushTo } from '../../shared/replica/push.ts';
import { ensureServing } from '../../shared/replica/recover.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import type { ClusterObject, SentCommit } from './sim-cluster.ts';
import { Network } from './network.ts';
import { Oracle } from './oracle.ts';
import { SeededRandom } from './random.ts';
import { SimMember } from './sim-member.ts';

const KEYS: readonly ResourceKey[] = ['a', 'b', 'c'].map((name) => resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name }));
const FIELDS = ['x', 'y', 'z'];
const never = new AbortController().signal;
const START_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;
/** Microtasks given to running handlers before another one is let go on: about as many as lie between two calls of the store. */
const TICKS_BETWEEN_TURNS = 12;

/** The operations of a schedule, as often as their weight says. */
const OPERATIONS = {
  edit: 14, remove: 9, bridge: 22, commitLate: 4, pull: 16, push: 5, beat: 8, ledger: 8, publish: 5, collect: 5, reconcile: 4, straggler: 6,
  time: 6, drain: 3, cut: 2, heal: 3, backup: 2, restore: 1, restoreCopy: 3, rebuild: 0.6, strategy: 1.5, operate: 4, interleave: 6, skew: 1,
} as const;
export type Operation = keyof typeof OPERATIONS;

/** What a run did. */
export interface RunReport { readonly seed: number; readonly operations: Readonly<Record<string, number>>; readonly writes: number; readonly trace: readonly string[] }

/** A federation under virtual time. One seed makes one run. */
export class World {
  readonly random: SeededRandom;
  readonly oracle = new Oracle();
  readonly network: Network;
  readonly members: readonly SimMember[];
  readonly ledgers: GlobalTable;
  readonly operations: Record<string, number> = {};
  readonly trace: string[] = [];
  nowMs = START_MS;
  readonly #late: { member: SimMember; sent: SentCommit }[] = [];
  readonly #copies: { key: ResourceKey; object: ClusterObject; from: string }[] = [];
  readonly #waiting: (() => void)[] = [];
  #isInterleaving = false;
  #found: Error | undefined;
  #values = 0;
  #rebuilt = 0;
  #disabled: ReadonlySet<string>;

  constructor(seed: number, disabled: ReadonlySet<string> = new Set()) {
    this.random = new SeededRandom(seed);
    this.#disabled = disabled;
    this.network = new Network(this.random);
    this.ledgers = new GlobalTable(() => this.nowMs);
    const names = ['us', 'eu', 'ap'].slice(0, this.random.happens(0.25) ? 2 : 3).map(asMember);
    const strategy = this.random.pick(['LastWriterWins', 'LastWriterWins', 'Merge', 'Manual']);
    this.members = names.map((name) => new SimMember(name, names, strategy, {
      keys: KEYS, random: this.random, oracle: this.oracle, network: this.network, ledgers: this.ledgers, nowMs: () => this.nowMs, turn: () => this.#turn(), log: (line) => { this.trace.push(line); }, found: (violation) => { this.#found ??= asError(violation); },
    }));
  }

  /** Throws what was found while something else was at work. */
  rethrow(): void { if (this.#found !== undefined) throw this.#found; }
  get found(): Error | undefined { return this.#found; }

  async start(): Promise<void> {
    for (const member of this.members) await member.start();
    this.ledgers.settle();
    for (const member of this.members) member.heard.splice(0);
  }

  /** One random operation with random faults around it. */
  async step(): Promise<void> {
    const operation = this.random.weighted(OPERATIONS);
    if (this.#disabled.has(operation)) return;
    this.operations[operation] = (this.operations[operation] ?? 0) + 1;
    this.nowMs += 1 + this.random.below(3000);
    const member = this.random.pick(this.members);
    const isFaulty = this.random.happens(0.35) && !this.#disabled.has('faults');
    member.crashShare = isFaulty && this.random.happens(0.4) ? 0.15 : 0;
    member.lostShare = isFaulty && this.random.happens(0.4) ? 0.15 : 0;
    this.network.faults = isFaulty ? { lost: 0.1, answerLost: 0.1, truncated: 0.15, kept: 0.5 } : { lost: 0, answerLost: 0, truncated: 0, kept: 0.3 };
    this.trace.push(`${operation} ${member.name}`);
    try {
      await this.#perform(operation, member);
    } catch (error) {
      if (isTheirs(error)) throw error;
      this.trace.push(`  ${error instanceof Error ? error.message.slice(0, 120) : 'failed'}`);
    } finally {
      member.crashShare = 0;
      member.lostShare = 0;
      member.isCollecting = false;
    }
  }

  async #perform(operation: Operation, member: SimMember): Promise<void> {
    const { random } = this;
    const { cluster, replica } = member;
    const other = random.pick(this.members.filter((candidate) => candidate !== member));
    const peer = this.network.peer(member.name, other.name);
    const key = random.pick(KEYS);
    switch (operation) {
      case 'edit': cluster.userWrites(key, random.pick(FIELDS), this.#value()); this.#keepCopy(key, member); return;
      case 'remove': cluster.userDeletes(key); return;
      case 'bridge': return this.#bridge(member);
      case 'commitLate': return this.#commitLate(member);
      case 'pull': await pullFrom(replica, peer, never); return;
      case 'push': await pushTo(replica, peer, Math.max(0, ((await member.store.state()).clock?.head ?? 0) - random.below(5)), never); return;
      case 'beat': await beat(replica, peer, never); return;
      case 'ledger': {
        this.ledgers.deliver({ random: random.next, share: 0.6, mergeShare: 0.3, repeatShare: 0.2, silentShare: 0.1, lossShare: 0.03 });
        for (const rung of await member.hear(random)) if (random.happens(0.7)) await pullFrom(replica, this.network.peer(member.name, rung), never);
        return;
      }
      case 'publish': await publishDeletes(replica); return;
      case 'collect': member.isCollecting = true; await collect(replica); return;
      case 'reconcile': await reconcileWith(replica, peer, never); return;
      case 'straggler': return this.#deliverStraggler();
      case 'time': this.nowMs += random.pick([MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, 180 * MINUTE_MS]); return;
      case 'drain': return this.drain(1 + random.below(2), random.happens(0.6));
      case 'cut': this.network.cut(member.name, other.name); return;
      case 'heal': this.network.heal(); return;
      case 'backup': member.takeBackup(random); return;
      case 'restore': await member.restore(random, this.members.filter((candidate) => candidate !== member)); await ensureServing(replica, never); return;
      case 'restoreCopy': {
        const mine = this.#copies.filter((copy) => cluster.objects.has(copy.key) || random.happens(0.5));
        if (mine.length > 0) { const copy = random.pick(mine); cluster.userRestores(copy.key, copy.object, copy.from === cluster.id); }
        return;
      }
      case 'rebuild': this.#rebuilt += 1; cluster.rebuild(asClusterId(`cluster-${member.name}-${this.#rebuilt.toString()}`), random.happens(0.4)); return;
      case 'strategy': await member.changeStrategy(random); return;
      case 'operate': return this.#operate(member, key);
      case 'interleave': return this.#interleave(member);
      case 'skew': member.skewMs = random.pick([0, 0, 2000, -90_000, 4 * MINUTE_MS, 30 * 24 * 60 * MINUTE_MS]); return;
      default: throw new RangeError(operation satisfies never);
    }
  }

  #value(): string { this.#values += 1; return `value-${this.#values.toString()}`; }

  #keepCopy(key: ResourceKey, { cluster }: SimMember): void {
    const object = cluster.objects.get(key);
    if (object?.token !== undefined) this.#copies.push({ key, object, from: cluster.id });
  }

  async #bridge(member: SimMember): Promise<void> {
    const { cluster, region } = member;
    for (const [key, object] of cluster.objects) if (object.token !== undefined && this.random.happens(0.1)) this.#copies.push({ key, object, from: cluster.id });
    if (this.random.happens(0.85)) await cluster.pullAndShow(region, 1 + this.random.below(5));
    if (this.random.happens(0.85)) await cluster.commitDirty(region, (sent) => sent);
  }

  /** A commit that is sent but arrives when it likes, perhaps after others, perhaps twice. */
  async #commitLate(member: SimMember): Promise<void> {
    if (this.#late.length > 0 && this.random.happens(0.6)) {
      const late = this.random.pick(this.#late);
      if (this.random.happens(0.5)) this.#late.splice(this.#late.indexOf(late), 1);
      const results = await late.member.cluster.send(late.member.region, late.sent);
      if (results !== undefined) late.member.cluster.settle(late.sent, results);
      return;
    }
    const sent = member.cluster.prepareCommit([...member.cluster.dirty]);
    if (sent !== undefined) this.#late.push({ member, sent });
  }

  async #deliverStraggler(): Promise<void> {
    const { stragglers } = this.network;
    if (stragglers.length === 0) return;
    const { from, to, request } = this.random.pick(stragglers);
    await this.#member(to).handlers.push(from, request, never);
  }

  async #operate(member: SimMember, key: ResourceKey): Promise<void> {
    const operator = operatorOf(member.replica);
    const requestId = this.#value();
    const { name } = { name: key.split('/')[3] ?? '' };
    if (this.random.happens(0.3)) { await operator.delete(key, requestId); return; }
    const [conflict] = await operator.conflicts(true);
    if (conflict !== undefined && this.random.happens(0.6)) {
      await operator.resolve(conflict.key, this.random.pick(['local', 'remote', ...conflict.versions.map((version) => version.member)]), requestId);
      return;
    }
    await operator.apply(JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name, namespace: 'default' }, spec: { [this.random.pick(FIELDS)]: requestId } }), requestId);
  }

  /** Several handlers of one member at the same time, in random order of their steps. */
  async #interleave(member: SimMember): Promise<void> {
    const others = this.members.filter((other) => other !== member);
    const jobs: (() => Promise<unknown>)[] = [
      () => pullFrom(member.replica, this.network.peer(member.name, this.random.pick(others).name), never),
      () => pullFrom(member.replica, this.network.peer(member.name, this.random.pick(others).name), never),
      () => member.cluster.commitDirty(member.region, (sent) => sent),
      () => beat(member.replica, this.network.peer(member.name, this.random.pick(others).name), never),
      () => this.#deliverStraggler(),
      () => reconcileWith(member.replica, this.network.peer(member.name, this.random.pick(others).name), never),
      () => this.#operate(member, this.random.pick(KEYS)),
      () => collect(member.replica),
    ];
    const chosen = jobs.filter(() => this.random.happens(0.45));
    member.isCollecting = true;
    this.#isInterleaving = true;
    let running = chosen.length;
    const failures: Error[] = [];
    const all = chosen.map((job) => job().catch((error: unknown) => { failures.push(asError(error)); }).finally(() => { running -= 1; }));
    while (running > 0) {
      for (let tick = 0; tick < TICKS_BETWEEN_TURNS; tick += 1) await undefined;
      if (this.#waiting.length > 0) this.#waiting.splice(this.random.below(this.#waiting.length), 1)[0]?.();
    }
    this.#isInterleaving = false;
    await Promise.all(all);
    const theirs = failures.find(isTheirs);
    if (theirs !== undefined) throw theirs;
  }

  #turn(): Promise<void> | undefined {
    if (!this.#isInterleaving) return undefined;
    return new Promise((resolve) => { this.#waiting.push(resolve); });
  }

  #member(name: Member): SimMember {
    const found = this.members.find((member) => member.name === name);
    if (found === undefined) throw new RangeError(name);
    return found;
  }

  /** Everybody tells everybody everything they can reach, and collects what may go. */
  async drain(rounds: number, collecting: boolean): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      for (const member of this.members) {
        await ensureServing(member.replica, never);
        for (const other of this.members) {
          if (other === member) continue;
          const peer = this.network.peer(member.name, other.name);
          await pullFrom(member.replica, peer, never);
          await beat(member.replica, peer, never);
        }
        await publishDeletes(member.replica);
        await this.#bridge(member);
      }
      this.ledgers.deliver({ random: this.random.next, share: 0.9 });
      for (const member of this.members) await member.hear(this.random);
      if (!collecting) continue;
      this.nowMs += 25 * MINUTE_MS;
      for (const member of this.members) { member.isCollecting = true; await collect(member.replica); member.isCollecting = false; }
    }
  }
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

/** Errors that are findings, not faults the run made itself. */
const isTheirs = (error: unknown): boolean => error instanceof Error && (error.name === 'Violation' || error instanceof TypeError || error instanceof RangeError);
