import { MemoryStore, tornBackup } from '../../shared/adapters/memory/index.ts';
import type { GlobalTable, SimulatedLedger, Tables } from '../../shared/adapters/memory/index.ts';
import { filterOf, parseFederation } from '../../shared/model/federation-spec.ts';
import type { JsonObject } from '../../shared/model/content.ts';
import { asClusterId, asTableId } from '../../shared/model/ids.ts';
import type { Member, ResourceKey } from '../../shared/model/ids.ts';
import type { Row, Sibling } from '../../shared/model/row.ts';
import { compareStamps } from '../../shared/model/stamp.ts';
import { dotKey, sortedEntries } from '../../shared/model/version-vector.ts';
import type { VersionVector } from '../../shared/model/version-vector.ts';
import { openToken } from '../../shared/model/token.ts';
import { silentLogger } from '../../shared/ports/logger.ts';
import type { LedgerChange } from '../../shared/ports/ledger.ts';
import type { Region, Target } from '../../shared/ports/region.ts';
import type { CommitTransaction, RowPut } from '../../shared/ports/store.ts';
import { ensureServing } from '../../shared/replica/recover.ts';
import { joinDelete } from '../../shared/replica/ledger-deletes.ts';
import type { PeerHandlers } from '../../shared/replica/peer-handlers.ts';
import { peerHandlers } from '../../shared/replica/peer-handlers.ts';
import type { Replica } from '../../shared/replica/replica.ts';
import { DEFAULT_LIMITS } from '../../shared/replica/replica.ts';
import { regionOf } from '../../shared/replica/region.ts';
import { regionSecret } from '../../shared/replica/secret.ts';
import { tokenScope } from '../../shared/replica/targets.ts';
import { faultyStore } from './faulty-store.ts';
import type { StoreFaults } from './faulty-store.ts';
import type { Network } from './network.ts';
import type { Oracle, WriteId } from './oracle.ts';
import { Violation } from './oracle.ts';
import type { SeededRandom } from './random.ts';
import { SimCluster } from './sim-cluster.ts';
import type { SentCommit } from './sim-cluster.ts';

/** What a member shares with the world around it. */
export interface Surroundings {
  readonly random: SeededRandom;
  readonly oracle: Oracle;
  readonly network: Network;
  readonly ledgers: GlobalTable;
  readonly keys: readonly ResourceKey[];
  readonly nowMs: () => number;
  readonly turn: () => Promise<void> | undefined;
  readonly log: (line: string) => void;
  readonly found: (violation: unknown) => void;
}

const never = new AbortController().signal;
const strategies = ['LastWriterWins', 'Merge', 'Manual'];

/** One member: the real replica over the in-memory store, with its cluster and with faults between any two of its writes. */
export class SimMember {
  readonly name: Member;
  readonly replica: Replica;
  readonly region: Region;
  readonly handlers: PeerHandlers;
  readonly store: MemoryStore;
  readonly ledger: SimulatedLedger;
  readonly cluster: SimCluster;
  readonly heard: LedgerChange[] = [];
  backup: Tables | undefined;
  skewMs = 0;
  strategy: string;
  generation = 1;
  /** Faults of the operation that is running. */
  crashShare = 0;
  lostShare = 0;
  readonly #around: Surroundings;
  readonly #others: readonly Member[];
  readonly #states = new Map<string, ReadonlySet<WriteId>>();
  readonly #standing = new Map<ResourceKey, readonly WriteId[]>();
  readonly #own = new Map<string, readonly WriteId[]>();
  #secret: Uint8Array | undefined;
  isCollecting = false;
  #sending: SentCommit | undefined;
  #restores = 0;

  constructor(name: Member, members: readonly Member[], strategy: string, around: Surroundings) {
    this.name = name;
    this.#around = around;
    this.#others = members.filter((other) => other !== name);
    this.strategy = strategy;
    this.ledger = around.ledgers.replica(name, (change) => this.heard.push(change));
    this.store = new MemoryStore(this.ledger, asTableId(`table-${name}`));
    this.replica = this.#newReplica();
    this.region = regionOf(this.replica);
    this.handlers = peerHandlers(this.replica);
    this.cluster = new SimCluster(asClusterId(`cluster-${name}`), around.keys, filterOf(parseFederation(this.manifest())), (target) => this.#knowsOf(target));
    this.cluster.onSend = (sent) => { this.#sending = sent; };
    around.network.connect(name, () => this.handlers);
  }

  #newReplica(): Replica {
    const { random, network, nowMs } = this.#around;
    const faults: StoreFaults = {
      turn: () => this.#around.turn(),
      around: () => (random.happens(this.crashShare) ? 'crash' : random.happens(this.lostShare) ? 'lost' : undefined),
      wrote: (method, argument, result) => {
        try {
          this.#note(method, argument, result);
        } catch (error) {
          this.#around.found(error); // the product may catch what is thrown through it
        }
      },
    };
    return {
      identity: { federationId: 'sim', member: this.name, hub: undefined },
      limits: { ...DEFAULT_LIMITS, minimumTombstoneTtlMs: 20 * 60 * 1000, logRetentionMs: 2 * 3_600_000, pullRounds: 50 },
      store: faultyStore(this.store, faults),
      ledger: this.ledger,
      peers: { peer: (member) => (this.#others.includes(member) ? network.peer(this.name, member) : undefined) },
      clock: { nowMs: () => nowMs() + this.skewMs, sleep: untilAborted },
      random: { bytes: (length) => random.bytes(length) },
      events: { publish: () => Promise.resolve() },
      wakeups: { arm: () => ({ wait: () => Promise.resolve() }) },
      logger: silentLogger,
      settingsCache: { current: undefined },
    };
  }

  /** The member's NovaEdgeFederation object. */
  manifest(): JsonObject {
    return {
      apiVersion: 'novaedge.io/v1alpha1', kind: 'NovaEdgeFederation', metadata: { name: 'sim', namespace: 'default' },
      spec: {
        federationID: 'sim', mode: 'mesh',
        localMember: { name: this.name, endpoint: `${this.name}:9090` },
        members: this.#others.map((name) => ({ name, endpoint: `${name}:9090` })),
        sync: { batchSize: 3 },
        antiEntropy: { batchSize: 20 },
        conflictResolution: { strategy: this.strategy, tombstoneTTL: '20m' },
      },
    };
  }

  async start(): Promise<void> {
    await ensureServing(this.replica, never);
    this.#secret = await regionSecret(this.replica);
    await this.putFederation();
  }

  async putFederation(): Promise<void> {
    const { id: clusterId, leaseEpoch } = this.cluster;
    await this.region.putFederation({ clusterId, leaseEpoch, manifest: JSON.stringify(this.manifest()), generation: this.generation, schemaGaps: [] }, never);
  }

  async changeStrategy(random: SeededRandom): Promise<void> {
    this.strategy = random.pick(strategies);
    this.generation += 1;
    await this.putFederation();
  }

  /** Restores the table from the backup: another table, the ledger as it is. */
  async restore(random: SeededRandom, elsewhere: readonly SimMember[]): Promise<void> {
    if (this.backup === undefined) return;
    this.#around.oracle.restored(this.#around.oracle.closure(elsewhere.flatMap((other) => [...other.#standing.values()].flat())));
    this.#restores += 1;
    this.store.restore(this.backup, asTableId(`table-${this.name}-${this.#restores.toString()}`));
    this.replica.settingsCache.current = undefined;
    if (random.happens(0.7)) this.backup = undefined;
    this.#standing.clear();
    this.#sent.clear(); // the record of what came is lost with the table
    for (const [key, row] of (await this.store.list(undefined, 1000)).rows) this.#remember(key, row);
    for (const [name, ids] of this.#own) this.#own.set(name, ids.filter((id) => !this.#around.oracle.isUncertain(id)));
  }

  takeBackup(random: SeededRandom): void {
    const later = this.store.snapshot();
    this.backup = this.backup !== undefined && random.happens(0.5) ? tornBackup(this.backup, later, () => random.happens(0.5)) : later;
  }

  /** Takes in what the ledger's stream has told, in any order. */
  async hear(random: SeededRandom): Promise<readonly Member[]> {
    const changes = this.heard.splice(0);
    const rung: Member[] = [];
    while (changes.length > 0) {
      const [change] = changes.splice(random.below(changes.length), 1);
      if (change?.kind === 'delete') await joinDelete(this.replica, change.delete);
      if (change?.kind === 'clock') rung.push(change.clock.member);
    }
    return rung;
  }

  /** Told of every write that was carried out, in order. */
  #note(method: string, argument: unknown, result: unknown): void {
    if (result !== 'ok') return;
    if (method === 'commit') this.#noteCommit(argument as CommitTransaction);
    const puts = method === 'putRow' ? [argument as RowPut] : method === 'commit' || method === 'putOffLog' ? (argument as { puts: readonly RowPut[] }).puts : [];
    for (const { key, next } of puts) this.#remember(key, next);
  }

  /** Which versions a row held when it had this context, so that it can be told what a token showed. */
  #remember(key: ResourceKey, next: Row | 'drop'): void {
    const { oracle } = this.#around;
    if (next === 'drop') {
      if (this.isCollecting) oracle.collected(key, this.#standing.get(key) ?? []);
      this.#standing.delete(key);
      return;
    }
    const ids = next.siblings.map(({ dot }) => dotKey(dot));
    this.#standing.set(key, ids);
    this.#states.set(stateName(key, next.context), oracle.closure(ids));
  }

  #noteCommit({ puts, segment }: CommitTransaction): void {
    const { oracle } = this.#around;
    for (const { key, next } of puts) {
      const sibling = next === 'drop' ? undefined : next.siblings.find(({ dot }) => dot.incarnation === segment.log && dot.counter >= segment.first && dot.counter <= segment.last);
      if (sibling === undefined) continue;
      const before = this.#standing.get(key) ?? [];
      const shown = sibling.origin === 'operator' ? before : this.#shownToCluster(key, before, sibling);
      const ofCollected = before.length === 0 ? oracle.collectedAt(key) : [];
      this.#requireNewest(key, sibling);
      requireAbove(key, sibling, next === 'drop' ? [] : next.siblings);
      this.#around.log(`  wrote ${key.split('/')[3] ?? ''} ${dotKey(sibling.dot)} ${sibling.body.kind} at ${this.name} by ${sibling.origin}, shown [${[...shown].join(' ')}], before [${before.join(' ')}], context ${stateName('' as ResourceKey, sibling.writerContext)}`);
      oracle.written(key, sibling, new Set([...shown, ...ofCollected, ...this.#ownEarlier(key, sibling.origin)]));
      if (sibling.origin === this.cluster.id && sibling.body.kind === 'live') this.cluster.taken.set(key, sibling.body.hash);
      if (sibling.origin === this.cluster.id) this.cluster.displayed.set(key, new Set([...(this.cluster.displayed.get(key) ?? []), dotKey(sibling.dot)]));
      this.#own.set(`${sibling.origin} ${key}`, [...this.#ownEarlier(key, sibling.origin), dotKey(sibling.dot)]);
    }
  }

  readonly #sent = new Map<string, bigint>();

  /** A late retry says what the cluster was, not what it is: it may not be written over what came after. */
  #requireNewest(key: ResourceKey, sibling: Sibling): void {
    const observation = this.#sending?.request.observations.find((one) => one.key === key);
    if (sibling.origin === 'operator' || observation === undefined) return;
    const name = `${sibling.origin} ${key}`;
    const version = BigInt(observation.resourceVersion);
    if (version <= (this.#sent.get(name) ?? -1n)) throw new Violation(3, `${this.name} ${key}: ${dotKey(sibling.dot)} writes resource version ${version.toString()} over ${(this.#sent.get(name) ?? 0n).toString()}`);
    this.#sent.set(name, version);
  }

  /** One cluster never conflicts with itself: it knows all that it sent before. */
  #ownEarlier(key: ResourceKey, origin: string): readonly WriteId[] { return origin === 'operator' ? [] : (this.#own.get(`${origin} ${key}`) ?? []); }

  /**
   * What the author of an edit was shown. Where no token can tell, the region goes by what it knows was shown, which may be less
   * than what was (its record lags), but never more.
   */
  #shownToCluster(key: ResourceKey, before: readonly WriteId[], sibling: Sibling): Iterable<WriteId> {
    const { oracle } = this.#around;
    const author = this.#sending?.authors.get(key);
    if (author === undefined) throw new Violation(6, `${this.name} wrote ${key} for its cluster, which sent nothing`);
    if (author.isExact) return author.knows;
    const assumed = this.#states.get(stateName(key, sibling.writerContext)) ?? new Set<WriteId>();
    if (before.every((id) => oracle.isDelete(id))) return assumed; // a first contact covers deletes
    const own = new Set(this.#ownEarlier(key, sibling.origin));
    const excess = [...assumed].find((id) => !author.knows.has(id) && !own.has(id));
    if (excess !== undefined) throw new Violation(6, `${this.name} ${key}: ${dotKey(sibling.dot)} was taken to know ${excess}, which its cluster was never shown; displayed [${[...author.knows].join(" ")}], assumed [${[...assumed].join(" ")}], context ${stateName("" as ResourceKey, sibling.writerContext)}`);
    return assumed;
  }

  /** What a target shows: the state of the row that it was made from. */
  #knowsOf(target: Target): ReadonlySet<WriteId> {
    const { oracle } = this.#around;
    if (target.show.kind === 'gone' || this.#secret === undefined) return new Set([...oracle.collectedAt(target.key), ...oracle.closure(this.#standing.get(target.key) ?? [])]);
    const token = openToken(this.#secret, tokenScope(this.replica, target.key, this.cluster.id), target.show.token);
    const known = token === undefined ? undefined : this.#states.get(stateName(target.key, token.context));
    if (known === undefined) throw new Violation(6, `${this.name} made a token for a state of ${target.key} that its row never had: ${token === undefined ? "no token" : stateName(target.key, token.context)}`);
    return known;
  }
}

/** Whoever writes beside others expects to be the last writer; only a first contact stands below. */
function requireAbove(key: ResourceKey, sibling: Sibling, row: readonly Sibling[]): void {
  if (sibling.stamp.ms === 0) return;
  const higher = row.find((other) => other !== sibling && compareStamps(other.stamp, sibling.stamp) >= 0);
  if (higher !== undefined) throw new Violation(7, `${key}: ${dotKey(sibling.dot)} was written after ${dotKey(higher.dot)} and stands below it`);
}

/** No call takes long in virtual time, so no deadline ever passes. */
const untilAborted = (_ms: number, signal?: AbortSignal): Promise<void> => new Promise((_resolve, reject) => {
  signal?.addEventListener('abort', () => { reject(new Error('no longer waited for')); }, { once: true });
});

const stateName = (key: ResourceKey, context: VersionVector): string => `${key} ${sortedEntries(context).map(([log, counter]) => `${log}.${counter.toString()}`).join(' ')}`;
