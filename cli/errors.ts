import { CommanderError } from 'commander';
import { DurationError } from '../shared/model/duration.ts';
import { ResourceNameError } from '../shared/model/resource-key.ts';
import { ReplicaError } from '../shared/ports/errors.ts';
import type { ReplicaErrorCode } from '../shared/ports/errors.ts';
import { EXIT, exitCodeOf } from '../shared/rpc/error-codes.ts';
import { WireError } from '../shared/wire/wire-error.ts';

/** An expected failure of novactl itself: what happened, why, and what to do. Its code stands in the one table of exit codes. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: ReplicaErrorCode;
  constructor(code: ReplicaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Ended by Ctrl-C, or told to end. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  readonly exit: number;
  constructor(message: string, exit: number) {
    super(message);
    this.exit = exit;
  }
}

/** What novactl exits with after an error. */
export function exitOf(error: unknown): number {
  if (error instanceof InterruptedError) return error.exit;
  if (error instanceof CommandError || error instanceof ReplicaError) return exitCodeOf(error.code);
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.invalid;
  return isInputError(error) ? EXIT.invalid : EXIT.internal;
}

/** A mistake in what was typed, found by the model. */
const isInputError = (error: unknown): boolean => error instanceof DurationError || error instanceof ResourceNameError;

/** Whether somebody foresaw the error, so that its message alone says enough. */
const isExpected = (error: unknown): boolean =>
  isInputError(error) || error instanceof CommandError || error instanceof ReplicaError || error instanceof InterruptedError || error instanceof WireError || isSystemError(error);

/** An error of the file system or the network, which names itself. */
export const isSystemError = (error: unknown): error is Error & { readonly code: string } =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && 'errno' in error;

/**
 * The one line that an error is told in. Empty where commander has said everything already.
 *
 * @param help the command that was typed, for mistakes in its words
 */
export function errorLine(error: unknown, help = ''): string {
  const wayOut = help === '' ? '' : `; ${help} --help tells more`;
  if (error instanceof CommanderError) return error.code.startsWith('commander.help') || error.exitCode === 0 ? '' : `error: ${oneLine(error.message.replace(/^error: /, ''))}${wayOut}`;
  const message = error instanceof Error ? error.message : String(error);
  return `error: ${oneLine(message)}${isExpected(error) ? '' : ' (nobody foresaw this: --debug shows where)'}`;
}

const oneLine = (text: string): string => text.trim().replaceAll(/\s*\n\(/g, ' (').replaceAll(/\s*\n\s*/g, '; ');

/** Where an error came from, with its causes; for --debug. */
export function traceOf(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < MAX_CAUSES; at = at.cause, depth += 1) parts.push(at.stack ?? at.message);
  return parts.join('\ncaused by ');
}

/** A chain that is longer refers to itself. */
export const MAX_CAUSES = 10;
