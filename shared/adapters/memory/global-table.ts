import type { Member } from '../../model/ids.ts';
import type { LedgerChange } from '../../ports/ledger.ts';
import type { LedgerItem } from '../stored/ledger-item.ts';
import { isNewer } from '../stored/ledger-item.ts';
import { SimulatedLedger } from './simulated-ledger.ts';

/** One direction between two replicas. */
export interface LinkName { readonly from: Member; readonly to: Member }

/**
 * How a round of delivery goes. Shares are probabilities from 0 to 1, asked of `random` for each item; all but `share` are 0
 * unless given.
 */
export interface Delivery {
  /** From 0 (inclusive) to 1 (exclusive); the caller's, so that a run can be replayed. */
  readonly random: () => number;
  /** Only this direction; all of them otherwise. */
  readonly link?: LinkName;
  /** Items that arrive in this round; the others stay on their way. 1 unless given. */
  readonly share?: number;
  /** Of an item written more than once, only the newest version arrives; otherwise the versions come one by one. */
  readonly mergeShare?: number;
  /** The replica gets the item and its listener is told again. */
  readonly repeatShare?: number;
  /** The replica gets the item, its listener is never told: a stream record that was given up. */
  readonly silentShare?: number;
  /** Never arrives; only the item's next write will. A DynamoDB global table does this to concurrent writers of one item. */
  readonly lossShare?: number;
}

interface Link extends LinkName { isPaused: boolean; readonly waiting: Map<string, LedgerItem[]> }

/**
 * What carries items between the replicas of a ledger, as a DynamoDB global table does: late, in any order between items, and of
 * two versions of an item the one written last stays. Nothing moves by itself; the caller says when and how.
 */
export class GlobalTable {
  /** Milliseconds since 1970, by the simulation's clock. */
  readonly nowMs: () => number;
  readonly #replicas = new Map<Member, SimulatedLedger>();
  readonly #links: Link[] = [];

  constructor(nowMs: () => number) { this.nowMs = nowMs; }

  /**
   * Makes a member's replica, which is sent all there is.
   *
   * @param onChange told of what comes from other replicas, in the order it arrives; never of the member's own writes
   */
  replica(member: Member, onChange: (change: LedgerChange) => void = () => undefined): SimulatedLedger {
    if (this.#replicas.has(member)) throw new RangeError(`${member} has a replica already`);
    for (const other of this.#replicas.keys()) {
      this.#links.push({ from: member, to: other, isPaused: false, waiting: new Map() }, { from: other, to: member, isPaused: false, waiting: new Map() });
    }
    const replica = new SimulatedLedger(member, this, onChange);
    this.#replicas.set(member, replica);
    this.sendAllTo(member);
    return replica;
  }

  /** Moves items that are on their way. Returns how many items arrived or were lost. */
  deliver(delivery: Delivery): number {
    let moved = 0;
    const items = this.#open(delivery.link).flatMap((link) => [...link.waiting.keys()].map((id) => ({ link, id })));
    for (const { link, id } of shuffle(items, delivery.random)) {
      if (happens(delivery.random, delivery.share ?? 1)) moved += this.#deliverItem(link, id, delivery);
    }
    return moved;
  }

  /** Delivers everything on links that are not paused, the newest versions only. */
  settle(): void {
    for (const link of this.#open(undefined)) {
      for (const versions of link.waiting.values()) this.#arrive(link.to, versions.at(-1), true);
      link.waiting.clear();
    }
  }

  /** Holds back what is on its way in one direction, until `resume`. */
  pause(name: LinkName): void { this.#link(name).isPaused = true; }
  resume(name: LinkName): void { this.#link(name).isPaused = false; }

  /** Items on their way, paused links included. */
  get inFlight(): number {
    let items = 0;
    for (const { waiting } of this.#links) items += waiting.size;
    return items;
  }

  /** A write at its member's replica sets off to the others. */
  send(item: LedgerItem): void {
    for (const link of this.#links) if (link.from === item.member) enqueue(link, item);
  }

  /** Sends one replica all that the others hold, as for a new one. */
  sendAllTo(member: Member): void {
    for (const link of this.#links) {
      if (link.to === member) for (const item of this.#replicas.get(link.from)?.snapshot() ?? []) enqueue(link, item);
    }
  }

  /** The newest version of an item at replicas other than the member's, as far as the links to and from them are open. */
  newestElsewhere(member: Member, id: string): LedgerItem | undefined {
    let newest: LedgerItem | undefined;
    for (const [other, replica] of this.#replicas) {
      if (other === member || this.#isCut(member, other)) continue;
      const item = replica.item(id);
      if (item !== undefined && (newest === undefined || isNewer(item.version, newest.version))) newest = item;
    }
    return newest;
  }

  #deliverItem(link: Link, id: string, { random, mergeShare = 0, repeatShare = 0, silentShare = 0, lossShare = 0 }: Delivery): number {
    const versions = link.waiting.get(id);
    if (versions === undefined) return 0;
    const count = happens(random, mergeShare) ? versions.length : 1;
    const item = versions.splice(0, count).at(-1);
    if (versions.length === 0) link.waiting.delete(id);
    if (happens(random, lossShare)) return count;
    this.#arrive(link.to, item, !happens(random, silentShare));
    if (item !== undefined && happens(random, repeatShare)) this.#replicas.get(link.to)?.tell(item);
    return count;
  }

  #arrive(to: Member, item: LedgerItem | undefined, isTold: boolean): void {
    if (item !== undefined) this.#replicas.get(to)?.receive(item, isTold);
  }

  #open(name: LinkName | undefined): readonly Link[] {
    return this.#links.filter((link) => !link.isPaused && (name === undefined || (link.from === name.from && link.to === name.to)));
  }

  #link({ from, to }: LinkName): Link {
    const found = this.#links.find((link) => link.from === from && link.to === to);
    if (found === undefined) throw new RangeError(`no replicas from ${from} to ${to}`);
    return found;
  }

  #isCut(a: Member, b: Member): boolean {
    return this.#links.some((link) => link.isPaused && ((link.from === a && link.to === b) || (link.from === b && link.to === a)));
  }
}

function enqueue(link: Link, item: LedgerItem): void {
  const versions = link.waiting.get(item.id);
  if (versions === undefined) link.waiting.set(item.id, [item]);
  else versions.push(item);
}

/** Asks for no randomness where there is nothing to decide. */
const happens = (random: () => number, share: number): boolean => share >= 1 || (share > 0 && random() < share);

/** Fisher and Yates. */
function shuffle<Item>(items: readonly Item[], random: () => number): readonly Item[] {
  const shuffled = [...items];
  for (let at = shuffled.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    const [a, b] = [shuffled[at], shuffled[other]];
    if (a !== undefined && b !== undefined) { shuffled[at] = b; shuffled[other] = a; }
  }
  return shuffled;
}
