import type { ClockRow } from '../../shared/model/clock-row.ts';
import type { Member } from '../../shared/model/ids.ts';
import { counterOf } from '../../shared/model/version-vector.ts';
import type { Peer } from '../../shared/ports/peer.ts';
import { reconcileWith } from '../../shared/replica/anti-entropy.ts';
import { collect } from '../../shared/replica/collect.ts';
import { beat } from '../../shared/replica/heartbeat.ts';
import { joinAllDeletes, publishDeletes } from '../../shared/replica/ledger-deletes.ts';
import { seenOf } from '../../shared/replica/position.ts';
import { pulledFrom } from '../../shared/replica/pulled-from.ts';
import { pushTo } from '../../shared/replica/push.ts';
import { ensureServing } from '../../shared/replica/recover.ts';
import type { Replica } from '../../shared/replica/replica.ts';
import { loadSettings } from '../../shared/replica/settings.ts';
import { noteLeavers } from '../../shared/replica/shared-settings.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import { Bell } from './bell.ts';

/** Until there is a spec, and while a peer has not been heard, it is tried again this soon. */
const EAGER_MS = 1000;
const COLLECT_INTERVAL_MS = 60_000;
const RECOVERY_RETRY_MS = 1000;
/** New peers are looked for this often; a changed spec rings at once. */
const SPEC_LOOK_MS = 1000;
/** Before each look at what was written: deletes in the ledger are the backstop of pushes, and each look reads the rows anew. */
const OUTBOX_REST_MS = 500;
/** A push takes a fraction of this; a pull for what it is bringing would do all the work twice. */
const DOORBELL_GRACE_MS = 250;

/**
 * What a member does by itself, as its schedules and events do on AWS: for every peer three loops of their own (health, sync,
 * anti-entropy) and a push after each commit, so that a slow or dead peer never delays the others; and the member's own work.
 */
export class Schedule {
  readonly #replica: Replica;
  readonly #signal: AbortSignal;
  readonly #peers = new Map<Member, KnownPeer>();
  readonly #running: Promise<void>[] = [];
  readonly #outbox = new Bell();
  readonly #newPeers = new Bell();

  constructor(replica: Replica, signal: AbortSignal) {
    this.#replica = replica;
    this.#signal = signal;
  }

  /** Starts all loops; they end with the signal. */
  start(): void {
    this.#loop('recovery', async () => { await ensureServing(this.#replica, this.#signal); return RECOVERY_RETRY_MS; });
    this.#loop('peers', () => this.#startNewPeers(), this.#newPeers);
    this.#loop('outbox', async () => {
      // The pushes of a commit go first.
      await this.#replica.clock.sleep(OUTBOX_REST_MS, this.#signal);
      await publishDeletes(this.#replica);
      return EAGER_MS * 30;
    }, this.#outbox);
    this.#loop('ledger', async () => { await joinAllDeletes(this.#replica); return EAGER_MS * 30; });
    this.#loop('collect', async () => { await collect(this.#replica); return COLLECT_INTERVAL_MS; });
  }

  /** Resolves when all loops have ended. */
  async ended(): Promise<void> { await Promise.all(this.#running); }

  /** A commit was made here: tell the peers, and the ledger of deletes. */
  committed(): void {
    for (const { push } of this.#peers.values()) push.ring();
    this.#outbox.ring();
  }

  /** A peer's clock moved in the ledger. Its push is under way as well: only what that has not brought in a while is pulled. Its last word is heard at once. */
  doorbell({ member, incarnation, head, state }: ClockRow): void {
    if (state === 'left') noteLeavers(this.#replica).catch((error: unknown) => { this.#replica.logger.debug('work-failed', { name: 'leavers', reason: String(error) }); });
    const peer = this.#peers.get(member);
    if (peer === undefined) return;
    const isWaiting = peer.announced !== undefined;
    peer.announced = { incarnation, head };
    if (isWaiting) return;
    setTimeout(() => {
      this.#ringUnlessSeen(peer).catch((error: unknown) => { this.#replica.logger.debug('work-failed', { name: 'doorbell', reason: String(error) }); });
    }, DOORBELL_GRACE_MS).unref();
  }

  async #ringUnlessSeen(peer: KnownPeer): Promise<void> {
    const { announced } = peer;
    peer.announced = undefined;
    if (announced === undefined || this.#signal.aborted) return;
    if (counterOf(seenOf(await this.#replica.store.state()), announced.incarnation) < announced.head) peer.sync.ring();
  }

  /** The settings changed: intervals may be shorter now. */
  changed(): void {
    this.#newPeers.ring();
    for (const { sync, health, verify } of this.#peers.values()) { health.ring(); sync.ring(); verify.ring(); }
  }

  async #startNewPeers(): Promise<number> {
    const { others } = await loadSettings(this.#replica);
    for (const member of others) {
      const peer = this.#peers.has(member) ? undefined : this.#replica.peers.peer(member);
      if (peer !== undefined) this.#startPeer(member);
    }
    return SPEC_LOOK_MS;
  }

  #startPeer(member: Member): void {
    const bells: KnownPeer = { health: new Bell(), sync: new Bell(), push: new Bell(), verify: new Bell(), announced: undefined };
    this.#peers.set(member, bells);
    let pushed: number | undefined;
    this.#peerLoop(member, bells.health, async (peer, replica) => {
      const answered = await beat(replica, peer, this.#signal);
      const { spec } = await loadSettings(replica);
      return answered === 'answered' ? (spec?.healthCheck.intervalMs ?? EAGER_MS) : Math.min(EAGER_MS, spec?.healthCheck.intervalMs ?? EAGER_MS);
    });
    this.#peerLoop(member, bells.sync, async (peer, replica) => {
      if (!(await pulledFrom(replica)).includes(member)) return SPEC_LOOK_MS;
      const { outcome } = await pullFrom(replica, peer, this.#signal);
      const { spec } = await loadSettings(replica);
      return outcome === 'more' ? 0 : (spec?.sync.intervalMs ?? EAGER_MS);
    }, 'whoever-has-news');
    this.#peerLoop(member, bells.push, async (peer, replica) => {
      pushed ??= ((await replica.store.state()).clock?.head ?? 0) - 1;
      pushed = await pushTo(replica, peer, pushed, this.#signal);
      return EAGER_MS * 3600;
    });
    this.#peerLoop(member, bells.verify, async (peer, replica) => {
      const { spec } = await loadSettings(replica);
      const { enabled, intervalMs } = spec?.antiEntropy ?? { enabled: false, intervalMs: EAGER_MS };
      if (enabled) await reconcileWith(replica, peer, this.#signal);
      return intervalMs;
    });
  }

  /** @param among whom the work is for: members of the list, or also who has left it */
  #peerLoop(member: Member, bell: Bell, work: (peer: Peer, replica: Replica) => Promise<number>, among: 'members' | 'whoever-has-news' = 'members'): void {
    this.#loop(member, async () => {
      const peer = this.#replica.peers.peer(member);
      const isMeant = among !== 'members' || (await loadSettings(this.#replica)).others.includes(member);
      return peer === undefined || !isMeant ? SPEC_LOOK_MS : work(peer, this.#replica);
    }, bell);
  }

  /** Runs work for ever, each time after what it returned in milliseconds, or as soon as the bell rings. */
  #loop(name: string, work: () => Promise<number>, bell: Bell = new Bell()): void {
    const isOver = (): boolean => this.#signal.aborted;
    this.#running.push((async () => {
      while (!isOver()) {
        let waitMs = EAGER_MS;
        try {
          waitMs = await work();
        } catch (error) {
          if (!isOver()) this.#replica.logger.debug('work-failed', { name, reason: error instanceof Error ? error.message : String(error) });
        }
        await bell.wait(waitMs, this.#signal);
      }
    })());
  }
}

interface KnownPeer {
  readonly health: Bell;
  readonly sync: Bell;
  readonly push: Bell;
  readonly verify: Bell;
  /** What the ledger said of it and nobody has looked into yet. */
  announced: Pick<ClockRow, 'incarnation' | 'head'> | undefined;
}
