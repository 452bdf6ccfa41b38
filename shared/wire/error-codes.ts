import type { ReplicaErrorCode } from '../ports/errors.ts';
import type { CallCode } from './call-error.ts';

/** What one kind of error is called on the wire and what a program that ends with it exits with. */
export interface ErrorCodes { readonly connect: CallCode; readonly exit: number }

/** Exit codes of novactl. 1 is for what nobody foresaw; from 64 on shells and signals have their own. */
export const EXIT = { ok: 0, internal: 1, invalid: 2, notFound: 3, conflict: 4, refused: 5, stopped: 6, unavailable: 7, limit: 8, unsupported: 9 } as const;

/** The one table of error codes (docs/rpc.md shows it). The exact code travels in `ErrorDetail.code`. */
export const ERROR_CODES: Readonly<Record<ReplicaErrorCode, ErrorCodes>> = {
  initializing: { connect: 'unavailable', exit: EXIT.unavailable },
  recovering: { connect: 'unavailable', exit: EXIT.unavailable },
  left: { connect: 'failed_precondition', exit: EXIT.stopped },
  fenced: { connect: 'failed_precondition', exit: EXIT.stopped },
  paused: { connect: 'failed_precondition', exit: EXIT.stopped },
  'not-found': { connect: 'not_found', exit: EXIT.notFound },
  invalid: { connect: 'invalid_argument', exit: EXIT.invalid },
  'too-large': { connect: 'out_of_range', exit: EXIT.limit },
  conflict: { connect: 'aborted', exit: EXIT.conflict },
  busy: { connect: 'unavailable', exit: EXIT.unavailable },
  refused: { connect: 'permission_denied', exit: EXIT.refused },
  unavailable: { connect: 'unavailable', exit: EXIT.unavailable },
  unsupported: { connect: 'unimplemented', exit: EXIT.unsupported },
  quota: { connect: 'resource_exhausted', exit: EXIT.limit },
};

/**
 * What a Connect code means where no `ErrorDetail` says it exactly: it comes from a gateway, from a Connect library, which says aborted
 * of a broken connection, or from our own clients, which say resource_exhausted of a message over a limit.
 */
const FALLBACK: Readonly<Record<CallCode, ReplicaErrorCode>> = {
  canceled: 'unavailable',
  unknown: 'unavailable',
  invalid_argument: 'invalid',
  deadline_exceeded: 'unavailable',
  not_found: 'not-found',
  already_exists: 'conflict',
  permission_denied: 'refused',
  resource_exhausted: 'too-large',
  failed_precondition: 'refused',
  aborted: 'unavailable',
  out_of_range: 'too-large',
  unimplemented: 'unsupported',
  internal: 'unavailable',
  unavailable: 'unavailable',
  data_loss: 'unavailable',
  unauthenticated: 'refused',
};

const isReplicaErrorCode = (text: string): text is ReplicaErrorCode => Object.hasOwn(ERROR_CODES, text);

/** The code of an error that came over the wire: the exact one where it is known here, else what the Connect code means. */
export const replicaCodeOf = (connect: CallCode, exact: string | undefined): ReplicaErrorCode =>
  (exact !== undefined && isReplicaErrorCode(exact) ? exact : FALLBACK[connect]);

/** What a program exits with after an error. */
export const exitCodeOf = (code: ReplicaErrorCode): number => ERROR_CODES[code].exit;
