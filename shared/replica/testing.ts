// Test code only: real replicas over the store and the ledger in memory, in a world of virtual time.
/* eslint-disable import-x/no-restricted-paths -- a test's world is made of real adapters; nothing of the product imports this file */
import { createHash } from 'node:crypto';
import { GlobalTable, MemoryStore } from '../adapters/memory/index.ts';
import type { SimulatedLedger } from '../adapters/memory/index.ts';
import type { Json, JsonObject } from '../model/content.ts';
import { canonicalContent, hashText } from '../model/content.ts';
import { filterHashOf } from '../model/federated-part.ts';
import { asClusterId, asMember, asTableId } from '../model/ids.ts';
import type { ClusterId, Hash, Incarnation, Member, ResourceKey } from '../model/ids.ts';
import { resourceKey, splitKey } from '../model/resource-key.ts';
import type { HeldRow } from '../model/row.ts';
import type { VersionVector } from '../model/version-vector.ts';
import type { FederationEvent } from '../ports/events.ts';
import type { LedgerChange } from '../ports/ledger.ts';
import { silentLogger } from '../ports/logger.ts';
import type { Operator } from '../ports/operator.ts';
import type { Peer } from '../ports/peer.ts';
import type { BridgeCommitResponse, BridgeIdentity, BridgePullResponse, Observation, ObservationResult, PutFederationRequest, PutFederationResponse, Region, ReportAppliedRequest, Target } from '../ports/region.ts';
import type { Store } from '../ports/store.ts';
import { beat } from './heartbeat.ts';
import { operatorOf } from './operator.ts';
import type { PeerHandlers } from './peer-handlers.ts';
import { peerHandlers } from './peer-handlers.ts';
import { seenOf } from './position.ts';
import { newProcessMemory } from './process-memory.ts';
import { ensureServing } from './recover.ts';
import type { Limits, Replica } from './replica.ts';
import { DEFAULT_LIMITS } from './replica.ts';
import { regionOf } from './region.ts';
import { filterInForce } from './policy.ts';
import { dropSettingsCache, loadSettings } from './settings.ts';
import type { SyncOutcome } from './sync.ts';
import { pullFrom } from './sync.ts';

export const never = new AbortController().signal;
export const minutes = (count: number): number => count * 60_000;
export const hours = (count: number): number => count * 3_600_000;

/** The key of a ProxyRoute in the default namespace. */
export const route = (name: string, namespace = 'default'): ResourceKey => resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace, name });

/** The canonical content of an object with this spec. */
export const contentWith = (key: ResourceKey, spec: Json): string =>
  canonicalContent({ apiVersion: splitKey(key).group === '' ? 'v1' : `${splitKey(key).group}/v1alpha1`, kind: splitKey(key).kind, spec }).text;

/** Content that no compression makes shorter. */
export function noise(bytes: number, seed = 'noise'): string {
  let text = '';
  for (let at = 0; text.length < bytes; at += 1) text += createHash('sha512').update(`${seed}-${at.toString()}`).digest('base64');
  return text.slice(0, bytes);
}

export interface FederationOptions {
  readonly members?: readonly string[];
  /** Fields of the federation object's spec, over those of every test. */
  readonly spec?: JsonObject;
  readonly limits?: Partial<Limits>;
  readonly hub?: string;
}

/** Calls of the store, before they are carried out (`before`) and after; what it throws is what the caller sees. */
export type StoreHook = (method: string, stage: 'before' | 'after', argument: unknown) => void | Promise<void>;

/** Two or three members that call each other directly, and the ledger between them. */
export class Federation {
  #nowMs = Date.UTC(2026, 0, 1);
  readonly #sleepers = new Set<{ readonly dueMs: number; readonly wake: () => void }>();
  readonly ledgers = new GlobalTable(() => this.nowMs);
  readonly options: FederationOptions;
  readonly #members = new Map<string, TestMember>();
  readonly #cuts = new Set<string>();
  readonly #fakes = new Map<string, Partial<Peer>>();

  constructor(options: FederationOptions = {}) {
    this.options = options;
    for (const name of options.members ?? ['us', 'eu']) this.#members.set(name, new TestMember(this, asMember(name)));
  }

  /** Every member serves, has its spec, has shown its empty cluster, and has heard from all the others. */
  static async start(options: FederationOptions = {}): Promise<Federation> {
    const federation = new Federation(options);
    for (const member of federation.all) await member.start();
    federation.ledgers.settle();
    await federation.beats();
    return federation;
  }

  /** Virtual; moves only when a test moves it, or waits. */
  get nowMs(): number { return this.#nowMs; }
  set nowMs(ms: number) {
    this.#nowMs = ms;
    for (const sleeper of this.#sleepers) if (sleeper.dueMs <= ms) sleeper.wake();
  }

  /** Until virtual time has passed. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { dueMs: this.#nowMs + ms, wake: () => { this.#sleepers.delete(sleeper); resolve(); } };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => { this.#sleepers.delete(sleeper); reject(signal.reason as Error); }, { once: true });
    });
  }

  get all(): readonly TestMember[] { return [...this.#members.values()]; }
  get names(): readonly Member[] { return this.all.map(({ name }) => name); }
  member(name: string): TestMember {
    const member = this.#members.get(name);
    if (member === undefined) throw new RangeError(`no member ${name}`);
    return member;
  }

  cut(a: string, b: string): void { this.#cuts.add(`${a} ${b}`).add(`${b} ${a}`); }
  heal(): void { this.#cuts.clear(); }
  /** What `from` gets in place of `to`, method by method. */
  fake(from: string, to: string, methods: Partial<Peer> | undefined): void {
    if (methods === undefined) this.#fakes.delete(`${from} ${to}`);
    else this.#fakes.set(`${from} ${to}`, methods);
  }

  /** How `from` calls `to`. */
  peer(from: Member, to: Member): Peer {
    const handlers = (): PeerHandlers => {
      if (this.#cuts.has(`${from} ${to}`)) throw new Error(`${to} cannot be reached`);
      return this.member(to).handlers;
    };
    return {
      member: to,
      pull: async (request, signal) => handlers().pull(from, request, signal),
      push: async (request, signal) => handlers().push(from, request, signal),
      heartbeat: async (request, signal) => handlers().heartbeat(from, request, signal),
      compareDigests: async (request, signal) => handlers().compareDigests(from, request, signal),
      fetchRows: async (request, signal) => handlers().fetchRows(from, request, signal),
      fetchContents: async (request, signal) => handlers().fetchContents(from, request, signal),
      ...this.#fakes.get(`${from} ${to}`),
    };
  }

  /** Everybody exchanges heartbeats with everybody that can be reached. */
  async beats(): Promise<void> {
    for (const member of this.all) for (const other of this.names) if (other !== member.name) await beat(member.replica, this.peer(member.name, other), never);
  }

  /** The ledger settles; everybody pulls from everybody, twice over, so that all are level, and says so. */
  async exchange(): Promise<void> {
    this.ledgers.settle();
    for (let round = 0; round < 2; round += 1) {
      for (const member of this.all) for (const other of this.names) if (other !== member.name) await member.pullFrom(other);
    }
    this.ledgers.settle();
    await this.beats();
  }
}

/** One member: the real replica over the store in memory, with a cluster. */
export class TestMember {
  readonly name: Member;
  readonly ledger: SimulatedLedger;
  readonly store: MemoryStore;
  readonly cluster: TestCluster;
  /** What the ledger's stream told. */
  readonly heard: LedgerChange[] = [];
  readonly events: FederationEvent[] = [];
  replica: Replica;
  generation = 0;
  skewMs = 0;
  onStore: StoreHook = () => undefined;
  readonly #federation: Federation;
  #randomCalls = 0;

  constructor(federation: Federation, name: Member) {
    this.#federation = federation;
    this.name = name;
    this.ledger = federation.ledgers.replica(name, (change) => this.heard.push(change));
    this.store = new MemoryStore(this.ledger, asTableId(`table-${name}`));
    this.replica = this.#newReplica();
    this.cluster = new TestCluster(this, `cluster-${name}`);
  }

  get region(): Region { return regionOf(this.replica); }
  get operator(): Operator { return operatorOf(this.replica); }
  get handlers(): PeerHandlers { return peerHandlers(this.replica); }

  async start(): Promise<void> {
    await ensureServing(this.replica, never);
    await this.putFederation();
    await this.cluster.follow();
  }

  /** Another process takes over: nothing is left but what is stored. */
  restart(): void {
    this.onStore = () => undefined;
    this.replica = this.#newReplica();
  }

  /** The federation object of this member, with other fields of its spec where given. */
  manifest(spec: JsonObject = {}): JsonObject {
    return {
      apiVersion: 'novaedge.io/v1alpha1', kind: 'NovaEdgeFederation', metadata: { name: 'prod', namespace: 'default' },
      spec: {
        federationID: 'prod', mode: 'mesh',
        localMember: { name: this.name, endpoint: `${this.name}:9090` },
        members: this.#federation.names.filter((name) => name !== this.name).map((name) => ({ name, endpoint: `${name}:9090` })),
        ...this.#federation.options.spec, ...spec,
      },
    };
  }

  async putFederation(spec: JsonObject = {}, request: Partial<PutFederationRequest> = {}): Promise<PutFederationResponse> {
    this.generation += 1;
    return this.region.putFederation({ ...this.cluster.identity, manifest: JSON.stringify(this.manifest(spec)), generation: this.generation, schemaGaps: [], ...request }, never);
  }

  pullFrom(other: string): Promise<SyncOutcome> { return pullFrom(this.replica, this.#federation.peer(this.name, asMember(other)), never); }

  async row(key: ResourceKey): Promise<HeldRow | undefined> { return (await this.store.rows([key])).get(key); }
  async seen(): Promise<VersionVector> { return seenOf(await this.store.state()); }
  async incarnation(): Promise<Incarnation> {
    const { clock } = await this.store.state();
    if (clock === undefined) throw new RangeError(`${this.name} has not started`);
    return clock.incarnation;
  }
  async head(): Promise<number> { return (await this.store.state()).clock?.head ?? 0; }
  /** The specs of all versions of a resource, `deleted` for those that are none. */
  async versions(key: ResourceKey): Promise<readonly Json[]> {
    const row = await this.row(key);
    return Promise.all((row?.siblings ?? []).map(async ({ body }) => {
      if (body.kind === 'deleted') return 'deleted';
      const text = body.content ?? (await this.store.content(key, body.hash));
      return text === undefined ? 'lost' : ((JSON.parse(text) as { spec: Json }).spec);
    }));
  }

  /** The table is that of an earlier moment, in another table. */
  restoreTable(snapshot: ReturnType<MemoryStore['snapshot']>, tableId: string): void {
    this.store.restore(snapshot, asTableId(tableId));
    dropSettingsCache(this.replica);
  }

  #newReplica(): Replica {
    const federation = this.#federation;
    const { hub, limits } = federation.options;
    return {
      identity: { federationId: 'prod', member: this.name, hub: hub === undefined ? undefined : asMember(hub) },
      limits: { ...DEFAULT_LIMITS, ...limits },
      store: this.#hooked(),
      ledger: this.ledger,
      peers: { peer: (member) => (member !== this.name && federation.names.includes(member) ? federation.peer(this.name, member) : undefined) },
      clock: { nowMs: () => federation.nowMs + this.skewMs, sleep: (ms, signal) => federation.sleep(ms, signal) },
      random: { bytes: (length) => this.#bytes(length) },
      events: { publish: async (event) => { this.events.push(event); } },
      wakeups: { arm: () => ({ wait: async (ms) => { federation.nowMs += ms; } }) },
      logger: silentLogger,
      memory: newProcessMemory(),
    };
  }

  #bytes(length: number): Uint8Array {
    this.#randomCalls += 1;
    return createHash('sha256').update(`${this.name} ${this.#randomCalls.toString()}`).digest().subarray(0, length);
  }

  /** The store, with the hook around each call. */
  #hooked(): Store {
    return new Proxy<Store>(this.store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function' || typeof name !== 'string') return method;
        const call = method.bind(target) as (...args: readonly unknown[]) => Promise<unknown>;
        return async (...args: readonly unknown[]) => {
          await this.onStore(name, 'before', args[0]);
          const result = await call(...args);
          await this.onStore(name, 'after', args[0]);
          return result;
        };
      },
    });
  }
}

/** An object as it stands in a cluster. */
export interface TestObject { readonly uid: string; readonly resourceVersion: number; readonly content: string; readonly hash: Hash; readonly token: string | undefined }

/** A cluster and its bridge, as far as a region sees them: a test says step by step what the bridge sends. */
export class TestCluster {
  id: ClusterId;
  leaseEpoch = 1;
  readonly objects = new Map<ResourceKey, TestObject>();
  session = '';
  position: VersionVector | undefined;
  readonly #deleted = new Map<ResourceKey, TestObject>();
  readonly #member: Pick<TestMember, 'region' | 'replica'>;
  #version = 1000;
  #requests = 0;

  constructor(member: Pick<TestMember, 'region' | 'replica'>, id: string) {
    this.#member = member;
    this.id = asClusterId(id);
  }

  get identity(): BridgeIdentity { return { clusterId: this.id, leaseEpoch: this.leaseEpoch }; }
  get resourceVersion(): string { return this.#version.toString(); }
  /** The cluster goes back to an earlier resource version. */
  setResourceVersion(version: number): void { this.#version = version; }

  /** A user writes an object over what stands there; its token stays, unless another is given, or `none`. */
  put(key: ResourceKey, spec: Json, token?: string): void {
    const before = this.objects.get(key);
    this.#set(key, contentWith(key, spec), token === 'none' ? undefined : (token ?? before?.token));
  }

  /** A user deletes an object. */
  remove(key: ResourceKey): void {
    const before = this.objects.get(key);
    if (before !== undefined) this.#deleted.set(key, before);
    this.objects.delete(key);
    this.#version += 1;
  }

  specOf(key: ResourceKey): Json | undefined {
    const object = this.objects.get(key);
    return object === undefined ? undefined : (JSON.parse(object.content) as { spec: Json }).spec;
  }

  observe(key: ResourceKey, overrides: Partial<Observation> = {}): Observation {
    const object = this.objects.get(key);
    return object === undefined
      ? { key, uid: '', resourceVersion: this.resourceVersion, token: this.#deleted.get(key)?.token, state: { kind: 'gone', confirmed: true }, ...overrides }
      : { key, uid: object.uid, resourceVersion: object.resourceVersion.toString(), token: object.token, state: { kind: 'live', content: object.content }, ...overrides };
  }

  /** The raw commit under the session at hand; the results are not acted on. */
  commit(observations: readonly Observation[], session = this.session): Promise<BridgeCommitResponse> {
    this.#requests += 1;
    return this.#member.region.commit({ ...this.identity, session, requestId: `${this.id}-${this.#requests.toString()}`, observations }, never);
  }

  /** Commits what objects look like now and shows what the answer says, as the bridge does. A run-out session is renewed once. */
  async send(keys: readonly ResourceKey[], observations: readonly Observation[] = keys.map((key) => this.observe(key))): Promise<readonly ObservationResult[]> {
    let answer = await this.commit(observations);
    if (answer.kind === 'session-expired') {
      await this.pull();
      answer = await this.commit(observations);
    }
    if (answer.kind !== 'done') throw new Error(`the commit was answered ${answer.kind}`);
    for (const result of answer.results) if (result.target !== undefined && (result.outcome !== 'refused' || result.reason === 'NotApplied')) this.#show(result.target);
    return answer.results;
  }

  /** A user writes an object and the bridge commits it. */
  async write(key: ResourceKey, spec: Json, token?: string): Promise<ObservationResult> {
    this.put(key, spec, token);
    return only(await this.send([key]));
  }

  /** A user deletes an object and the bridge commits that. */
  async delete(key: ResourceKey, overrides: Partial<Observation> = {}): Promise<ObservationResult> {
    this.remove(key);
    return only(await this.send([key], [this.observe(key, overrides)]));
  }

  /** The raw pull; only its session is kept. */
  async pull(limit = 100, waitMs = 0): Promise<BridgePullResponse> {
    const answer = await this.#member.region.pull({ ...this.identity, since: this.position, limit, waitMs }, never);
    this.session = answer.session;
    return answer;
  }

  /** Pulls, shows and reports until level, comparing everything where that is asked for. Returns what it was told to show. */
  async follow(): Promise<readonly Target[]> {
    const told: Target[] = [];
    for (;;) {
      const answer = await this.pull();
      const targets = answer.kind === 'compacted' ? await this.compareAll() : answer.targets;
      told.push(...targets);
      for (const target of targets) if (!this.show(target)) await this.send([target.key]);
      await this.report({ applied: answer.upTo, ...(answer.kind === 'compacted' && (await this.listed())) });
      this.position = answer.upTo;
      if (!answer.more) return told;
    }
  }

  /** Lists everything and compares; sends what is asked for. Returns what is to be shown. */
  async compareAll(): Promise<readonly Target[]> {
    const objects = [...this.objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, { uid, resourceVersion, hash, token }]) => ({ key, uid, resourceVersion: resourceVersion.toString(), hash, token }));
    const apply: Target[] = [];
    const send: ResourceKey[] = [];
    let after: ResourceKey | undefined;
    do {
      const from = after;
      const rest = objects.filter(({ key }) => from === undefined || key > from);
      const answer = await this.#member.region.compare({ ...this.identity, after, upTo: undefined, listResourceVersion: this.resourceVersion, objects: rest }, never);
      apply.push(...answer.apply);
      send.push(...answer.send);
      after = answer.readTo;
    } while (after !== undefined);
    if (send.length > 0) await this.send(send);
    return apply;
  }

  /** What a report after a complete list says besides. */
  async listed(): Promise<Pick<ReportAppliedRequest, 'listResourceVersion' | 'filterHash'>> {
    return { listResourceVersion: this.resourceVersion, filterHash: filterHashOf(filterInForce(await loadSettings(this.#member.replica))) };
  }

  report(request: Partial<ReportAppliedRequest>): Promise<void> {
    return this.#member.region.reportApplied({ ...this.identity, applied: new Map(), exceptions: [], cleared: [], listResourceVersion: undefined, filterHash: undefined, ...request }, never);
  }

  /** Shows a target unless the object is an edit that must be committed first. */
  show(target: Target): boolean {
    const object = this.objects.get(target.key);
    const here = object?.hash;
    const expected = target.before.kind === 'live' ? target.before.hash : undefined;
    const isOwn = object !== undefined && expected === undefined && target.show.kind === 'live' && object.token !== target.show.token;
    const isEdit = here !== expected && (isOwn || here !== (target.show.kind === 'live' ? target.show.hash : undefined));
    if (!isEdit) this.#show(target);
    return !isEdit;
  }

  #show({ key, show }: Target): void {
    if (show.kind === 'live') this.#set(key, show.content, show.token);
    else if (this.objects.delete(key)) this.#version += 1;
  }

  #set(key: ResourceKey, content: string, token: string | undefined): void {
    this.#version += 1;
    this.#deleted.delete(key);
    this.objects.set(key, { uid: this.objects.get(key)?.uid ?? `uid-${this.#version.toString()}`, resourceVersion: this.#version, content, hash: hashText(content), token });
  }
}

function only<Item>(items: readonly Item[]): Item {
  const [item, ...more] = items;
  if (item === undefined || more.length > 0) throw new RangeError(`expected one, got ${items.length.toString()}`);
  return item;
}
