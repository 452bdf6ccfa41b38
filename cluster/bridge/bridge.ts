import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import { isSameFilter } from '../../shared/model/federated-part.ts';
import type { Region } from '../../shared/ports/region.ts';
import type { Agreement } from './agreement.ts';
import { AgreementKeeper } from './agreement.ts';
import { backoffMs } from './backoff.ts';
import type { Cluster, ClusterChange } from './cluster-port.ts';
import { cleanUp } from './clean-up.ts';
import { DirtyKeys } from './dirty-keys.ts';
import { Exceptions } from './exceptions.ts';
import { Flaps } from './flaps.ts';
import { REGION_BACKOFF, STOP_GRACE_MS } from './limits.ts';
import { Notifier } from './notifier.ts';
import { Position } from './position.ts';
import { ProblemLog } from './problem-log.ts';
import { LowerEpochError, RegionCaller } from './region-caller.ts';
import { Round } from './round.ts';
import type { Counts } from './round.ts';
import { SettledStates } from './settled-states.ts';
import { ShownContents } from './shown-contents.ts';
import { writeStatusRegularly } from './status-writer.ts';

export interface BridgeParts {
  readonly cluster: Cluster;
  readonly region: Region;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Of this program, shown in the status. */
  readonly version: string;
}

/** What a bridge is doing. */
export type BridgeState =
  | { readonly kind: 'starting' }
  /** The cluster holds everything for a person to look at. */
  | { readonly kind: 'held'; readonly reason: string; readonly message: string }
  /** Not agreed with the region yet, or paused. */
  | { readonly kind: 'idle'; readonly why: 'not-agreed' | 'paused' }
  /** The member has left, and what came from others is being removed. */
  | { readonly kind: 'cleaning-up' }
  | { readonly kind: 'comparing' }
  | { readonly kind: 'following' }
  | { readonly kind: 'unavailable'; readonly message: string }
  | { readonly kind: 'ended' };

/** Why a bridge ended: it was stopped, or another bridge has this cluster's lease. */
export type BridgeEnd = { readonly kind: 'stopped' } | { readonly kind: 'lower-epoch'; readonly message: string };

export interface Bridge {
  /** Rejects only for a bug. */
  readonly ended: Promise<BridgeEnd>;
  state(): BridgeState;
  /** Resources that cannot be settled at present. */
  exceptions(): number;
  /** Takes no more work and finishes what is under way, within 5 s. */
  stop(): Promise<void>;
}

/** Starts carrying changes between a cluster and its region. Returns at once; nothing it meets later makes it end but `BridgeEnd`. */
export function startBridge(parts: BridgeParts): Bridge {
  const running = new RunningBridge(parts);
  return {
    ended: running.run(),
    state: () => running.state,
    exceptions: () => running.exceptions.size,
    stop: () => running.stop(),
  };
}

/** The round was given up because something it rests on changed. */
class Changed extends Error { override readonly name = 'Changed' }

class RunningBridge {
  readonly #parts: BridgeParts;
  /** Aborted first: no new work. */
  readonly #open = new AbortController();
  /** Aborted when the grace is over: work under way ends too. */
  readonly #hard = new AbortController();
  readonly #dirty = new DirtyKeys();
  readonly #doorbell = new Notifier();
  readonly #turn = new Notifier();
  readonly #statusSoon = new Notifier();
  readonly #settled = new SettledStates();
  readonly #shown = new ShownContents();
  readonly #flaps: Flaps;
  readonly #counts: Counts = { inWork: () => 0 };
  readonly exceptions: Exceptions;
  #agreement: Agreement = { kind: 'none' };
  #keeper: AgreementKeeper | undefined;
  #round: AbortController | undefined;
  #finished: Promise<unknown> = Promise.resolve();
  state: BridgeState = { kind: 'starting' };

  constructor(parts: BridgeParts) {
    this.#parts = parts;
    this.exceptions = new Exceptions(parts.clock, parts.random);
    this.#flaps = new Flaps(parts.clock);
  }

  async run(): Promise<BridgeEnd> {
    const run = this.#lives();
    this.#finished = run.then(() => undefined, () => undefined);
    try {
      return await run;
    } finally {
      this.#open.abort(new Changed('ended'));
      this.#hard.abort(new Changed('ended'));
      this.#enter({ kind: 'ended' });
    }
  }

  async stop(): Promise<void> {
    const { clock } = this.#parts;
    this.#open.abort(new Changed('stopping'));
    const grace = new AbortController();
    const patience = clock.sleep(STOP_GRACE_MS, grace.signal).then(() => this.#hard.abort(new Changed('stopped')), () => undefined);
    await this.#finished;
    grace.abort();
    await patience;
  }

  /** One life for each identity of the cluster. */
  async #lives(): Promise<BridgeEnd> {
    const { cluster, logger } = this.#parts;
    const problems = new ProblemLog(logger);
    for (let watching = false, failures = 0; ;) {
      try {
        if (!watching) await cluster.watch((change) => { this.#onChange(change); problems.note(cluster.problems()); }, this.#open.signal);
        watching = true;
        problems.note(cluster.problems());
        await this.#life();
        failures = 0;
      } catch (error) {
        if (error instanceof LowerEpochError) {
          logger.error('another-bridge-has-the-lease', { message: error.message });
          return { kind: 'lower-epoch', message: error.message };
        }
        if (this.#open.signal.aborted) return { kind: 'stopped' };
        failures += 1;
        await this.#pauseAfter(error, failures);
      }
    }
  }

  /** Returns when the cluster's identity is another. */
  async #life(): Promise<void> {
    const { cluster, region, clock, random, logger, version } = this.#parts;
    const identity = await cluster.identity(this.#open.signal);
    logger.info('speaking-for-cluster', { clusterId: identity.clusterId, leaseEpoch: identity.leaseEpoch });
    const caller = new RegionCaller(region, clock, identity);
    const life = childOf(this.#open.signal);
    const keeper = new AgreementKeeper({
      cluster, region: caller, clock, random, logger,
      changed: (agreement) => { this.#onAgreement(agreement); },
    });
    this.#keeper = keeper;
    this.#settled.clear();
    this.exceptions.forget();
    this.#agreement = { kind: 'none' };
    const numbers = (): { objects: number; dirty: number } => ({ objects: this.#settled.objects, dirty: this.#dirty.size + this.#counts.inWork() + this.exceptions.size });
    const rounds = this.#rounds(caller, identity.clusterId, life.signal);
    try {
      await Promise.race([
        keeper.run(life.signal),
        writeStatusRegularly({ cluster, region: caller, clock, logger, version, numbers, soon: this.#statusSoon, changed: () => { this.#askWhilePaused(); } }, life.signal),
        rounds,
      ]);
    } finally {
      life.abort(new Changed('this life of the bridge is over'));
      await rounds.catch(() => undefined);
    }
  }

  /** Rounds of one life, with a pause after each that failed. Returns when the cluster's identity is another. */
  async #rounds(caller: RegionCaller, clusterId: string, signal: AbortSignal): Promise<void> {
    const { cluster } = this.#parts;
    const position = new Position(caller);
    for (let failures = 0; ;) {
      signal.throwIfAborted();
      if ((await cluster.identity(signal)).clusterId !== clusterId) return;
      const idle = this.#whyIdle();
      try {
        if (idle !== undefined) {
          await this.#cleanUp(caller, idle, signal);
          this.#enter(idle);
          await this.#turn.wait(signal);
          continue;
        }
        await this.#runRound(caller, position, signal, () => { failures = 0; });
      } catch (error) {
        if (error instanceof LowerEpochError || signal.aborted) throw error;
        if (error instanceof Changed) continue;
        failures += 1;
        await this.#pauseAfter(error, failures);
      }
    }
  }

  async #runRound(caller: RegionCaller, position: Position, signal: AbortSignal, onSuccess: () => void): Promise<void> {
    const { cluster, clock, random, logger } = this.#parts;
    if (this.#agreement.kind !== 'in-force') return;
    const open = childOf(signal);
    this.#round = open;
    this.#enter({ kind: 'comparing' });
    await cluster.keepLocal(this.#agreement.response.filter.ownershipMarks, signal);
    const work = new Round({
      cluster, region: caller, clock, random, logger, position,
      filter: this.#agreement.response.filter,
      dirty: this.#dirty, doorbell: this.#doorbell, exceptions: this.exceptions, settled: this.#settled, shown: this.#shown, flaps: this.#flaps, counts: this.#counts,
      compacted: () => { this.#keeper?.notice(); },
      following: () => { onSuccess(); this.#enter({ kind: 'following' }); },
    }, open.signal, this.#hard.signal);
    try {
      await work.run();
    } finally {
      open.abort(new Changed('the round is over'));
      await work.idle();
      if (this.#open.signal.aborted) await work.lastReport();
    }
  }

  /** Where the region asks for it. */
  async #cleanUp(region: RegionCaller, idle: BridgeState, signal: AbortSignal): Promise<void> {
    if (idle.kind === 'held' || this.#agreement.kind !== 'paused' || !this.#agreement.response.cleanUp) return;
    const { cluster, clock, logger } = this.#parts;
    this.#enter({ kind: 'cleaning-up' });
    await cleanUp({ cluster, region, clock, logger, marks: this.#agreement.response.filter.ownershipMarks, signal });
    this.#keeper?.notice();
  }

  /** That the member has left, and its cluster is to be cleaned up, would come with the next look at the federation object, in half a minute. */
  #askWhilePaused(): void {
    if (this.#agreement.kind === 'paused') this.#keeper?.notice();
  }

  #whyIdle(): BridgeState | undefined {
    const held = this.#parts.cluster.held();
    if (held !== undefined) return { kind: 'held', reason: held.reason, message: held.message };
    if (this.#agreement.kind === 'in-force') return undefined;
    return { kind: 'idle', why: this.#agreement.kind === 'paused' ? 'paused' : 'not-agreed' };
  }

  #onChange(change: ClusterChange): void {
    switch (change.kind) {
      case 'changed':
        this.#dirty.add(change.keys);
        this.#doorbell.notify();
        return;
      case 'relist':
        this.#parts.logger.info('events-lost', { reason: change.reason });
        this.#dirty.overflow();
        this.#doorbell.notify();
        return;
      case 'federation':
        this.#keeper?.notice();
        return;
      case 'problems':
        return;
      case 'condition':
        this.#endRound('the state of the cluster changed');
    }
  }

  /** A round rests on the filter and on not being paused; anything else may change under it. */
  #onAgreement(agreement: Agreement): void {
    const before = this.#agreement;
    this.#agreement = agreement;
    const isSame = before.kind === 'in-force' && agreement.kind === 'in-force' && isSameFilter(before.response.filter, agreement.response.filter);
    if (!isSame) this.#endRound('the agreement with the region changed');
  }

  #endRound(why: string): void {
    this.#round?.abort(new Changed(why));
    this.#turn.notify();
  }

  async #pauseAfter(error: unknown, failures: number): Promise<void> {
    const { clock, random, logger } = this.#parts;
    const message = error instanceof Error ? error.message : String(error);
    this.#enter({ kind: 'unavailable', message });
    logger.warn('synchronizing-interrupted', { error: message, failures });
    await clock.sleep(backoffMs(REGION_BACKOFF, failures, random), this.#open.signal).catch(() => undefined);
  }

  #enter(state: BridgeState): void {
    if (this.state.kind !== state.kind) {
      this.#parts.logger.debug('bridge-state', { state: state.kind });
      this.#statusSoon.notify();
    }
    this.state = state;
  }
}

/** A controller that is aborted with its parent, and may be before. */
function childOf(parent: AbortSignal): AbortController {
  const child = new AbortController();
  if (parent.aborted) child.abort(parent.reason);
  else parent.addEventListener('abort', () => { child.abort(parent.reason); }, { once: true, signal: child.signal });
  return child;
}
