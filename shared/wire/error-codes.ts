import { Code } from '@connectrpc/connect';
import type { ReplicaErrorCode } from '../ports/errors.ts';

/** What one kind of error is called on the wire and what a program that ends with it exits with. */
export interface ErrorCodes { readonly connect: Code; readonly exit: number }

/** Exit codes of novactl. 1 is for what nobody foresaw; from 64 on shells and signals have their own. */
export const EXIT = { ok: 0, internal: 1, invalid: 2, notFound: 3, conflict: 4, refused: 5, stopped: 6, unavailable: 7, limit: 8, unsupported: 9 } as const;

/** The one table of error codes (docs/rpc.md shows it). The exact code travels in `ErrorDetail.code`. */
export const ERROR_CODES: Readonly<Record<ReplicaErrorCode, ErrorCodes>> = {
  initializing: { connect: Code.Unavailable, exit: EXIT.unavailable },
  recovering: { connect: Code.Unavailable, exit: EXIT.unavailable },
  left: { connect: Code.FailedPrecondition, exit: EXIT.stopped },
  fenced: { connect: Code.FailedPrecondition, exit: EXIT.stopped },
  paused: { connect: Code.FailedPrecondition, exit: EXIT.stopped },
  'not-found': { connect: Code.NotFound, exit: EXIT.notFound },
  invalid: { connect: Code.InvalidArgument, exit: EXIT.invalid },
  'too-large': { connect: Code.OutOfRange, exit: EXIT.limit },
  conflict: { connect: Code.Aborted, exit: EXIT.conflict },
  busy: { connect: Code.Unavailable, exit: EXIT.unavailable },
  refused: { connect: Code.PermissionDenied, exit: EXIT.refused },
  unavailable: { connect: Code.Unavailable, exit: EXIT.unavailable },
  unsupported: { connect: Code.Unimplemented, exit: EXIT.unsupported },
  quota: { connect: Code.ResourceExhausted, exit: EXIT.limit },
};

/**
 * What a Connect code means where no `ErrorDetail` says it exactly: it comes from a gateway, or from the library itself, which says
 * aborted of a broken connection and resource_exhausted of a message over a limit.
 */
const FALLBACK: Readonly<Record<Code, ReplicaErrorCode>> = {
  [Code.Canceled]: 'unavailable',
  [Code.Unknown]: 'unavailable',
  [Code.InvalidArgument]: 'invalid',
  [Code.DeadlineExceeded]: 'unavailable',
  [Code.NotFound]: 'not-found',
  [Code.AlreadyExists]: 'conflict',
  [Code.PermissionDenied]: 'refused',
  [Code.ResourceExhausted]: 'too-large',
  [Code.FailedPrecondition]: 'refused',
  [Code.Aborted]: 'unavailable',
  [Code.OutOfRange]: 'too-large',
  [Code.Unimplemented]: 'unsupported',
  [Code.Internal]: 'unavailable',
  [Code.Unavailable]: 'unavailable',
  [Code.DataLoss]: 'unavailable',
  [Code.Unauthenticated]: 'refused',
};

const isReplicaErrorCode = (text: string): text is ReplicaErrorCode => Object.hasOwn(ERROR_CODES, text);

/** The code of an error that came over the wire: the exact one where it is known here, else what the Connect code means. */
export const replicaCodeOf = (connect: Code, exact: string | undefined): ReplicaErrorCode =>
  (exact !== undefined && isReplicaErrorCode(exact) ? exact : FALLBACK[connect]);

/** What a program exits with after an error. */
export const exitCodeOf = (code: ReplicaErrorCode): number => ERROR_CODES[code].exit;
