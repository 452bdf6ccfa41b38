/** Errors, their Connect codes and their exit codes: one table, which stands in `wire/` because callers and services read it. */
export { ERROR_CODES, EXIT, exitCodeOf, replicaCodeOf } from '../wire/error-codes.ts';
export type { ErrorCodes } from '../wire/error-codes.ts';
