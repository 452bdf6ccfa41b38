import { describe, expect, test } from 'vitest';
import type { FunctionName } from '../names.ts';
import { JOBS } from '../names.ts';
import type { ReadLetter } from './read-letter.ts';
import { readLetter } from './read-letter.ts';

const SENT_MS = Date.UTC(2026, 2, 1, 12);
const FAILED_AT = '2026-03-01T12:00:05.000Z';
const read = (source: FunctionName, body: unknown, attributes: Readonly<Record<string, string>> = {}): ReadLetter =>
  readLetter(source, { id: 'm1', body: typeof body === 'string' ? body : JSON.stringify(body), sentAtMs: SENT_MS, attributes, receipt: 'r' });
const committed = (detail: unknown) => ({ 'version': '0', 'source': 'novaedge.federation', 'detail-type': 'Committed', detail });
/** As Lambda writes it of an event it gave up. */
const givenUp = (requestPayload: unknown, responsePayload: unknown = { errorType: 'StoreBusyError', errorMessage: 'the table throttles' }) =>
  ({ version: '1.0', timestamp: FAILED_AT, requestContext: { requestId: 'q', condition: 'RetriesExhausted', approximateInvokeCount: 3 }, requestPayload, responseContext: { statusCode: 200 }, responsePayload });

describe('a dead letter of push', () => {
  const event = { source: 'novaedge.federation', detailType: 'Committed', detail: { head: 7, changes: 2, version: 1, member: 'us-west' } };

  test('holds the event, with how Lambda gave it up', () => {
    expect(read('push', givenUp(committed(event.detail)))).toEqual({
      letter: { id: 'push/m1', source: 'push', failedAtMs: Date.parse(FAILED_AT), attempts: 3, error: 'StoreBusyError: the table throttles', summary: 'commit of 2 changes up to 7' },
      again: { kind: 'event', event },
    });
    // Out of time or memory there is no answer to show.
    expect(read('push', givenUp(committed(event.detail), null)).letter.error).toBe('RetriesExhausted');
  });

  test('is the event itself where EventBridge could not deliver it, with why beside it', () => {
    expect(read('push', committed(event.detail), { ERROR_CODE: 'NO_PERMISSIONS', ERROR_MESSAGE: 'not allowed', RULE_ARN: 'arn' })).toEqual({
      letter: { id: 'push/m1', source: 'push', failedAtMs: SENT_MS, attempts: undefined, error: 'NO_PERMISSIONS: not allowed', summary: 'commit of 2 changes up to 7' },
      again: { kind: 'event', event },
    });
  });

  test.each([
    ['is no JSON', 'nonsense'], ['is a list', []], ['is of another source', { ...committed(event.detail), source: 'somebody' }], ['has no detail', committed(null)],
    ['says nothing of a commit', committed({ head: 'x', changes: 1 })], ['is a commit\'s that failed for being none', givenUp(committed({}))],
  ])('that %s is not tried again, and says so', (_what, body) => {
    const { letter, again } = read('push', body);

    expect(letter.summary).toBe('not a message of ours');
    expect(again).toMatchObject({ kind: 'nothing', reason: expect.stringContaining('docs/runbook.md') });
  });
});

describe('a dead letter of tick', () => {
  test('is a tick that SQS gave up: its job is started', () => {
    expect(read('tick', { job: 'sync', atMs: SENT_MS })).toMatchObject({ letter: { summary: 'sync, due 2026-03-01T12:00:00.000Z', failedAtMs: SENT_MS, error: '' }, again: { kind: 'jobs', jobs: ['sync'] } });
    expect(read('tick', { job: 'sync', atMs: 1e300 }).letter.summary).toBe('sync, due at no time');
    expect(read('tick', { job: 'dance', atMs: SENT_MS }).again.kind).toBe('nothing');
  });

  test('is a minute that was not spread: every job is started once', () => {
    expect(read('tick', givenUp({ 'detail-type': 'Scheduled Event', 'time': '2026-03-01T12:00:00Z' }))).toMatchObject({ letter: { summary: 'the minute of 2026-03-01T12:00:00Z' }, again: { kind: 'jobs', jobs: JOBS } });
  });
});

test('a dead letter of doorbell names the place in the stream; what stood there is pulled, and joined from the ledger', () => {
  const body = { ...givenUp(undefined, null), requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 11 }, DDBStreamBatchInfo: { shardId: 'shard-1', startSequenceNumber: '500', endSequenceNumber: '500', batchSize: 1, streamArn: 'arn' } };

  expect(read('doorbell', body)).toEqual({
    letter: { id: 'doorbell/m1', source: 'doorbell', failedAtMs: Date.parse(FAILED_AT), attempts: 11, error: 'RetryAttemptsExhausted', summary: '1 record of the ledger\'s stream from 500 on, shard-1' },
    again: { kind: 'jobs', jobs: ['sync', 'garbage-collect'] },
  });
});

test('of a long error there is a line', () => {
  expect(read('push', givenUp({}, { errorType: 'E', errorMessage: 'x'.repeat(5000) })).letter.error).toHaveLength(300);
});
