/** What a caller can decide on. One table maps these to Connect codes and exit codes (`rpc/error-codes.ts`). */
export type ReplicaErrorCode =
  | 'initializing' | 'recovering' | 'left' | 'fenced' | 'paused' | 'not-found' | 'invalid' | 'too-large' | 'conflict' | 'busy' | 'refused' | 'unavailable' | 'unsupported' | 'quota';

/** An expected failure: what happened, why, and what to do. */
export class ReplicaError extends Error {
  override readonly name = 'ReplicaError';
  readonly code: ReplicaErrorCode;
  constructor(code: ReplicaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Too many others worked on the same items, or the store gave no more, for as long as was tried. Nothing was written. */
export class StoreBusyError extends Error { override readonly name = 'StoreBusyError' }
/** The store did not answer, or not this process: a write may or may not have been carried out, unless the message says more. */
export class StoreUnreachableError extends Error { override readonly name = 'StoreUnreachableError' }
