/** Operations that are made of others, which are counted one by one. */
export type Compound = 'drain' | 'interleave' | 'rush' | 'flash' | 'comeBack' | 'loseTogether' | 'overtake' | 'fallBehind' | 'editDeleted' | 'askOfGone' | 'makeAgain';
/** What one handler, bridge, user or operator does, or what happens to them. */
export type Simple =
  | 'edit' | 'remove' | 'bridge' | 'commitLate' | 'pull' | 'push' | 'beat' | 'ledger' | 'publish' | 'collect' | 'look' | 'reconcile' | 'straggle' | 'forge' | 'time' | 'part' | 'heal'
  | 'backup' | 'restore' | 'putCopy' | 'handOver' | 'rebuild' | 'strategy' | 'operate' | 'leave' | 'skew';
export type OperationName = Simple | Compound;

const COMPOUNDS: ReadonlySet<string> = new Set<Compound>(['drain', 'interleave', 'rush', 'flash', 'comeBack', 'loseTogether', 'overtake', 'fallBehind', 'editDeleted', 'askOfGone', 'makeAgain']);
export const isCompound = (name: string): boolean => COMPOUNDS.has(name);

/** Counts the operations of a schedule. */
export class Tally {
  readonly counts: Partial<Record<OperationName, number>> = {};
  /** All but the compounds, whose parts count. */
  total = 0;

  note(name: OperationName): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    if (!isCompound(name)) this.total += 1;
  }
}
