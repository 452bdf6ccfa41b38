import type { SeededRandom } from './random.ts';

/** Everything that can go wrong in a run, by the name that leaves it out (`--without NAME`). */
export const FAULTS = {
  'request-lost': 'a call never arrives',
  'answer-lost': 'a call is carried out, and its answer lost',
  truncated: 'a page loses answers or segments on its way',
  straggler: 'a page or row arrives again, or is answered again, out of order, perhaps hours later',
  forged: 'a peer sends a version that its author never wrote',
  cut: 'two members cannot call each other',
  'one-way-cut': 'one member cannot call another, which can call it',
  isolated: 'a member is cut off from all others, and its ledger replica from theirs',
  down: 'a member does not run',
  crash: 'a handler dies before a write',
  'write-unanswered': 'a write is carried out, and its answer lost',
  'torn-read': 'rows read together are read at different moments',
  interleaved: 'several handlers of one member take turns at every store call',
  'clock-skew': 'a clock is seconds or minutes off',
  'clock-jump': 'a clock jumps to another skew',
  'far-future': 'a clock is a month ahead',
  'ledger-merged': 'of an item written several times only the newest version arrives',
  'ledger-repeated': 'a ledger item is told twice',
  'ledger-silent': 'a ledger item arrives, and nobody is told',
  'ledger-lost': 'a ledger item never arrives',
  'ledger-paused': 'a ledger replica gets nothing for a while',
  backup: 'a table is put back from a backup',
  'torn-backup': 'a backup whose items are of different moments',
  'backup-again': 'the same backup is put back a second time',
  compaction: 'log segments expire',
  'late-commit': 'a commit of a bridge arrives late, after others',
  'repeated-commit': 'a commit of a bridge arrives again',
  'hand-over': 'another bridge takes over, and the old one still sends',
  'plain-manifest': 'an object is replaced by a manifest without its token',
  'old-copy': 'an older copy of an object is put back, token and all',
  'foreign-copy': 'an object is put in another cluster, token and all',
  'stale-editor': 'somebody edits an older copy and puts that in place',
  emptied: 'a cluster is built anew, empty',
  rebuilt: 'a cluster is built anew, with the objects it had',
  'forced-out': 'a member leaves that has what others lack',
  strategy: 'a member asks for another conflict strategy',
} as const;
export type Fault = keyof typeof FAULTS;

/** Decides which faults strike, and counts them. */
export class Faults {
  readonly counts: Record<string, number> = {};
  readonly #random: SeededRandom;
  readonly #disabled: ReadonlySet<string>;

  constructor(random: SeededRandom, disabled: ReadonlySet<string>) {
    this.#random = random;
    this.#disabled = disabled;
  }

  /** Counts a fault that the product's own work brings about. */
  note(fault: Fault): void { this.counts[fault] = (this.counts[fault] ?? 0) + 1; }

  /** Whether a fault strikes here, in this share of the cases. Counted when it does. */
  strikes(fault: Fault, share = 1): boolean {
    if (this.#disabled.has(fault) || this.#disabled.has('faults') || !(share >= 1 || this.#random.happens(share))) return false;
    this.note(fault);
    return true;
  }
}
