import type { BusEvent } from '../../shared/adapters/eventbridge/index.ts';
import type { HeldMessage } from '../../shared/adapters/sqs/queue.ts';
import type { Json, JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import type { DeadLetter } from '../../shared/ports/dead-letters.ts';
import type { FunctionName, Job } from '../names.ts';
import { EVENT_SOURCE, JOBS } from '../names.ts';
import { commitOf } from '../push/committed-event.ts';
import { tickOf } from '../tick/tick-message.ts';

/** What is to be done so that a letter's work is done anew. */
export type Again = { readonly kind: 'event'; readonly event: BusEvent } | { readonly kind: 'jobs'; readonly jobs: readonly Job[] } | { readonly kind: 'nothing'; readonly reason: string };

/** A dead letter as a person reads it, and what to do. */
export interface ReadLetter { readonly letter: DeadLetter; readonly again: Again }

/** As much of an error as fits into a line. */
const MAX_ERROR_CHARACTERS = 300;
/** The records of a stream are those of clock rows, which a sync makes up for, and deletes, which the ledger still has. */
const WORK_OF_STREAM: readonly Job[] = ['sync', 'garbage-collect'];

/**
 * Reads a message of a function's queue of dead letters. It was put there by Lambda (what started the function, with how it ended; of a
 * stream only the place), by EventBridge (the event that could not be delivered, with why beside it) or by SQS (the message as it was).
 * What none of these can have written has `nothing` to be done again.
 */
export function readLetter(source: FunctionName, message: HeldMessage): ReadLetter {
  const body = objectIn(message.body);
  const told = howItEnded(body, message);
  const { summary, again } = aboutOf(source, message, body);
  return { letter: { id: `${source}/${message.id}`, source, summary, ...told, error: told.error.slice(0, MAX_ERROR_CHARACTERS) }, again };
}

function howItEnded(body: JsonObject, { sentAtMs, attributes }: HeldMessage): Pick<DeadLetter, 'failedAtMs' | 'attempts' | 'error'> {
  const { condition, approximateInvokeCount } = within(body, 'requestContext');
  const { errorType, errorMessage } = within(body, 'responsePayload');
  const atMs = Date.parse(textOf(body['timestamp']));
  const said = [errorType, errorMessage].map(textOf).filter((text) => text !== '').join(': ');
  const undelivered = [attributes['ERROR_CODE'], attributes['ERROR_MESSAGE']].filter((text) => text !== undefined).join(': ');
  return {
    failedAtMs: Number.isNaN(atMs) ? sentAtMs : atMs,
    attempts: typeof approximateInvokeCount === 'number' && approximateInvokeCount > 0 ? approximateInvokeCount : undefined,
    error: said || undelivered || textOf(condition),
  };
}

function aboutOf(source: FunctionName, message: HeldMessage, body: JsonObject): { readonly summary: string; readonly again: Again } {
  const place = body['DDBStreamBatchInfo'];
  if (isObject(place)) return aboutStream(place);
  const tick = tickOf(message.body);
  if (tick !== undefined) return { summary: `${tick.job}, due ${timeOf(tick.atMs)}`, again: { kind: 'jobs', jobs: [tick.job] } };
  const cause = isObject(body['requestPayload']) ? body['requestPayload'] : body;
  if (source === 'push') return aboutCommit(cause);
  if (source === 'tick' && typeof cause['time'] === 'string') return { summary: `the minute of ${cause['time']}`, again: { kind: 'jobs', jobs: JOBS } };
  return unknown(`${source} gets no such message`);
}

function aboutStream({ batchSize, startSequenceNumber, shardId }: JsonObject): { readonly summary: string; readonly again: Again } {
  const records = typeof batchSize === 'number' ? batchSize : 0;
  return {
    summary: `${records.toString()} ${records === 1 ? 'record' : 'records'} of the ledger's stream from ${textOf(startSequenceNumber) || 'somewhere'} on, ${textOf(shardId) || 'no shard'}`,
    again: { kind: 'jobs', jobs: WORK_OF_STREAM },
  };
}

function aboutCommit(cause: JsonObject): { readonly summary: string; readonly again: Again } {
  const { source, detail } = cause;
  const detailType = cause['detail-type'];
  if (source !== EVENT_SOURCE || typeof detailType !== 'string' || !isObject(detail)) return unknown('it holds no event of a commit');
  try {
    const { head, changes } = commitOf(detail);
    return { summary: `commit of ${changes.toString()} ${changes === 1 ? 'change' : 'changes'} up to ${head.toString()}`, again: { kind: 'event', event: { source, detailType, detail } } };
  } catch (error) {
    return unknown(error instanceof Error ? error.message : String(error));
  }
}

const unknown = (reason: string): { readonly summary: string; readonly again: Again } =>
  ({ summary: 'not a message of ours', again: { kind: 'nothing', reason: `${reason}. Read it (docs/runbook.md, DeadLetters), report it, and take it out of the queue` } });

function objectIn(text: string): JsonObject {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function within(body: JsonObject, name: string): JsonObject {
  const value = body[name];
  return isObject(value) ? value : {};
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const timeOf = (ms: number): string => (Math.abs(ms) <= MAX_DATE_MS ? new Date(ms).toISOString() : 'at no time');
/** By the language. */
const MAX_DATE_MS = 8.64e15;
