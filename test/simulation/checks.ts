/** An invariant of docs/spec.md that did not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: number;
  constructor(invariant: number, message: string) {
    super(`I${invariant.toString()}: ${message}`);
    this.invariant = invariant;
  }
}

/** Holds a run to the invariants, and counts how often it was held to each. */
export class Checks {
  readonly #counts = new Map<number, number>();

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].map(([invariant, count]) => [`I${invariant.toString()}`, count]));
  }

  /** @throws Violation */
  require(invariant: number, holds: boolean, message: () => string): void {
    this.#counts.set(invariant, (this.#counts.get(invariant) ?? 0) + 1);
    if (!holds) throw new Violation(invariant, message());
  }
}

/** Errors that are findings, not faults the run made itself. */
export const isFinding = (error: unknown): boolean => error instanceof Violation || error instanceof TypeError || error instanceof RangeError;
