import { AsyncLocalStorage } from 'node:async_hooks';
import type { Member, ResourceKey } from '../../shared/model/ids.ts';
import type { HeldRow, Row, Sibling } from '../../shared/model/row.ts';
import { hashText } from '../../shared/model/content.ts';
import { bodyHash } from '../../shared/model/row.ts';
import { MAX_CLOCK_LEAD_MS, compareStamps, laterStamp, zeroStamp } from '../../shared/model/stamp.ts';
import type { Stamp } from '../../shared/model/stamp.ts';
import { dotKey, sortedEntries } from '../../shared/model/version-vector.ts';
import type { Dot, VersionVector } from '../../shared/model/version-vector.ts';
import type { AdvanceTransaction, CommitTransaction, RowPut } from '../../shared/ports/store.ts';
import type { Checks } from './checks.ts';
import type { Changes, Oracle, WriteId } from './oracle.ts';
import { nobody } from './oracle.ts';
import type { SentCommit } from './sim-bridge.ts';
import type { SimCluster } from './sim-cluster.ts';
import { FIELDS, nameOf } from './sim-cluster.ts';

/** What a witness is told of its member and the world. */
export interface WitnessWorld {
  readonly member: Member;
  readonly cluster: () => SimCluster;
  readonly oracle: Oracle;
  readonly checks: Checks;
  readonly log: (line: string) => void;
  /** What the member's clock says. */
  readonly nowMs: () => number;
  /** Whether no other handler of the member runs. */
  readonly isAlone: () => boolean;
  /** Invariant 8: a delete is being collected here. */
  readonly requireStable: (key: ResourceKey, row: Row) => void;
  /** A write is made here. */
  readonly wrote: (key: ResourceKey, dot: Dot) => void;
}

/** What a handler is about: carrying out a commit of the bridge, or collecting. */
export type Handling = { readonly kind: 'commit'; readonly sent: SentCommit } | { readonly kind: 'collect' };

/** Sees every write that a member's store carries out, tells the oracle what it means, and holds it against what came before. */
export class Witness {
  /** On whose behalf a handler writes; several may run at once. */
  readonly handling = new AsyncLocalStorage<Handling>();
  readonly #world: WitnessWorld;
  /** What a row held when it had a context, so that it can be told what a token showed. */
  readonly #states = new Map<string, ReadonlySet<WriteId>>();
  readonly #rows = new Map<ResourceKey, HeldRow>();
  readonly #own = new Map<string, readonly WriteId[]>();
  readonly #sent = new Map<string, bigint>();
  readonly #heads = new Map<string, number>();
  /** The greatest stamps of the clock row, and of what was taken from others. */
  #clockStamp: Stamp = zeroStamp;
  #seenStamp: Stamp = zeroStamp;
  /** The latest that the member's clock ever said. */
  #latestMs = 0;

  constructor(world: WitnessWorld) { this.#world = world; }

  /** Told of every write that was carried out, in order. */
  wrote(method: string, argument: unknown, result: unknown): void {
    if (result !== 'ok') return;
    this.#latestMs = Math.max(this.#latestMs, this.#world.nowMs());
    if (method === 'advance') this.#seenStamp = laterStamp(this.#seenStamp, (argument as AdvanceTransaction).maxStamp);
    if (method === 'commit') this.#committed(argument as CommitTransaction);
    const puts = method === 'putRow' ? [argument as RowPut] : method === 'commit' || method === 'putOffLog' ? (argument as { puts: readonly RowPut[] }).puts : [];
    for (const { key, next } of puts) this.#put(key, next);
  }

  /** The table is that of a backup: these are its rows. What it lost may be gone for good. */
  restored(rows: Iterable<readonly [ResourceKey, HeldRow]>): void {
    this.#rows.clear();
    this.#seenStamp = zeroStamp;
    this.#sent.clear(); // the record of what came is lost with the table
    for (const [key, row] of rows) this.#put(key, row);
  }

  standing(key: ResourceKey): readonly WriteId[] { return (this.#rows.get(key)?.siblings ?? []).map(({ dot }) => dotKey(dot)); }
  get standingAnywhere(): readonly WriteId[] { return [...this.#rows.keys()].flatMap((key) => this.standing(key)); }
  /** The writes that a row held when it had this context. */
  stateAt(key: ResourceKey, context: VersionVector): ReadonlySet<WriteId> | undefined { return this.#states.get(stateName(key, context)); }

  #sending(): SentCommit | undefined {
    const handling = this.handling.getStore();
    return handling?.kind === 'commit' ? handling.sent : undefined;
  }

  #put(key: ResourceKey, next: HeldRow | 'drop'): void {
    const { oracle, member, requireStable } = this.#world;
    const before = this.#rows.get(key);
    if (next === 'drop') {
      const isCollecting = this.handling.getStore()?.kind === 'collect';
      if (before !== undefined && isCollecting) requireStable(key, before);
      oracle.dropped(key, this.standing(key), member, isCollecting);
      this.#rows.delete(key);
      return;
    }
    this.#rows.set(key, next);
    this.#states.set(stateName(key, next.context), oracle.closure(this.standing(key)));
  }

  #committed({ puts, segment, clock }: CommitTransaction): void {
    const { checks, member } = this.#world;
    const head = this.#heads.get(segment.log) ?? 0;
    checks.require(1, segment.first === head + 1, () => `${member}: ${segment.log} goes on at ${segment.first.toString()} after ${head.toString()}`);
    this.#heads.set(segment.log, segment.last);
    this.#requireRising(clock.hlc);
    for (const { key, next } of puts) {
      const sibling = next === 'drop' ? undefined : next.siblings.find(({ dot }) => dot.incarnation === segment.log && dot.counter >= segment.first && dot.counter <= segment.last);
      if (sibling !== undefined && next !== 'drop') this.#written(key, sibling, next);
    }
  }

  /** A member's clock rises above all it wrote and took, and is led by nobody more than a little. */
  #requireRising(hlc: Stamp): void {
    const { checks, member, isAlone } = this.#world;
    checks.require(7, compareStamps(hlc, this.#clockStamp) > 0, () => `${member}'s clock stands still at ${hlc.ms.toString()}`);
    // Handlers that run at once need not have seen what the other took.
    if (isAlone()) checks.require(7, compareStamps(hlc, this.#seenStamp) > 0, () => `${member} writes at ${hlc.ms.toString()}, having taken a write of ${this.#seenStamp.ms.toString()}`);
    checks.require(7, hlc.ms <= this.#latestMs + MAX_CLOCK_LEAD_MS, () => `${member}'s clock was moved to ${hlc.ms.toString()}, it never was later than ${this.#latestMs.toString()}`);
    this.#clockStamp = hlc;
  }

  #written(key: ResourceKey, sibling: Sibling, row: Row): void {
    const { oracle, log, member } = this.#world;
    const cluster = this.#world.cluster();
    const { origin, dot, body } = sibling;
    const before = this.standing(key);
    const shown = origin === 'operator' ? before : this.#shownToCluster(key, before, sibling);
    const ofCollected = before.length === 0 ? oracle.collectedAt(key) : nobody;
    const earlier = this.#ownEarlier(key, origin);
    this.#world.wrote(key, dot);
    this.#requireAsSent(key, sibling);
    this.#requireNewest(key, sibling);
    this.#requireAbove(key, sibling, row.siblings);
    const changes = this.#changes(key, sibling);
    log(`  ${nameOf(key)}: wrote ${dotKey(dot)} ${body.kind} at ${member} for ${origin} (${[...changes.set].map(([field, value]) => `${field}=${value ?? '-'}`).join(' ')}), who was shown [${[...shown].join(' ')}], over [${before.join(' ')}], context${stateName('', sibling.writerContext)}`);
    oracle.written(key, sibling, new Set([...shown, ...ofCollected, ...earlier]), changes);
    if (origin === 'operator') return;
    const name = `${origin} ${key}`;
    this.#own.set(name, [...(this.#own.get(name) ?? []), dotKey(dot)]);
    if (origin !== cluster.id) return;
    if (body.kind === 'live') cluster.taken.set(key, body.hash);
    cluster.displayed.set(key, new Set([...(cluster.displayed.get(key) ?? nobody), dotKey(dot)]));
  }

  /** What is written is what the cluster sent. */
  #requireAsSent(key: ResourceKey, { origin, body }: Sibling): void {
    const state = this.#sending()?.request.observations.find((one) => one.key === key)?.state;
    if (origin === 'operator' || state === undefined) return;
    const isSame = state.kind === 'live' ? body.kind === 'live' && body.hash === hashText(state.content) : body.kind === 'deleted';
    this.#world.checks.require(3, isSame, () => `${this.#world.member} ${key}: the cluster sent ${state.kind}, and ${body.kind === 'live' ? body.hash.slice(0, 8) : body.kind} was written`);
  }

  /** The fields that a write changed: all it has, where what its author started from is gone; an operator replaces the whole. */
  #changes(key: ResourceKey, { body, origin, stamp }: Sibling): Changes {
    if (stamp.ms === 0) return { set: new Map(), unsure: new Set(FIELDS) }; // a first contact yields to whatever stands
    if (body.kind === 'deleted' || body.content === undefined) return { set: new Map(), unsure: new Set() };
    const before = this.#rows.get(key);
    const edits = origin === 'operator' ? undefined : this.#sending()?.authors.get(key)?.edits;
    if (origin !== 'operator' && edits === undefined) return { set: new Map(), unsure: new Set(FIELDS) };
    const isThere = edits !== undefined && (before?.local.shown?.hash === edits.of || before?.siblings.some((sibling) => bodyHash(sibling.body) === edits.of) === true);
    if (isThere) return { set: edits.changes, unsure: new Set() };
    const { spec = {} } = JSON.parse(body.content) as { spec?: Record<string, string> };
    const missing = FIELDS.filter((field) => spec[field] === undefined);
    return origin === 'operator' ? { set: new Map(FIELDS.map((field) => [field, spec[field]])), unsure: new Set() } : { set: new Map(Object.entries(spec)), unsure: new Set(missing) };
  }

  /** A late retry says what the cluster was, not what it is: it may not be written over what came after. */
  #requireNewest(key: ResourceKey, { origin, dot }: Sibling): void {
    const observation = this.#sending()?.request.observations.find((one) => one.key === key);
    if (origin === 'operator' || observation === undefined) return;
    const name = `${origin} ${key}`;
    const [version, last] = [BigInt(observation.resourceVersion), this.#sent.get(name) ?? -1n];
    this.#world.checks.require(3, version > last, () => `${this.#world.member} ${key}: ${dotKey(dot)} writes resource version ${version.toString()} over ${last.toString()}`);
    this.#sent.set(name, version);
  }

  /** Whoever writes beside others expects to be the last writer; only a first contact stands below. */
  #requireAbove(key: ResourceKey, sibling: Sibling, row: readonly Sibling[]): void {
    if (sibling.stamp.ms === 0) return;
    const higher = row.find((other) => other !== sibling && compareStamps(other.stamp, sibling.stamp) >= 0);
    this.#world.checks.require(7, higher === undefined, () => `${key}: ${dotKey(sibling.dot)} was written after ${higher === undefined ? '' : dotKey(higher.dot)} and stands below it`);
  }

  /** One cluster never conflicts with itself: it knows all that it sent before. */
  #ownEarlier(key: ResourceKey, origin: string): readonly WriteId[] {
    const own = origin === 'operator' ? [] : (this.#own.get(`${origin} ${key}`) ?? []);
    const before = this.standing(key);
    return own.filter((id) => !this.#world.oracle.isUncertain(id) || before.includes(id));
  }

  /**
   * What the author of an edit was shown. Where no token can tell, the region goes by what it knows was shown, which may be less
   * than what was (its record lags), but never more.
   */
  #shownToCluster(key: ResourceKey, before: readonly WriteId[], sibling: Sibling): Iterable<WriteId> {
    const { oracle, checks, member } = this.#world;
    const author = this.#sending()?.authors.get(key);
    checks.require(6, author !== undefined, () => `${member} wrote ${key} for its cluster, which sent nothing`);
    if (author === undefined || author.isExact) return author?.knows ?? nobody;
    const assumed = this.stateAt(key, sibling.writerContext) ?? nobody;
    if (before.every((id) => oracle.isDelete(id))) return assumed; // a first contact covers deletes
    // What it sent before, and what that covered: the deletes of a first contact were never shown, and are covered all the same.
    const own = oracle.closure(this.#ownEarlier(key, sibling.origin));
    const excess = [...assumed].find((id) => !author.knows.has(id) && !own.has(id));
    checks.require(6, excess === undefined, () => `${member} ${key}: ${dotKey(sibling.dot)} was taken to know ${excess ?? ''}, which its cluster was never shown; displayed [${[...author.knows].join(' ')}], assumed [${[...assumed].join(' ')}]`);
    return assumed;
  }
}

const stateName = (key: string, context: VersionVector): string => `${key} ${sortedEntries(context).map(([log, counter]) => `${log}.${counter.toString()}`).join(' ')}`;
