import { MemoryStore, tornBackup } from '../../shared/adapters/memory/index.ts';
import type { GlobalTable, SimulatedLedger, Tables } from '../../shared/adapters/memory/index.ts';
import type { JsonObject } from '../../shared/model/content.ts';
import { filterOf, parseFederation } from '../../shared/model/federation-spec.ts';
import { asClusterId, asTableId } from '../../shared/model/ids.ts';
import type { Hash, Member, ResourceKey } from '../../shared/model/ids.ts';
import { openToken } from '../../shared/model/token.ts';
import type { SealingKey, Token } from '../../shared/model/token.ts';
import { covers, mergeVectors } from '../../shared/model/version-vector.ts';
import type { VersionVector } from '../../shared/model/version-vector.ts';
import type { LedgerChange } from '../../shared/ports/ledger.ts';
import { silentLogger } from '../../shared/ports/logger.ts';
import type { Peer } from '../../shared/ports/peer.ts';
import type { BridgeCommitResponse, Observation, Region, Target } from '../../shared/ports/region.ts';
import { joinDelete } from '../../shared/replica/ledger-deletes.ts';
import { readClusterFacts, shownOf } from '../../shared/replica/bridge-record.ts';
import { collect } from '../../shared/replica/collect.ts';
import type { PeerHandlers } from '../../shared/replica/peer-handlers.ts';
import { peerHandlers } from '../../shared/replica/peer-handlers.ts';
import { everWritten } from '../../shared/replica/position.ts';
import type { ProcessMemory } from '../../shared/replica/process-memory.ts';
import { newProcessMemory } from '../../shared/replica/process-memory.ts';
import { ensureServing } from '../../shared/replica/recover.ts';
import { regionOf } from '../../shared/replica/region.ts';
import type { Replica } from '../../shared/replica/replica.ts';
import { DEFAULT_LIMITS } from '../../shared/replica/replica.ts';
import { regionSecret } from '../../shared/replica/secret.ts';
import { tokenScope } from '../../shared/replica/targets.ts';
import type { Checks } from './checks.ts';
import type { Faults } from './faults.ts';
import { faultyStore } from './faulty-store.ts';
import type { Network } from './network.ts';
import type { Oracle, WriteId } from './oracle.ts';
import type { SeededRandom } from './random.ts';
import { SimBridge } from './sim-bridge.ts';
import type { SentCommit, Witnessed } from './sim-bridge.ts';
import { ANYTHING, SimCluster } from './sim-cluster.ts';
import type { StabilityWatch } from './stability-watch.ts';
import type { Turns } from './turns.ts';
import { Witness } from './witness.ts';

/** What a member shares with the world around it. */
export interface Surroundings {
  readonly random: SeededRandom;
  readonly faults: Faults;
  readonly checks: Checks;
  readonly oracle: Oracle;
  readonly stability: StabilityWatch;
  readonly network: Network;
  readonly ledgers: GlobalTable;
  readonly turns: Turns;
  readonly keys: readonly ResourceKey[];
  readonly nowMs: () => number;
  readonly log: (line: string) => void;
  /** Takes what was found inside the product, which may catch what is thrown through it. */
  readonly found: (violation: unknown) => void;
  readonly others: () => readonly SimMember[];
}

const never = new AbortController().signal;
const STRATEGIES = ['LastWriterWins', 'Merge', 'Manual'];
/** Share of a storming handler's writes before which it dies, and of those whose answer is lost. */
const WRITE_FAULT_SHARE = 0.15;
const MINUTE_MS = 60_000;
export const TOMBSTONE_TTL_MS = 20 * MINUTE_MS;
const LOG_RETENTION_MS = 120 * MINUTE_MS;

/** One member: the real replica over the in-memory store, with its cluster and bridge, and faults between any two of its writes. */
export class SimMember {
  readonly name: Member;
  readonly replica: Replica;
  readonly region: Region;
  readonly store: MemoryStore;
  readonly ledger: SimulatedLedger;
  readonly cluster: SimCluster;
  readonly bridge: SimBridge;
  readonly witness: Witness;
  readonly handlers: PeerHandlers;
  skewMs = 0;
  isDown = false;
  /** Faults of the operation that is running: whether handlers die, and whether writes go unanswered. */
  crashes = false;
  losesAnswers = false;
  /** The write before which its handlers die, whatever else goes wrong. */
  diesBefore: string | undefined;
  backup: Tables | undefined;
  /** What it had seen when it was last looked at, for invariant 2. */
  seenBefore: VersionVector | undefined;
  #backupUses = 0;
  #strategy: string;
  #generation = 1;
  #restores = 0;
  #secret: SealingKey | undefined;
  readonly #tokens = new Map<string, Token>();
  readonly #heard: LedgerChange[] = [];
  readonly #around: Surroundings;
  readonly #others: readonly Member[];

  constructor(name: Member, members: readonly Member[], strategy: string, around: Surroundings) {
    this.name = name;
    this.#around = around;
    this.#others = members.filter((other) => other !== name);
    this.#strategy = strategy;
    const { oracle, checks, log, keys } = around;
    this.ledger = around.ledgers.replica(name, (change) => this.#heard.push(change));
    this.store = new MemoryStore(this.ledger, asTableId(`table-${name}`));
    this.witness = new Witness({ member: name, cluster: () => this.cluster, oracle, checks, log, nowMs: () => around.nowMs() + this.skewMs, isAlone: () => !around.turns.isOn, requireStable: (key, row) => { around.stability.requireStable(key, row, this); }, wrote: (key, dot) => { around.stability.wrote(key, dot, this); } });
    this.replica = this.#newReplica();
    this.region = regionOf(this.replica);
    this.handlers = peerHandlers(this.replica);
    this.cluster = new SimCluster(asClusterId(`cluster-${name}`), keys, FILTER, {
      checks, log, knowsOf: (target) => this.#knowsOf(target),
      showsAll: (key) => this.witness.standing(key).length < 2 || this.replica.memory.settings?.settings.inForce?.strategy === 'Merge',
    });
    this.bridge = new SimBridge(this.cluster, this.region, (sent, carryOut) => this.#witnessed(sent, carryOut));
    around.network.connect(name, () => (this.isDown ? undefined : this.handlers));
  }

  #newReplica(): Replica {
    const { faults, turns, nowMs, random } = this.#around;
    return {
      identity: { federationId: 'sim', member: this.name, hub: undefined },
      limits: { ...DEFAULT_LIMITS, minimumTombstoneTtlMs: TOMBSTONE_TTL_MS, logRetentionMs: LOG_RETENTION_MS, pullRounds: 50 },
      store: faultyStore(this.store, {
        turn: (isWrite) => turns.take(isWrite),
        around: (method) => ((this.crashes && faults.strikes('crash', WRITE_FAULT_SHARE)) || (method === this.diesBefore && faults.strikes('crash')) ? 'crash' : this.losesAnswers && faults.strikes('write-unanswered', WRITE_FAULT_SHARE) ? 'lost' : undefined),
        tears: () => faults.strikes('torn-read', 0.5),
        wrote: (method, argument, result) => {
          try {
            if (method === 'dropSegmentsBelowFloor' && result !== 0) faults.note('compaction');
            this.witness.wrote(method, argument, result);
          } catch (error) {
            this.#around.found(error);
          }
        },
      }),
      ledger: this.ledger,
      peers: { peer: (member) => (this.#others.includes(member) ? this.peer(member) : undefined) },
      clock: { nowMs: () => nowMs() + this.skewMs, sleep: forEver },
      random: { bytes: (length) => random.bytes(length) },
      events: { publish: () => Promise.resolve() },
      wakeups: { arm: () => ({ wait: () => Promise.resolve() }) },
      logger: silentLogger,
      memory: newProcessMemory(),
    };
  }

  peer(other: Member): Peer { return this.#around.network.peer(this.name, other); }

  #manifest(): JsonObject { return manifestOf(this.name, this.#others, this.#strategy); }

  async start(): Promise<void> {
    await ensureServing(this.replica, never);
    this.#secret = await regionSecret(this.replica);
    await this.putFederation();
  }

  async putFederation(): Promise<void> {
    const { id: clusterId, leaseEpoch } = this.cluster;
    const manifest = JSON.stringify(this.#manifest());
    this.replica.memory.parsed = parsedOnce(manifest);
    await this.region.putFederation({ clusterId, leaseEpoch, manifest, generation: this.#generation, schemaGaps: [] }, never);
  }

  async changeStrategy(): Promise<void> {
    this.#strategy = this.#around.random.pick(STRATEGIES);
    this.#generation += 1;
    await this.putFederation();
  }

  takeBackup(): void {
    const { faults, random } = this.#around;
    const later = this.store.snapshot();
    const isTorn = this.backup !== undefined && faults.strikes('torn-backup', 0.5);
    this.backup = this.backup !== undefined && isTorn ? tornBackup(this.backup, later, () => random.happens(0.5)) : later;
    this.#backupUses = 0;
  }

  /** Puts the table back from the backup: another table, the ledger as it is. It may stay for a second time. */
  async restore(): Promise<void> {
    const { oracle, faults, random } = this.#around;
    if (this.backup === undefined || !faults.strikes(this.#backupUses > 0 ? 'backup-again' : 'backup')) return;
    oracle.restored(this.name, oracle.closure(this.#around.others().filter((other) => other !== this).flatMap((other) => other.witness.standingAnywhere)));
    this.#restores += 1;
    this.seenBefore = undefined;
    this.store.restore(this.backup, asTableId(`table-${this.name}-${this.#restores.toString()}`));
    this.replica.memory.settings = undefined;
    this.#backupUses += 1;
    if (random.happens(0.6)) this.backup = undefined;
    this.witness.restored((await this.store.list(undefined, 1000)).rows);
  }

  /** Takes in what the ledger's stream has told, in any order. Returns whose clocks moved. */
  async hear(): Promise<readonly Member[]> {
    const changes = this.#heard.splice(0);
    const rung: Member[] = [];
    while (changes.length > 0) {
      const [change] = changes.splice(this.#around.random.below(changes.length), 1);
      if (change?.kind === 'delete') await joinDelete(this.replica, change.delete);
      if (change?.kind === 'clock') rung.push(change.clock.member);
    }
    return rung;
  }
  forgetHeard(): void { this.#heard.splice(0); }

  /** Collects; the oracle is told of what goes. */
  async collect(): Promise<void> { await this.witness.handling.run({ kind: 'collect' }, () => collect(this.replica)); }

  /** All that the table has seen; undefined where it is a restored one. */
  seenInTable(): VersionVector | undefined {
    const clock = this.ledger.ownClock;
    if (clock?.state !== 'serving' || this.#restoredSince(clock.tableId)) return undefined;
    return mergeVectors(this.store.seenOthers, everWritten(clock));
  }

  #restoredSince(tableId: string): boolean { return tableId !== (this.#restores === 0 ? `table-${this.name}` : `table-${this.name}-${this.#restores.toString()}`); }

  async #witnessed(sent: SentCommit, carryOut: () => Promise<BridgeCommitResponse>): ReturnType<Witnessed> {
    const { observations } = sent.request;
    const recorded = new Map(observations.map(({ key }) => [key, new Set<Hash>()]));
    await this.#noteRecorded(observations, recorded);
    const answer = await this.witness.handling.run({ kind: 'commit', sent }, carryOut);
    await this.#noteRecorded(observations, recorded);
    return { answer, recorded };
  }

  /** What the region may take for shown, read past all faults: what its record says, and what a token says that was made since. */
  async #noteRecorded(observations: readonly Observation[], recorded: ReadonlyMap<ResourceKey, Set<Hash>>): Promise<void> {
    const plain = { ...this.replica, store: this.store };
    const facts = await readClusterFacts(plain);
    const rows = await this.store.rows([...recorded.keys()]);
    for (const { key, token: text } of observations) {
      const hashes = recorded.get(key);
      const shown = await shownOf(plain, key, rows.get(key), facts);
      if (shown === undefined) hashes?.add(ANYTHING);
      if (shown?.hash !== undefined) hashes?.add(shown.hash);
      const token = text === undefined ? undefined : this.#tokenOf(key, text);
      if (shown !== undefined && token !== undefined && covers(token.context, shown.tokensCover)) hashes?.add(token.hash);
    }
  }

  /** What a token says that this region made for its cluster, as it is now. Looked into once: the same ones are met again and again. */
  #tokenOf(key: ResourceKey, text: string): Token | undefined {
    const name = `${this.cluster.id} ${key} ${text}`;
    const known = this.#tokens.get(name);
    if (known !== undefined) return known;
    const token = this.#secret === undefined ? undefined : openToken(this.#secret, tokenScope(this.replica, key, this.cluster.id), text);
    if (token !== undefined) this.#tokens.set(name, token);
    return token;
  }

  /** What a target shows: the state of the row that it was made from. */
  #knowsOf(target: Target): ReadonlySet<WriteId> {
    const { oracle, checks } = this.#around;
    if (target.show.kind === 'gone' || this.#secret === undefined) return new Set([...oracle.collectedAt(target.key), ...oracle.closure(this.witness.standing(target.key))]);
    const token = this.#tokenOf(target.key, target.show.token);
    const known = token === undefined ? undefined : this.witness.stateAt(target.key, token.context);
    checks.require(6, known !== undefined, () => `${this.name} made a token for a state of ${target.key} that its row never had`);
    return known ?? new Set();
  }
}

/** The NovaEdgeFederation object of a member. */
const manifestOf = (name: string, others: readonly string[], strategy: string): JsonObject => ({
  apiVersion: 'novaedge.io/v1alpha1', kind: 'NovaEdgeFederation', metadata: { name: 'sim', namespace: 'default' },
  spec: {
    federationID: 'sim', mode: 'mesh',
    localMember: { name, endpoint: `${name}:9090` },
    members: others.map((other) => ({ name: other, endpoint: `${other}:9090` })),
    sync: { batchSize: 3 },
    antiEntropy: { batchSize: 20 },
    conflictResolution: { strategy, tombstoneTTL: '20m' },
  },
});
/** All worlds have the same few manifests: parsing them anew for each would take a twentieth of a run. */
const parsedManifests = new Map<string, NonNullable<ProcessMemory['parsed']>>();
function parsedOnce(manifest: string): NonNullable<ProcessMemory['parsed']> {
  const known = parsedManifests.get(manifest) ?? { manifest, spec: parseFederation(JSON.parse(manifest) as JsonObject, TOMBSTONE_TTL_MS) };
  parsedManifests.set(manifest, known);
  return known;
}
/** What every member's cluster federates. */
const FILTER = filterOf(parseFederation(manifestOf('us', ['eu'], 'Manual')));

/** No call takes long in virtual time, so no deadline ever passes. */
const forEver = (): Promise<void> => new Promise(() => undefined);
