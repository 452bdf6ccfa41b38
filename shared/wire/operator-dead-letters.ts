import type { MessageInitShape } from '@bufbuild/protobuf';
import type { DeadLetter as WireDeadLetter, DeadLetterSchema, DiscardDeadLettersRequest, DiscardDeadLettersResponse, DiscardDeadLettersResponseSchema, ReplayDeadLettersRequest, ReplayDeadLettersRequestSchema, ReplayDeadLettersResponse, ReplayDeadLettersResponseSchema } from '../../proto/gen/novaedge/federation/v1/operator_service_pb.ts';
import type { DeadLetter, DiscardOutcome, LetterFailure, Replay, ReplayOutcome } from '../ports/dead-letters.ts';
import { MAX_LETTER_IDS } from '../ports/dead-letters.ts';
import { big, cleanText, optionalText, requireList, requireMatch, requireNumber, requireText, requireTimeMs } from './values.ts';
import { WireError } from './wire-error.ts';

const LETTER_ID = /^[a-z-]{1,32}\/[\x21-\x7e]{1,128}$/;
/** A function's name. */
const SOURCE_CHARACTERS = 32;

/** The name of a dead letter, as the list has it. @throws WireError */
export const requireLetterId = (field: string, text: string): string => requireMatch(field, text, LETTER_ID, 'a letter as novactl federation dead-letters list names it, such as push/0b5e3a1c-…');

/** @throws WireError */
export const optionalSource = (field: string, source: string | undefined): string | undefined => optionalText(field, source, SOURCE_CHARACTERS);

export const writeDeadLetter = ({ id, source, failedAtMs, attempts, error, summary }: DeadLetter): MessageInitShape<typeof DeadLetterSchema> =>
  ({ id, source, failedAtMs: big(failedAtMs), attempts: attempts ?? 0, error: cleanText(error), summary: cleanText(summary) });

/** @throws WireError */
export const readDeadLetter = (field: string, letter: WireDeadLetter): DeadLetter => ({
  id: requireLetterId(`${field}.id`, letter.id),
  source: requireText(`${field}.source`, letter.source, SOURCE_CHARACTERS),
  failedAtMs: requireTimeMs(`${field}.failed_at_ms`, letter.failedAtMs),
  attempts: letter.attempts === 0 ? undefined : letter.attempts,
  error: requireText(`${field}.error`, letter.error),
  summary: requireText(`${field}.summary`, letter.summary),
});

/** @param source undefined: of every queue */
export const writeReplay = (which: Replay, requestId: string): MessageInitShape<typeof ReplayDeadLettersRequestSchema> => ({
  ids: which.kind === 'ids' ? [...which.ids] : [], requestId, ...(which.kind === 'all' && which.source !== undefined && { source: which.source }),
});

/** @throws WireError */
export function readReplay({ ids, source }: Pick<ReplayDeadLettersRequest, 'ids' | 'source'>): Replay {
  if (ids.length === 0) return { kind: 'all', source: optionalSource('source', source) };
  if (source !== undefined) throw new WireError('source', `is ${JSON.stringify(source.slice(0, SOURCE_CHARACTERS))} beside ids`, 'one of the two');
  return { kind: 'ids', ids: requireIds(ids) };
}

/** @throws WireError */
export function readDiscard({ ids }: Pick<DiscardDeadLettersRequest, 'ids'>): readonly string[] {
  if (ids.length === 0) throw new WireError('ids', 'is empty', `1 to ${MAX_LETTER_IDS.toString()} letters as novactl federation dead-letters list names them`);
  return requireIds(ids);
}

/** Each once. */
const requireIds = (ids: readonly string[]): readonly string[] =>
  [...new Set(requireList('ids', ids, MAX_LETTER_IDS).map((id, at) => requireLetterId(`ids[${at.toString()}]`, id)))];

export const writeReplayOutcome = ({ replayed, failed, failures }: ReplayOutcome): MessageInitShape<typeof ReplayDeadLettersResponseSchema> => ({
  replayed: big(replayed), failed: big(failed), failures: writeFailures(failures),
});

export const writeDiscardOutcome = ({ discarded, failures }: DiscardOutcome): MessageInitShape<typeof DiscardDeadLettersResponseSchema> =>
  ({ discarded: big(discarded), failures: writeFailures(failures) });

/** @throws WireError */
export const readReplayOutcome = ({ replayed, failed, failures }: ReplayDeadLettersResponse): ReplayOutcome => ({
  replayed: requireNumber('replayed', replayed),
  failed: requireNumber('failed', failed),
  failures: readFailures(failures),
});

/** @throws WireError */
export const readDiscardOutcome = ({ discarded, failures }: DiscardDeadLettersResponse): DiscardOutcome =>
  ({ discarded: requireNumber('discarded', discarded), failures: readFailures(failures) });

const writeFailures = (failures: readonly LetterFailure[]): LetterFailure[] =>
  failures.slice(0, MAX_LETTER_IDS).map(({ id, reason }) => ({ id, reason: cleanText(reason) }));

const readFailures = (failures: readonly LetterFailure[]): readonly LetterFailure[] =>
  requireList('failures', failures, MAX_LETTER_IDS).map(({ id, reason }, at) => ({ id: requireLetterId(`failures[${at.toString()}].id`, id), reason: requireText(`failures[${at.toString()}].reason`, reason) }));
