/** Time, as the rules see it: passed in, so that a simulation can own it. */
export interface Clock {
  /** Milliseconds since 1970. May jump; the rules do not rely on it for safety. */
  nowMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Randomness, as the rules see it. */
export interface Random {
  bytes(length: number): Uint8Array;
}
