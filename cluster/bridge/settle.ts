import type { Content } from '../../shared/model/content.ts';
import type { Hash, ResourceKey } from '../../shared/model/ids.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { ExceptionKind, Observation, ObservationResult, Target } from '../../shared/ports/region.ts';
import type { Cluster, ClusterObject, ReadResult, WriteOutcome } from './cluster-port.ts';
import type { Committer } from './committer.ts';
import type { Flaps } from './flaps.ts';
import { SETTLE_ROUNDS } from './limits.ts';
import type { RegionCaller } from './region-caller.ts';
import { asWritten } from './reshaping.ts';
import type { ShownContent, ShownContents } from './shown-contents.ts';
import type { SettledState, SettledStates } from './settled-states.ts';

/** What came of one resource. */
export type Settlement =
  | { readonly kind: 'settled'; readonly change: 'created' | 'replaced' | 'deleted' | 'sent' | 'none' }
  /** It stays as it is for now; `target` is what could not be shown, where that is at hand. */
  | { readonly kind: 'exception'; readonly what: ExceptionKind; readonly reason: string; readonly message: string; readonly target: Target | undefined };

/**
 * The object as it was read. `hash` is that of what it says, which is not what it looks like where the cluster reshapes; `isSettled`:
 * it is as it was when both last agreed.
 */
type Found =
  | { readonly kind: 'live'; readonly object: ClusterObject; readonly hash: Hash; readonly isSettled: boolean; readonly content: () => Promise<Content> }
  | (ReadResult & { readonly kind: 'gone'; readonly isSettled: boolean });

export interface SettleParts {
  readonly cluster: Cluster;
  readonly region: RegionCaller;
  readonly committer: Pick<Committer, 'submit'>;
  readonly settled: SettledStates;
  readonly shown: ShownContents;
  readonly flaps: Flaps;
  /** Labels and annotations that stay local. */
  readonly marks: readonly string[];
  /** Waits a moment between an edit's commit and its token, where there is time for that. */
  readonly rest: (key: ResourceKey) => Promise<void>;
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

  /** Tells the region what the cluster has. `echoes: 'skip'` leaves out what both agreed on before. @param look as `Cluster.read` has it */
  observe(key: ResourceKey, echoes: 'skip' | 'send', look: 'known' | 'fresh' = 'known'): Promise<Settlement> {
    if (echoes === 'skip' && this.#isOurs(key)) return Promise.resolve(nothingChanged);
    return this.#rounds(key, undefined, look, async (found, round) => {
      const isEcho = echoes === 'skip' && round === 0 && found.isSettled;
      return isEcho ? nothingChanged : this.#send(key, found);
    });
  }

  /**
   * Shows what the region asks for, after sending what somebody changed meanwhile. Where both have agreed since the region was asked,
   * the target may be older than that: its token would make what the cluster has look like an old copy. The region is asked again.
   *
   * @param asked the moment (`SettledStates`) before the region was asked
   * @param look as `Cluster.read` has it
   */
  async show(target: Target, asked: number, look: 'known' | 'fresh' = 'known'): Promise<Settlement> {
    if (this.#isOurs(target.key) && this.#parts.settled.isAgreed(target.key, target.show)) return nothingChanged;
    if (this.#isUnseen(target, asked)) {
      const created = await this.#write(target, NOT_THERE);
      // Whatever was in the way, a look tells better what to do about it.
      if (created !== 'changed' && created.kind === 'settled') return created;
    }
    const settlement = await this.#rounds(target.key, target, look, (found, round) => {
      const isNews = isShown(found, target) || !this.#parts.settled.isAgreedSince(target.key, asked);
      return round === 0 && isNews && this.#isExpected(found, target) ? this.#write(target, found) : this.#send(target.key, found);
    });
    // Also where an edit could not be sent: it kept the target from being shown.
    return settlement.kind === 'exception' ? { ...settlement, what: 'not-shown' } : settlement;
  }

  /** Reads and tries until nothing changes underneath. */
  async #rounds(key: ResourceKey, target: Target | undefined, look: 'known' | 'fresh', attempt: (found: Found, round: number) => Promise<Settlement | 'changed'>): Promise<Settlement> {
    const { cluster, signal } = this.#parts;
    for (let round = 0; round < SETTLE_ROUNDS; round += 1) {
      const read: ReadResult = await cluster.read(key, signal, round === 0 ? look : 'fresh');
      if (read.kind === 'unknown' && read.isCreatable === true && target !== undefined && isNewHere(target)) {
        const created = await this.#write(target, NOT_THERE);
        if (created !== 'changed') return created;
        continue;
      }
      if (read.kind === 'unknown') return { kind: 'exception', what: read.absent === true ? 'not-shown' : 'not-sent', reason: read.reason, message: read.message, target };
      const settlement = await attempt(await this.#find(key, read), round);
      if (settlement !== 'changed') return settlement;
    }
    return { kind: 'exception', what: 'not-shown', reason: 'Changing', message: `it changed ${SETTLE_ROUNDS.toString()} times while it was being synchronized`, target };
  }

  /** Whether all that was told of it is our own write, told back: then there is nothing to look at. */
  #isOurs(key: ResourceKey): boolean { return this.#parts.settled.has(key) && this.#parts.cluster.isAsLeft(key); }

  /** Whether it was never here by all that cluster and region know, so that making it is all there is to do. Only news: as in `show`. */
  #isUnseen(target: Target, asked: number): boolean {
    const { cluster, settled } = this.#parts;
    const { key } = target;
    return cluster.createsUnseen && isNewHere(target) && !settled.isPresent(key) && (!settled.has(key) || settled.isGone(key)) && !settled.isAgreedSince(key, asked);
  }

  /** Nobody is asked what an object says that looks as it did when both agreed. */
  async #find(key: ResourceKey, read: ReadResult & { kind: 'live' | 'gone' }): Promise<Found> {
    const { cluster, settled, marks, signal } = this.#parts;
    if (read.kind === 'gone') return { ...read, isSettled: settled.isGone(key) };
    const { object } = read;
    const content = (): Promise<Content> => asWritten(cluster, (token) => this.#shownAt(key, token), object, marks, signal);
    const shown = settled.shown(key, object.content.hash, object.token);
    if (shown !== undefined) return { kind: 'live', object, hash: shown, isSettled: true, content };
    const said = await content();
    return { kind: 'live', object, hash: said.hash, isSettled: false, content: () => Promise.resolve(said) };
  }

  /** What a token of this object stands for. */
  async #shownAt(key: ResourceKey, token: string): Promise<ShownContent | undefined> {
    const { region, shown, signal } = this.#parts;
    const known = shown.get(key, token);
    if (known !== undefined) return known;
    const target = await region.viewAt(key, token, signal);
    return target?.show.kind === 'live' ? target.show : undefined;
  }

  /**
   * Whether the cluster holds what the region asks for already, or what the region believes; but for what both have agreed on since
   * the region was told: then it is somebody's edit back to what was there before. And but for an object that the region knows nothing of,
   * though it says the same: that it is somebody's own, and not brought here, the region has to be told.
   */
  #isExpected(found: Found, { key, show, before }: Target): boolean {
    const { settled } = this.#parts;
    const isAsWas = found.isSettled || !settled.has(key);
    if (found.kind === 'gone') return show.kind === 'gone' || (before.kind === 'nothing' && isAsWas);
    const isNews = before.kind === 'nothing' && !found.isSettled && show.kind === 'live' && found.object.token !== show.token;
    return (show.kind === 'live' && found.hash === show.hash && !isNews) || (before.kind === 'live' && found.hash === before.hash && isAsWas);
  }

  async #send(key: ResourceKey, found: Found): Promise<Settlement | 'changed'> {
    if (found.kind === 'live' && !found.isSettled) {
      const why = this.#parts.flaps.holds(key, { hash: found.hash, text: (await found.content()).text, by: found.object.lastWriter });
      if (why !== undefined) return { kind: 'exception', what: 'not-sent', reason: 'Flapping', message: why, target: undefined };
    }
    const result = await this.#parts.committer.submit(await observationOf(key, found));
    this.#parts.logger.debug('observation-answered', { key, outcome: result.outcome, reason: result.outcome === 'refused' ? result.reason : undefined });
    switch (result.outcome) {
      case 'committed':
        if (found.kind === 'live') this.#parts.flaps.sent(key, found.hash);
        if (found.kind === 'live' && result.target?.show.kind === 'live' && result.target.show.hash === found.hash) await this.#parts.rest(key);
        return asSent(await this.#showResult(result, found));
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
        if (target !== undefined && back !== 'changed' && back.kind === 'settled') this.#parts.cluster.event(key, 'Normal', reason, message);
        return back;
      }
      // As the region names it where it withholds a delete from the cluster.
      case 'Held': return { kind: 'exception', what: 'not-sent', reason: 'MassDeleteHeld', message, target: undefined };
      default: return { kind: 'exception', what: 'not-sent', reason, message, target: undefined };
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
        this.#parts.settled.put(target.key, stateAfter(target, found, change, outcome.hash));
        if (target.show.kind === 'live') this.#parts.shown.put(target.key, target.show);
        if (change === 'replaced' && target.show.kind === 'live') this.#parts.flaps.shown(target.key, { hash: target.show.hash, text: target.show.content });
        return { kind: 'settled', change };
      case 'conflict': return 'changed';
      case 'refused': return { kind: 'exception', what: 'not-shown', reason: outcome.reason, message: outcome.message, target };
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
    if (found.hash !== hash) return { outcome: await cluster.write({ key, content, hash, token, replaces: found.object }, signal), change: 'replaced' };
    const outcome: WriteOutcome = found.object.token === token ? { kind: 'ok' } : await cluster.writeToken(key, token, found.object, signal);
    return { outcome, change: 'none' };
  }
}

/** What was here before and went with its namespace is not made again. */
const isNewHere = ({ show, before }: Target): boolean => show.kind === 'live' && before.kind === 'nothing';
const NOT_THERE: Found = { kind: 'gone', confirmed: false, uid: '', resourceVersion: '0', token: undefined, isSettled: false };

const asSent = (settlement: Settlement | 'changed'): Settlement | 'changed' =>
  settlement !== 'changed' && settlement.kind === 'settled' ? { kind: 'settled', change: settlement.change === 'none' ? 'sent' : settlement.change } : settlement;

/** Whether it is there already, token and all. */
const isShown = (found: Found, { show }: Target): boolean =>
  (found.kind === 'gone' ? show.kind === 'gone' : show.kind === 'live' && found.hash === show.hash && found.object.token === show.token);

const stateOf = (found: Found): SettledState =>
  found.kind === 'gone' ? { kind: 'gone' } : { kind: 'live', hash: found.object.content.hash, token: found.object.token, shown: found.hash };

/** What the watch will tell back: where only the token was written, the object looks as before. */
function stateAfter({ show }: Target, found: Found, change: string, stored: Hash | undefined): SettledState {
  if (show.kind === 'gone') return { kind: 'gone' };
  const hash = change === 'none' && found.kind === 'live' ? found.object.content.hash : (stored ?? show.hash);
  return { kind: 'live', hash, token: show.token, shown: show.hash };
}

async function observationOf(key: ResourceKey, found: Found): Promise<Observation> {
  const { uid, resourceVersion, token } = found.kind === 'live' ? found.object : found;
  const state: Observation['state'] = found.kind === 'live' ? { kind: 'live', content: (await found.content()).text } : { kind: 'gone', confirmed: found.confirmed };
  return { key, uid, resourceVersion, token, state };
}
