/** Work that a function gave up, waiting for a person. */
export interface DeadLetter {
  /** `SOURCE/ID` */
  readonly id: string;
  /** The function whose queue it is in. */
  readonly source: string;
  readonly failedAtMs: number;
  /** How often it was tried; undefined where nobody says. */
  readonly attempts: number | undefined;
  /** What went wrong the last time. */
  readonly error: string;
  /** What it was about, without payload. */
  readonly summary: string;
}

export interface DeadLetterList {
  readonly letters: readonly DeadLetter[];
  /** As the queues count them, about: those that another look is holding, and those beyond what one look reads, included. */
  readonly total: number;
}

/** Which letters to try again: some by their ids, or all (of one queue). */
export type Replay = { readonly kind: 'ids'; readonly ids: readonly string[] } | { readonly kind: 'all'; readonly source: string | undefined };

/** A letter that stays where it is, and why. */
export interface LetterFailure { readonly id: string; readonly reason: string }

export interface ReplayOutcome {
  readonly replayed: number;
  readonly failed: number;
  /** Which could not be tried again and why; they are still there. Some of them, where there are many. */
  readonly failures: readonly LetterFailure[];
}

export interface DiscardOutcome { readonly discarded: number; readonly failures: readonly LetterFailure[] }

/** Ids that one replay or discard names at most: each is an entry of the audit log's line. */
export const MAX_LETTER_IDS = 100;

/**
 * Letters of one queue that one call looks at: two calls to SQS each, within the 29 s of an operator's call, the queues side by side. A
 * call that dealt with fewer in all has seen every queue to its end.
 */
export const MAX_LETTERS_A_LOOK = 300;

/** What a region's functions gave up. Errors are `ReplicaError`s: `invalid` for a source or an id that cannot be one. */
export interface DeadLetters {
  /** What there is, by id. A look holds letters back from other looks until it ends. */
  list(source: string | undefined, signal: AbortSignal): Promise<DeadLetterList>;
  /**
   * Has the letters' work done anew and takes them out. At least once: one whose taking out fails is listed, and may be replayed, again,
   * which does no harm, as all work here. A letter that is none of ours stays.
   */
  replay(which: Replay, signal: AbortSignal): Promise<ReplayOutcome>;
  /** Takes letters out, also those that are none of ours, and does nothing about them. One that is not there is a failure. */
  discard(ids: readonly string[], signal: AbortSignal): Promise<DiscardOutcome>;
}

const nowhere = (ids: readonly string[]): readonly LetterFailure[] => ids.map((id) => ({ id, reason: 'this region has no dead letters: it does not run on AWS' }));

/** Of a region without queues: what its processes cannot do, its schedule does again. */
export const noDeadLetters: DeadLetters = {
  list: () => Promise.resolve({ letters: [], total: 0 }),
  replay: (which) => {
    const ids = which.kind === 'ids' ? which.ids : [];
    return Promise.resolve({ replayed: 0, failed: ids.length, failures: nowhere(ids) });
  },
  discard: (ids) => Promise.resolve({ discarded: 0, failures: nowhere(ids) }),
};
