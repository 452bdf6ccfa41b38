import { MAX_ENTRIES } from '../../shared/adapters/eventbridge/index.ts';
import type { DelayedMessage } from '../../shared/adapters/sqs/queue.ts';
import { Queue } from '../../shared/adapters/sqs/queue.ts';
import { loadSettings } from '../../shared/replica/settings.ts';
import type { BatchAnswer, LambdaHandler } from '../region/lambda.ts';
import { deadlineOf } from '../region/lambda.ts';
import type { OpenRegion } from '../region/open-region.ts';
import type { PlannedTick } from './plan.ts';
import { MINUTE_MS, planMinute } from './plan.ts';
import { tickEvent, tickOf } from './tick-message.ts';

/** EventBridge's event once a minute, counted from when the rule was made and so seldom at a full one; `time` is when it fired. */
export interface ScheduleEvent { readonly time?: string }
/** A batch of the queue of delayed ticks. */
export interface QueueEvent { readonly Records: readonly { readonly messageId: string; readonly body: string }[] }

/** A tick that comes this late is of an outage: the next ones are here already, and it would only add to them. */
const STALE_MS = 2 * MINUTE_MS;

/** The function with two triggers: the minute is spread into delayed messages, and each message becomes the event that starts its job. */
export const tickHandler = (region: OpenRegion): LambdaHandler<ScheduleEvent | QueueEvent, BatchAnswer | undefined> => {
  const queue = new Queue(region.aws, region.environment.tickQueueUrl);
  return async (event, context) => {
    const signal = deadlineOf(context);
    if ('Records' in event) return startJobs(region, event.Records, signal);
    await spreadMinute(region, queue, event.time, signal);
    return undefined;
  };
};

/**
 * Sends the ticks of the minute that begins as the event fires: the next event goes on where this one ends. Doing so twice for the same
 * minute runs jobs twice, which does no harm.
 */
async function spreadMinute({ replica, logger }: OpenRegion, queue: Queue, time: string | undefined, signal: AbortSignal): Promise<void> {
  const nowMs = replica.clock.nowMs();
  const given = time === undefined ? NaN : Date.parse(time);
  const fromMs = Number.isNaN(given) ? nowMs : given;
  const { spec } = await loadSettings(replica);
  const planned = planMinute(spec, fromMs);
  await queue.send(planned.map((tick) => messageOf(tick, nowMs)), signal);
  logger.debug('minute-spread', { ticks: planned.length });
}

/** Times that are past already are for now. */
const messageOf = ({ job, atMs }: PlannedTick, nowMs: number): DelayedMessage =>
  ({ body: JSON.stringify({ job, atMs }), delaySeconds: Math.max(0, Math.round((atMs - nowMs) / 1000)) });

async function startJobs({ replica, bus, environment, logger }: OpenRegion, records: QueueEvent['Records'], signal: AbortSignal): Promise<BatchAnswer> {
  const ticks = records.map(({ messageId, body }) => ({ messageId, tick: tickOf(body) }));
  const failed = new Set<string>();
  for (const { messageId, tick } of ticks) if (tick === undefined) failed.add(messageId);
  const due = ticks.flatMap(({ messageId, tick }) => (tick !== undefined && replica.clock.nowMs() - tick.atMs < STALE_MS ? [{ messageId, tick }] : []));
  for (let from = 0; from < due.length; from += MAX_ENTRIES) {
    const some = due.slice(from, from + MAX_ENTRIES);
    const events = some.map(({ messageId, tick }) => tickEvent(environment, tick, messageId));
    const refused = await bus.put(events, signal).catch((error: unknown) => some.map(() => String(error)));
    for (const [at, { messageId }] of some.entries()) if (refused[at] !== undefined) failed.add(messageId);
  }
  if (failed.size > 0) logger.error('ticks-not-started', { failed: failed.size, of: records.length });
  return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
}
