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

export interface ReplayOutcome {
  readonly replayed: number;
  readonly failed: number;
  /** Which could not be tried again and why; they are still there. Some of them, where there are many. */
  readonly failures: readonly { readonly id: string; readonly reason: string }[];
}

/** Ids that one replay names at most: each is an entry of the audit log's line. */
export const MAX_REPLAY_IDS = 100;

/** What a region's functions gave up. Errors are `ReplicaError`s: `invalid` for a source or an id that cannot be one. */
export interface DeadLetters {
  /** What there is, by id. A look holds letters back from other looks until it ends. */
  list(source: string | undefined, signal: AbortSignal): Promise<DeadLetterList>;
  /**
   * Has the letters' work done anew and takes them out. At least once: one whose taking out fails is listed, and may be replayed, again,
   * which does no harm, as all work here. A letter that is none of ours stays.
   */
  replay(which: Replay, signal: AbortSignal): Promise<ReplayOutcome>;
}

/** Of a region without queues: what its processes cannot do, its schedule does again. */
export const noDeadLetters: DeadLetters = {
  list: () => Promise.resolve({ letters: [], total: 0 }),
  replay: (which) => {
    const ids = which.kind === 'ids' ? which.ids : [];
    return Promise.resolve({ replayed: 0, failed: ids.length, failures: ids.map((id) => ({ id, reason: 'this region has no dead letters: it does not run on AWS' })) });
  },
};
