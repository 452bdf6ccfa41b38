import type { Content } from '../../shared/model/content.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { Observation, ObservationResult, Target } from '../../shared/ports/region.ts';
import type { Cluster, ClusterObject, ObjectVersion, ReadResult, WriteOutcome } from './cluster-port.ts';
import type { Committer } from './committer.ts';
import { SETTLE_ROUNDS } from './limits.ts';
import type { RegionCaller } from './region-caller.ts';
import { asWritten } from './reshaping.ts';
import type { SettledStates } from './settled-states.ts';

/** What came of one resource. */
export type Settlement =
  | { readonly kind: 'settled'; readonly change: 'created' | 'replaced' | 'deleted' | 'sent' | 'none' }
  /** It stays as it is for now; `target` is what could not be shown. */
  | { readonly kind: 'exception'; readonly reason: string; readonly message: string; readonly target: Target | undefined };

/** The object as it was read, with what it says (`content`) beside what it looks like (`object.content`). */
type Found =
  | { readonly kind: 'live'; readonly object: ClusterObject; readonly content: Content }
  | ({ readonly kind: 'gone' } & ObjectVersion);

export interface SettleParts {
  readonly cluster: Cluster;
  readonly region: RegionCaller;
  readonly committer: Committer;
  readonly settled: SettledStates;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const nothingChanged: Settlement = { kind: 'settled', change: 'none' };

/**
 * Brings one resource and its region to one state. Whoever calls holds the resource (`KeyWork`). The rule is "dirty before apply"
 * (DESIGN §11): a target is written only onto exactly the version that was found to be what the region believes is there; anything
 * else is somebody's edit and is sent first.
 */
export class Settle {
  readonly #parts: SettleParts;

  constructor(parts: SettleParts) {
    this.#parts = parts;
  }

  /** Tells the region what the cluster has. `echoes: 'skip'` leaves out what both agreed on before. */
  async observe(key: ResourceKey, echoes: 'skip' | 'send'): Promise<Settlement> {
    return this.#rounds(key, undefined, async (found, round) => {
      const isEcho = echoes === 'skip' && round === 0 && this.#parts.settled.has(key, stateOf(found));
      return isEcho ? nothingChanged : this.#send(key, found);
    });
  }

  /** Shows what the region asks for, after sending what somebody changed meanwhile. */
  async show(target: Target): Promise<Settlement> {
    return this.#rounds(target.key, target, (found, round) =>
      round === 0 && isExpected(found, target) ? this.#write(target, found) : this.#send(target.key, found));
  }

  /** Reads and tries until nothing changes underneath. */
  async #rounds(key: ResourceKey, target: Target | undefined, attempt: (found: Found, round: number) => Promise<Settlement | 'changed'>): Promise<Settlement> {
    const { cluster, region, signal } = this.#parts;
    for (let round = 0; round < SETTLE_ROUNDS; round += 1) {
      const read: ReadResult = await cluster.read(key, signal);
      if (read.kind === 'unknown') return { kind: 'exception', reason: read.reason, message: read.message, target };
      const found: Found = read.kind === 'gone' ? read : { ...read, content: await asWritten(cluster, region, read.object, signal) };
      const settlement = await attempt(found, round);
      if (settlement !== 'changed') return settlement;
    }
    return { kind: 'exception', reason: 'Changing', message: `it changed ${SETTLE_ROUNDS.toString()} times while it was being synchronized`, target };
  }

  async #send(key: ResourceKey, found: Found): Promise<Settlement | 'changed'> {
    const result = await this.#parts.committer.submit(observationOf(key, found));
    this.#parts.logger.debug('observation answered', { key, outcome: result.outcome, reason: result.outcome === 'refused' ? result.reason : undefined });
    switch (result.outcome) {
      case 'committed': return asSent(await this.#showResult(result, found));
      case 'unchanged': return this.#showResult(result, found);
      case 'refused': return this.#refused(result, found);
    }
  }

  async #refused(result: ObservationResult & { outcome: 'refused' }, found: Found): Promise<Settlement | 'changed'> {
    const { key, reason, message, target } = result;
    switch (reason) {
      case 'NotApplied': return this.#showResult(result, found);
      case 'SpokeReadOnly': {
        const back = await this.#showResult(result, found);
        if (target !== undefined && back !== 'changed' && back.kind === 'settled') this.#parts.cluster.event(key, reason, message);
        return back;
      }
      default: return { kind: 'exception', reason, message, target: undefined };
    }
  }

  /** The region has just been told what is there, so its target goes onto exactly that. */
  async #showResult({ key, target }: ObservationResult, found: Found): Promise<Settlement | 'changed'> {
    if (target !== undefined) return this.#write(target, found);
    this.#parts.settled.put(key, stateOf(found));
    return nothingChanged;
  }

  async #write(target: Target, found: Found): Promise<Settlement | 'changed'> {
    const { outcome, change } = await this.#perform(target, found);
    switch (outcome.kind) {
      case 'ok':
        this.#parts.settled.put(target.key, shownState(target, found, change));
        return { kind: 'settled', change };
      case 'conflict': return 'changed';
      case 'refused': return { kind: 'exception', reason: outcome.reason, message: outcome.message, target };
    }
  }

  async #perform({ key, show }: Target, found: Found): Promise<{ readonly outcome: WriteOutcome; readonly change: 'created' | 'replaced' | 'deleted' | 'none' }> {
    const { cluster, signal } = this.#parts;
    if (show.kind === 'gone') {
      if (found.kind === 'gone') return { outcome: { kind: 'ok' }, change: 'none' };
      return { outcome: await cluster.delete(key, found.object, signal), change: 'deleted' };
    }
    const { content, hash, token } = show;
    if (found.kind === 'gone') return { outcome: await cluster.write({ key, content, hash, token, replaces: undefined }, signal), change: 'created' };
    if (found.content.hash !== hash) return { outcome: await cluster.write({ key, content, hash, token, replaces: found.object }, signal), change: 'replaced' };
    const outcome: WriteOutcome = found.object.token === token ? { kind: 'ok' } : await cluster.writeToken(key, token, found.object, signal);
    return { outcome, change: 'none' };
  }
}

const asSent = (settlement: Settlement | 'changed'): Settlement | 'changed' =>
  settlement !== 'changed' && settlement.kind === 'settled' ? { kind: 'settled', change: settlement.change === 'none' ? 'sent' : settlement.change } : settlement;

/** Whether the cluster holds what the region believes, or already what it asks for. */
function isExpected(found: Found, { show, before }: Target): boolean {
  if (found.kind === 'gone') return show.kind === 'gone' || before.kind === 'nothing';
  const { hash } = found.content;
  return (show.kind === 'live' && hash === show.hash) || (before.kind === 'live' && hash === before.hash);
}

const stateOf = (found: Found): Parameters<SettledStates['put']>[1] =>
  found.kind === 'gone' ? { kind: 'gone' } : { kind: 'live', hash: found.object.content.hash, token: found.object.token };

/** What the watch will tell back: where only the token was written, the object looks as before. */
function shownState({ show }: Target, found: Found, change: string): Parameters<SettledStates['put']>[1] {
  if (show.kind === 'gone') return { kind: 'gone' };
  const hash = change === 'none' && found.kind === 'live' ? found.object.content.hash : show.hash;
  return { kind: 'live', hash, token: show.token };
}

function observationOf(key: ResourceKey, found: Found): Observation {
  if (found.kind === 'gone') return { key, uid: found.uid, resourceVersion: found.resourceVersion, token: undefined, state: { kind: 'gone', confirmed: true } };
  const { uid, resourceVersion, token } = found.object;
  return { key, uid, resourceVersion, token, state: { kind: 'live', content: found.content.text } };
}
