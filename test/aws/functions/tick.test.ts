import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FunctionsFederation } from './federation.ts';
import type { FunctionsMember } from './federation.ts';

let federation: FunctionsFederation;
let us: FunctionsMember;
// The first time ever, the emulator is installed.
beforeAll(async () => {
  federation = await FunctionsFederation.start(['us-west', 'eu-west']);
  us = federation.member('us-west');
}, 200_000);
afterAll(async () => { await federation.stop(); });

const waiting = async (): Promise<readonly { messageId: string; body: string }[]> => federation.aws.take(us.region.environment.tickQueueUrl);

describe('once a minute', () => {
  test('the jobs of the minute go into the queue, each for its time', async () => {
    // A minute that has ended, so that all of it is due; a rule of a rate fires at no full one.
    const firedMs = (Math.floor(Date.now() / 60_000) - 1.5) * 60_000;
    await us.tick({ time: new Date(firedMs).toISOString() });

    const ticks = (await waiting()).map(({ body }) => JSON.parse(body) as { job: string; atMs: number });
    // Up to the next event, or nothing would run until then.
    expect(ticks.filter(({ job }) => job === 'sync').map(({ atMs }) => (atMs - firedMs) / 1000).sort((a, b) => a - b)).toEqual([0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55]);
    const jobs = ticks.map(({ job }) => job);
    expect(Object.fromEntries([...Map.groupBy(jobs, (job) => job)].map(([job, all]) => [job, all.length]))).toMatchObject({ sync: 12, health: 6, 'garbage-collect': 1 });
  });

  test('those of a minute to come wait for it', async () => {
    await us.tick({ time: new Date(Math.floor(Date.now() / 60_000 + 1) * 60_000).toISOString() });

    expect(await waiting()).toEqual([]);
    expect(await federation.aws.delayed(us.region.environment.tickQueueUrl)).toBeGreaterThanOrEqual(19);
  });
});

describe('a tick from the queue', () => {
  const record = (messageId: string, tick: unknown) => ({ messageId, body: typeof tick === 'string' ? tick : JSON.stringify(tick) });

  test('is the event that starts its job; what is none is given back, and one of long ago is let go', async () => {
    await federation.aws.events(us.watched);
    const atMs = Date.now();
    const answer = await us.tick({ Records: [record('1', { job: 'sync', atMs }), record('2', 'nonsense'), record('3', { job: 'sync', atMs: atMs - 600_000 }), record('4', { job: 'dance', atMs }), record('5', { job: 'health', atMs })] });

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: '2' }, { itemIdentifier: '4' }] });
    const events = await federation.aws.events(us.watched);
    expect(events.map((event) => [event['detail-type'], event.detail['job']]).sort()).toEqual([['Tick', 'health'], ['Tick', 'sync']]);
  });

  test('is given back while the bus takes nothing', async () => {
    us.proxy.inject({ fault: 'throttled', action: 'PutEvents' });

    expect(await us.tick({ Records: [record('6', { job: 'sync', atMs: Date.now() })] })).toEqual({ batchItemFailures: [{ itemIdentifier: '6' }] });
    us.proxy.inject();
  });
});
