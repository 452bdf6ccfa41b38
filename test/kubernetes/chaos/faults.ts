import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../simulation/random.ts';
import type { GuideFederation, Place } from '../guide-federation.ts';
import { PLACES } from '../guide-federation.ts';

export type FaultKind = 'member killed' | 'bridge handed over' | 'region killed' | 'region hung' | 'Secret rotated' | 'API server killed' | 'API server hung' | 'compacted';
/** Of all faults, how many are of a kind. */
export type FaultShares = Partial<Readonly<Record<FaultKind, number>>>;

/** Regions and bridges go together. */
export const MEMBERS_KILLED: FaultShares = { 'member killed': 7, 'API server killed': 1, compacted: 1, 'API server hung': 1 };
/** Bridges go while their regions go on, others take over, and the other way round. */
export const BRIDGES_KILLED: FaultShares = { 'bridge handed over': 6, 'region killed': 1, 'region hung': 2, 'Secret rotated': 2, 'API server killed': 1, compacted: 1 };

const MAX_DOWN_MS = 5000;

/** Breaks one thing after the other in a federation, and mends each a little later, while users go on. */
export class Faults {
  readonly #federation: GuideFederation;
  readonly #random: SeededRandom;
  readonly #kinds: readonly FaultKind[];
  readonly #happened: (what: string) => void;
  readonly #mending: Promise<void>[] = [];
  /** Places whose API server does not answer. */
  readonly away = new Set<Place>();
  /** Places where nobody would tell the region of a delete. */
  readonly down = new Set<Place>();
  readonly counts: Partial<Record<FaultKind, number>> = {};

  constructor(federation: GuideFederation, shares: FaultShares, random: SeededRandom, happened: (what: string) => void) {
    this.#federation = federation;
    this.#random = random;
    this.#kinds = (Object.entries(shares) as [FaultKind, number][]).flatMap(([kind, share]) => Array<FaultKind>(share).fill(kind));
    this.#happened = happened;
  }

  /** One thing goes wrong, or nothing where something of the kind is wrong already. */
  next(): void {
    const [place, kind, downMs] = [this.#random.pick(PLACES), this.#random.pick(this.#kinds), this.#random.below(MAX_DOWN_MS)];
    const isApiServers = kind === 'API server killed' || kind === 'API server hung' || kind === 'compacted';
    if (this.away.has(place) || (isApiServers ? this.away.size > 0 : this.down.has(place))) return;
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    this.#mending.push(this.#carryOut(kind, place, downMs));
  }

  /** Resolves when everything is mended. @throws what could not be */
  async mended(): Promise<void> { await Promise.all(this.#mending); }

  #carryOut(kind: FaultKind, place: Place, downMs: number): Promise<void> {
    const federation = this.#federation;
    const cluster = federation.cluster(place);
    switch (kind) {
      case 'member killed': case 'region killed': return this.#while(kind, place, downMs, this.down, () => federation.killProcess(place), () => federation.startProcess(place));
      // The next one to stand by comes a little later; until one leads nobody tells the region of anything.
      case 'bridge handed over': return this.#while(kind, place, downMs, this.down, () => federation.killLeader(place), async () => { await federation.leader(place); await federation.startBridge(place); });
      case 'region hung': return this.#while(kind, place, downMs, this.down, async () => { federation.pauseProcess(place); }, async () => { federation.resumeProcess(place); });
      case 'Secret rotated': return this.#while(kind, place, 0, new Set(), () => federation.rotateSecret(place), () => Promise.resolve());
      case 'API server killed': return this.#while(kind, place, downMs, this.away, () => cluster.kill(), () => cluster.start());
      case 'API server hung': return this.#while(kind, place, downMs, this.away, async () => { cluster.pause(); }, async () => { cluster.resume(); });
      case 'compacted': return this.#while(kind, place, 0, new Set(), () => cluster.compact(), () => Promise.resolve());
    }
  }

  async #while(kind: FaultKind, place: Place, downMs: number, without: Set<Place>, begin: () => Promise<void>, end: () => Promise<void>): Promise<void> {
    without.add(place);
    this.#happened(`${place}: ${kind}${downMs > 0 ? `, for ${downMs.toString()} ms` : ''}`);
    await begin();
    await sleep(downMs);
    await end();
    if (downMs > 0) this.#happened(`${place}: that is over, ${kind}`);
    without.delete(place);
  }
}
