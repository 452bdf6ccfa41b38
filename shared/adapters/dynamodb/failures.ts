import { ConditionalCheckFailedException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';

/** Too many others worked on the same items, or the table gave no more, for as long as was tried. Nothing was written. */
export class StoreBusyError extends Error { override readonly name = 'StoreBusyError' }
/** No answer, or an error of the service: the request may or may not have been carried out. */
export class StoreUnreachableError extends Error { override readonly name = 'StoreUnreachableError' }

/**
 * What a failed call means: a condition did not hold; it was certainly not carried out and can be tried again; nobody knows; or it
 * is a mistake, which is thrown as it is.
 */
export type Failure = 'condition' | 'try-again' | 'unknown' | 'mistake';

const TRY_AGAIN = [
  'ProvisionedThroughputExceededException', 'ThrottlingException', 'RequestLimitExceeded', 'TransactionConflictException', 'TransactionInProgressException',
  'ReplicatedWriteConflictException',
];
/** Why an item cancelled its transaction, where it may not do so the next time. */
const TRANSIENT_REASONS = ['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'];

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return 'mistake';
  if (error instanceof ConditionalCheckFailedException) return 'condition';
  if (error instanceof TransactionCanceledException) return cancellationOf(error);
  if (TRY_AGAIN.includes(error.name)) return 'try-again';
  const status = statusOf(error);
  return status === undefined || status >= 500 ? 'unknown' : 'mistake';
}

/** A condition that did not hold decides, whatever else happened to the transaction. */
function cancellationOf({ CancellationReasons: reasons = [] }: TransactionCanceledException): Failure {
  const codes = reasons.map(({ Code }) => Code ?? 'None');
  if (codes.includes('ConditionalCheckFailed')) return 'condition';
  return codes.some((code) => TRANSIENT_REASONS.includes(code)) ? 'try-again' : 'mistake';
}

/** Which items of a cancelled transaction had a condition that did not hold, by position. */
export const failedConditions = (error: unknown): readonly number[] =>
  error instanceof TransactionCanceledException ? (error.CancellationReasons ?? []).flatMap(({ Code }, at) => (Code === 'ConditionalCheckFailed' ? [at] : [])) : [];

/** Whether a transaction asked for more bytes than one can read or write. It is told in one of two ways. */
export function isTooMuchAtOnce(error: unknown): boolean {
  if (error instanceof TransactionCanceledException) return (error.CancellationReasons ?? []).some(({ Code }) => Code === 'ValidationError');
  return error instanceof Error && error.name === 'ValidationException';
}

/** Undefined where no answer came: a timeout, a connection that broke. */
function statusOf(error: Error): number | undefined {
  const metadata = '$metadata' in error ? error.$metadata : undefined;
  const status = typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata ? metadata.httpStatusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}
