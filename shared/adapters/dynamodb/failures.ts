import { AwsError, AwsUnansweredError } from '../aws/index.ts';

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
const CANCELLED = 'TransactionCanceledException';

export function failureOf(error: unknown): Failure {
  if (error instanceof AwsUnansweredError) return 'unknown';
  if (!(error instanceof AwsError)) return 'mistake';
  if (error.type === 'ConditionalCheckFailedException') return 'condition';
  if (error.type === CANCELLED) return cancellationOf(error);
  if (TRY_AGAIN.includes(error.type)) return 'try-again';
  return error.status >= 500 ? 'unknown' : 'mistake';
}

/** A condition that did not hold decides, whatever else happened to the transaction. */
function cancellationOf(error: AwsError): Failure {
  const codes = reasonsOf(error);
  if (codes.includes('ConditionalCheckFailed')) return 'condition';
  return codes.some((code) => TRANSIENT_REASONS.includes(code)) ? 'try-again' : 'mistake';
}

/** Which items of a cancelled transaction had a condition that did not hold, by position. */
export const failedConditions = (error: unknown): readonly number[] =>
  reasonsOf(error).flatMap((code, at) => (code === 'ConditionalCheckFailed' ? [at] : []));

/** Whether a transaction asked for more bytes than one can read or write. It is told in one of two ways. */
export const isTooMuchAtOnce = (error: unknown): boolean =>
  error instanceof AwsError && (error.type === 'ValidationException' || reasonsOf(error).includes('ValidationError'));

/** Why each item of a transaction cancelled it, `None` for those that did not. */
function reasonsOf(error: unknown): readonly string[] {
  if (!(error instanceof AwsError) || error.type !== CANCELLED) return [];
  const reasons = error.answer['CancellationReasons'];
  return Array.isArray(reasons) ? reasons.map((reason: { readonly Code?: string }) => reason.Code ?? 'None') : [];
}
