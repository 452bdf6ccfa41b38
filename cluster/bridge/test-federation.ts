import { setTimeout as delay } from 'node:timers/promises';
import type { JsonObject } from '../../shared/model/content.ts';
import type { Member } from '../../shared/model/ids.ts';
import { asMember, asTableId } from '../../shared/model/ids.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { FederationEvent, Wakeups } from '../../shared/ports/events.ts';
import type { LogFields, Logger } from '../../shared/ports/logger.ts';
import type { Operator } from '../../shared/ports/operator.ts';
import type { Peer } from '../../shared/ports/peer.ts';
import type { Region } from '../../shared/ports/region.ts';
import { GlobalTable, MemoryStore } from '../../shared/adapters/memory/index.ts';
import { systemClock, systemRandom } from '../../shared/adapters/system/index.ts';
import { beat } from '../../shared/replica/heartbeat.ts';
import { operatorOf } from '../../shared/replica/operator.ts';
import { peerHandlers } from '../../shared/replica/peer-handlers.ts';
import { newProcessMemory } from '../../shared/replica/process-memory.ts';
import { ensureServing } from '../../shared/replica/recover.ts';
import { regionOf } from '../../shared/replica/region.ts';
import { DEFAULT_LIMITS } from '../../shared/replica/replica.ts';
import type { Replica } from '../../shared/replica/replica.ts';
import { pullFrom } from '../../shared/replica/sync.ts';

/** Time and randomness as they are: tests of bridges work on real folders and servers, which have no other. */
export const realClock: Clock = systemClock;
export const realRandom: Random = systemRandom;

/** Keeps what was logged, for a test to look at. */
export class RecordingLogger implements Logger {
  readonly lines: { readonly level: string; readonly event: string; readonly fields: LogFields }[] = [];
  debug(event: string, fields: LogFields = {}): void { this.lines.push({ level: 'debug', event, fields }); }
  info(event: string, fields: LogFields = {}): void { this.lines.push({ level: 'info', event, fields }); }
  warn(event: string, fields: LogFields = {}): void { this.lines.push({ level: 'warn', event, fields }); }
  error(event: string, fields: LogFields = {}): void { this.lines.push({ level: 'error', event, fields }); }
  has(event: string): boolean { return this.lines.some((line) => line.event === event); }
}

const never = new AbortController().signal;
const FEDERATION = 'test';

export interface FederationSettings {
  readonly mode?: string;
  readonly strategy?: string;
  readonly hub?: string;
}

/** Wakes whoever waits for a change of one region. */
class Bell implements Wakeups {
  readonly #waiting = new Set<() => void>();
  ring(): void { for (const wake of [...this.#waiting]) wake(); }

  arm(): { wait(maxMs: number, signal: AbortSignal): Promise<void> } {
    const early = new AbortController();
    const wake = (): void => { early.abort(); };
    this.#waiting.add(wake);
    return {
      wait: async (maxMs, signal) => {
        const abort = (): void => { early.abort(); };
        signal.addEventListener('abort', abort, { once: true });
        await delay(maxMs, undefined, { signal: early.signal }).catch(() => undefined);
        signal.removeEventListener('abort', abort);
        this.#waiting.delete(wake);
        signal.throwIfAborted();
      },
    };
  }
}

/** The real regions of a federation in one process: a commit at one is pulled by the others at once. */
export class TestFederation {
  readonly members: ReadonlyMap<string, TestMember>;
  readonly #table = new GlobalTable(() => Date.now());
  #isCut = false;

  constructor(names: readonly string[], settings: FederationSettings = {}) {
    this.members = new Map(names.map((name) => [name, new TestMember(name, names, settings, this.#table, this)]));
  }

  async start(): Promise<this> {
    for (const member of this.members.values()) await ensureServing(member.replica, never);
    this.#table.settle();
    return this;
  }

  member(name: string): TestMember {
    const member = this.members.get(name);
    if (member === undefined) throw new RangeError(`no member ${name}`);
    return member;
  }

  /** How members reach each other, unless they are cut off. */
  peer(from: Member, to: Member): Peer {
    const call = <Answer>(answer: (handlers: ReturnType<typeof peerHandlers>) => Promise<Answer>): Promise<Answer> => {
      if (this.#isCut) return Promise.reject(new Error(`${to} cannot be reached`));
      return answer(peerHandlers(this.member(to).replica));
    };
    return {
      member: to,
      pull: (request, signal) => call((handlers) => handlers.pull(from, request, signal)),
      push: (request, signal) => call((handlers) => handlers.push(from, request, signal)),
      heartbeat: (beat, signal) => call((handlers) => handlers.heartbeat(from, beat, signal)),
      compareDigests: (request, signal) => call((handlers) => handlers.compareDigests(from, request, signal)),
      fetchRows: (request, signal) => call((handlers) => handlers.fetchRows(from, request, signal)),
      fetchContents: (request, signal) => call((handlers) => handlers.fetchContents(from, request, signal)),
    };
  }

  cut(): void { this.#isCut = true; }

  async heal(): Promise<void> {
    this.#isCut = false;
    this.#table.settle();
    for (const member of this.members.values()) await member.catchUp();
  }

  /** Everybody hears from everybody, twice over: what each asks for, and then what that led to. */
  async beats(): Promise<void> {
    this.#table.settle();
    for (let round = 0; round < 2; round += 1) {
      for (const { replica } of this.members.values()) {
        for (const other of this.members.keys()) if (other !== replica.identity.member) await beat(replica, this.peer(replica.identity.member, asMember(other)), never);
      }
    }
  }

  /** A member has something new: the others pull. */
  spread(from: TestMember): void {
    if (!this.#isCut) this.#table.settle();
    for (const member of this.members.values()) if (member !== from) void member.catchUp();
  }
}

/** One member's real region, with an edge where calls can be counted and made to fail. */
export class TestMember {
  readonly name: string;
  readonly replica: Replica;
  readonly region: Region;
  readonly operator: Operator;
  readonly calls: { readonly method: keyof Region; readonly request: unknown }[] = [];
  /** The region does not answer. */
  isDown = false;
  /** Called before a call is carried out; may throw, or answer in the region's place. */
  before: ((method: keyof Region, request: unknown) => unknown) | undefined;
  readonly #settings: FederationSettings;
  readonly #others: readonly string[];
  readonly #federation: TestFederation;
  readonly #bell = new Bell();
  #pulling: Promise<unknown> = Promise.resolve();

  constructor(name: string, names: readonly string[], settings: FederationSettings, table: GlobalTable, federation: TestFederation) {
    this.name = name;
    this.#settings = settings;
    this.#others = names.filter((other) => other !== name);
    this.#federation = federation;
    const ledger = table.replica(asMember(name));
    this.replica = {
      identity: { federationId: FEDERATION, member: asMember(name), hub: settings.hub === undefined ? undefined : asMember(settings.hub) },
      limits: { ...DEFAULT_LIMITS },
      store: new MemoryStore(ledger, asTableId(`table-${name}`)),
      ledger,
      peers: { peer: (member) => (this.#others.includes(member) ? federation.peer(asMember(name), member) : undefined) },
      clock: realClock,
      random: realRandom,
      events: { publish: async (event) => { this.#onEvent(event); } },
      wakeups: this.#bell,
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
      memory: newProcessMemory(),
    };
    this.operator = operatorOf(this.replica);
    this.region = this.#guarded(regionOf(this.replica));
  }

  /** The NovaEdgeFederation object for this member's cluster. */
  manifest(spec: JsonObject = {}): JsonObject {
    return {
      apiVersion: 'novaedge.io/v1alpha1',
      kind: 'NovaEdgeFederation',
      metadata: { name: 'global', namespace: 'novaedge-system' },
      spec: {
        federationID: FEDERATION,
        mode: this.#settings.mode ?? 'mesh',
        localMember: { name: this.name, endpoint: `${this.name}.example.com:9090` },
        members: this.#others.map((name) => ({ name, endpoint: `${name}.example.com:9090` })),
        conflictResolution: { strategy: this.#settings.strategy ?? 'LastWriterWins' },
        ...spec,
      },
    };
  }

  /** Agrees with the region on a spec without a cluster, for members that only operators write at. */
  async configure(spec: JsonObject = {}): Promise<void> {
    await this.region.putFederation({ clusterId: `none-${this.name}` as never, leaseEpoch: 0, manifest: JSON.stringify(this.manifest(spec)), generation: 1, schemaGaps: [] }, never);
  }

  /** Pulls from everybody, one pull after the other. */
  catchUp(): Promise<unknown> {
    this.#pulling = this.#pulling.then(async () => {
      for (const other of this.#others) {
        const peer = this.replica.peers.peer(asMember(other));
        if (peer !== undefined) await pullFrom(this.replica, peer, never);
      }
      this.#bell.ring();
    });
    return this.#pulling;
  }

  /** How many writes this member has made. */
  async head(): Promise<number> { return (await this.replica.store.state()).clock?.head ?? 0; }

  countOf(method: keyof Region): number { return this.calls.filter((call) => call.method === method).length; }

  #requireUp(): void {
    if (this.isDown) throw new Error('connection refused');
  }

  #onEvent(event: FederationEvent): void {
    this.#bell.ring();
    if (event.kind === 'Committed') this.#federation.spread(this);
  }

  #guarded(region: Region): Region {
    const guard = <Request, Answer>(method: keyof Region, call: (request: Request, signal: AbortSignal) => Promise<Answer>) =>
      async (request: Request, signal: AbortSignal): Promise<Answer> => {
        this.calls.push({ method, request });
        this.#requireUp();
        const instead = await this.before?.(method, request);
        if (instead !== undefined) return instead as Answer;
        const answer = await call(request, signal);
        // It may have gone down while a pull was waiting.
        this.#requireUp();
        return answer;
      };
    return {
      putFederation: guard('putFederation', (request: Parameters<Region['putFederation']>[0], signal) => region.putFederation(request, signal)),
      pull: guard('pull', (request: Parameters<Region['pull']>[0], signal) => region.pull(request, signal)),
      commit: guard('commit', (request: Parameters<Region['commit']>[0], signal) => region.commit(request, signal)),
      compare: guard('compare', (request: Parameters<Region['compare']>[0], signal) => region.compare(request, signal)),
      viewAt: guard('viewAt', (request: Parameters<Region['viewAt']>[0], signal) => region.viewAt(request, signal)),
      cleanUp: guard('cleanUp', (request: Parameters<Region['cleanUp']>[0], signal) => region.cleanUp(request, signal)),
      reportApplied: guard('reportApplied', (request: Parameters<Region['reportApplied']>[0], signal) => region.reportApplied(request, signal)),
      reportStatus: guard('reportStatus', (request: Parameters<Region['reportStatus']>[0], signal) => region.reportStatus(request, signal)),
    };
  }
}
