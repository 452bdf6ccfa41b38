import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { isObject } from '../../shared/model/content.ts';
import type { JsonObject } from '../../shared/model/content.ts';
import { parseDurationMs } from '../../shared/model/duration.ts';
import { METRICS } from './metric-names.ts';

const PHASES = ['Initializing', 'Syncing', 'Healthy', 'Degraded', 'Partitioned'];
const PARTITION_STATES = ['healthy', 'suspected', 'confirmed', 'healing'];
/** From one edit to a first synchronization of thousands of objects. */
const DURATION_BUCKETS_S = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30];

export type Direction = 'push' | 'pull';

/** What a bridge counts, and what its region tells of the federation, for Prometheus. */
export class BridgeMetrics {
  readonly registry = new Registry();
  readonly #gauge = (name: string, help: string, labelNames: readonly string[] = []): Gauge => new Gauge({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  readonly #counter = (name: string, help: string, labelNames: readonly string[] = []): Counter => new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  readonly #peersTotal = this.#gauge(METRICS.peersTotal, 'Other members of the federation');
  readonly #peersHealthy = this.#gauge(METRICS.peersHealthy, 'Other members that the region finds healthy');
  readonly #peersConnected = this.#gauge(METRICS.peersConnected, 'Other members that the region reaches');
  readonly #phase = this.#gauge(METRICS.phase, 'The federation\'s phase: 1 for the one it is in', ['phase']);
  readonly #memberHealthy = this.#gauge(METRICS.memberHealthy, 'Whether a member is healthy', ['member']);
  readonly #partition = this.#gauge(METRICS.partitionState, 'The partition state: 1 for the one it is in', ['state']);
  readonly #conflictsPending = this.#gauge(METRICS.conflictsPending, 'Conflicts that wait for a decision');
  readonly #conflicts = this.#counter(METRICS.conflictsTotal, 'Conflicts that came up while this bridge ran');
  readonly #lag = this.#gauge(METRICS.syncLag, 'How far behind a member is', ['peer']);
  readonly #syncs = this.#counter(METRICS.syncTotal, 'Calls to the region, by type and direction', ['type', 'direction']);
  readonly #failures = this.#counter(METRICS.syncFailures, 'Calls to the region that failed', ['type', 'direction']);
  readonly #duration = new Histogram({ name: METRICS.syncDuration, help: 'Time a call to the region took, its wait for changes aside', labelNames: ['peer'], buckets: DURATION_BUCKETS_S, registers: [this.registry] });
  readonly #received = this.#counter(METRICS.changesReceived, 'Changes that the region gave to this cluster', ['peer']);
  #pending = 0;

  /** @param bridge asked whenever somebody scrapes */
  constructor(bridge: () => { readonly state: string; readonly exceptions: number }) {
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: METRICS.bridgeState, help: 'What the bridge is doing: 1 for that', labelNames: ['state'], registers: [this.registry],
      collect() { this.reset(); this.set({ state: bridge().state }, 1); },
    });
    new Gauge({ name: METRICS.bridgeExceptions, help: 'Objects that cannot be synchronized at present', registers: [this.registry], collect() { this.set(bridge().exceptions); } });
  }

  called(type: string, direction: Direction): void { this.#syncs.inc({ type, direction }); }
  failed(type: string, direction: Direction): void { this.#failures.inc({ type, direction }); }
  took(peer: string, seconds: number): void { this.#duration.observe({ peer }, seconds); }
  received(peer: string, count: number): void { this.#received.inc({ peer }, count); }

  /** Takes over what the region says of the federation: the status of the NovaEdgeFederation object. */
  status(status: JsonObject): void {
    const { phase, conflictsPending, members, splitBrain } = status;
    for (const one of PHASES) this.#phase.set({ phase: one }, one === phase ? 1 : 0);
    if (typeof conflictsPending === 'number') {
      this.#conflictsPending.set(conflictsPending);
      this.#conflicts.inc(Math.max(conflictsPending - this.#pending, 0));
      this.#pending = conflictsPending;
    }
    // A region that does not judge partitions yet says by its phase that it reaches nobody.
    const unjudged = phase === 'Partitioned' ? 'confirmed' : 'healthy';
    const partition = isObject(splitBrain) && typeof splitBrain['partitionState'] === 'string' ? splitBrain['partitionState'].toLowerCase() : unjudged;
    for (const state of PARTITION_STATES) this.#partition.set({ state }, state === partition ? 1 : 0);
    this.#members(Array.isArray(members) ? members.filter(isObject) : []);
  }

  #members(members: readonly JsonObject[]): void {
    const healthy = members.filter((member) => member['healthy'] === true).length;
    this.#peersTotal.set(members.length);
    this.#peersHealthy.set(healthy);
    this.#peersConnected.set(members.filter((member) => member['error'] === undefined).length);
    this.#memberHealthy.reset();
    this.#lag.reset();
    for (const { name, healthy: isHealthy, syncLag } of members) {
      if (typeof name !== 'string') continue;
      this.#memberHealthy.set({ member: name }, isHealthy === true ? 1 : 0);
      if (typeof syncLag === 'string') this.#lag.set({ peer: name }, parseDurationMs(`${name}.syncLag`, syncLag) / 1000);
    }
  }
}
