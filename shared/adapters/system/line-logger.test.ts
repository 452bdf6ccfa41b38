import { expect, test } from 'vitest';
import { withCorrelation } from '../../wire/correlation.ts';
import { lineLogger } from './line-logger.ts';

test('an event is one line of JSON, with the correlation id of its work; no field takes the place of level, time or event', () => {
  const lines: string[] = [];
  const logger = lineLogger({ level: 'info', base: { local: 'us-west' }, write: (line) => { lines.push(line); }, nowMs: () => 0 });

  logger.debug('not-told');
  withCorrelation('abc', () => { logger.warn('pull-failed', { member: 'eu-west', level: 'x', time: 1, reason: 'two\nlines' }); });

  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('\n');
  expect(JSON.parse(lines[0] ?? '')).toEqual({ local: 'us-west', correlationId: 'abc', member: 'eu-west', reason: 'two\nlines', level: 'warn', time: '1970-01-01T00:00:00.000Z', event: 'pull-failed' });
});
