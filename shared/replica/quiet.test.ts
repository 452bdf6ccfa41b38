import { beforeEach, describe, expect, test } from 'vitest';
import type { Page } from '../ports/peer.ts';
import { newProcessMemory } from './process-memory.ts';
import { QUIET_LIFE_MS } from './quiet.ts';
import type { Replica } from './replica.ts';
import type { TestMember } from './testing.ts';
import { Federation, route } from './testing.ts';

const never = new AbortController().signal;
let federation: Federation;
let us: TestMember;
let eu: TestMember;
/** Calls of the store of `us` since the last look at them. */
let calls: string[];
beforeEach(async () => {
  federation = await Federation.start();
  us = federation.member('us');
  eu = federation.member('eu');
  await us.cluster.write(route('first'), { hosts: ['a'] });
  await us.cluster.follow();
  await federation.exchange();
  federation.nowMs += QUIET_LIFE_MS;
  calls = [];
  us.onStore = (method, stage) => { if (stage === 'before') calls.push(method); };
});

const pull = async (maxAgeMs?: number): Promise<Page> => {
  const answer = await us.handlers.pull(eu.name, { since: await eu.seen(), limit: 100, ...(maxAgeMs !== undefined && { maxAgeMs }) }, never);
  if (answer.kind !== 'page') throw new Error(`expected a page, got ${answer.kind}`);
  return answer;
};
const callsNow = (): readonly string[] => calls.splice(0);

describe('a peer\'s pull that found nothing new', () => {
  test('asked again within a second by who allows it, reads nothing from the store and says the same', async () => {
    const first = await pull(QUIET_LIFE_MS);
    expect(callsNow()).toEqual(['state']);
    federation.nowMs += QUIET_LIFE_MS - 1;

    expect(await pull(QUIET_LIFE_MS)).toEqual(first);
    expect(callsNow()).toEqual([]);
    federation.nowMs += 1;
    await pull(10 * QUIET_LIFE_MS);
    expect(callsNow()).toEqual(['state']);
  });

  test('is looked up for whoever does not allow it, allows less, or when the clock was set back', async () => {
    await pull();
    federation.nowMs += 500;
    callsNow();
    await pull();
    expect(callsNow()).toEqual(['state']);
    federation.nowMs += 500;
    await pull(500);
    expect(callsNow()).toEqual(['state']);
    federation.nowMs -= 100;
    await pull(QUIET_LIFE_MS);
    expect(callsNow()).toEqual(['state']);
  });

  test('is forgotten with this process\'s own commit, however it ended', async () => {
    await pull();
    await us.cluster.write(route('second'), { hosts: ['b'] });
    expect((await pull(QUIET_LIFE_MS)).answers).toHaveLength(1);

    await eu.pullFrom('us');
    await pull();
    us.onStore = (method, stage) => { if (method === 'commit' && stage === 'after') throw new Error('the answer was lost'); };
    await us.cluster.write(route('third'), { hosts: ['c'] }).catch(() => undefined);
    us.onStore = () => undefined;
    expect((await pull(QUIET_LIFE_MS)).answers).toHaveLength(1);
  });

  test('is forgotten when a page of another member is taken in', async () => {
    await eu.cluster.write(route('theirs'), { hosts: ['d'] });
    const since = await us.seen();
    const asked = { since, limit: 100, maxAgeMs: QUIET_LIFE_MS };
    expect(await us.handlers.pull(eu.name, asked, never)).toMatchObject({ answers: [] });
    await us.pullFrom('eu');

    expect(await us.handlers.pull(eu.name, asked, never)).toMatchObject({ answers: [{ key: route('theirs') }] });
  });

  test('is not remembered from a look that a commit overtook', async () => {
    const key = route('meanwhile');
    let written: Promise<unknown> | undefined;
    us.onStore = async (method, stage) => {
      if (method !== 'state' || stage !== 'after' || written !== undefined) return;
      written = us.cluster.write(key, { hosts: ['e'] });
      await written;
    };
    expect((await pull()).answers).toEqual([]);

    expect((await pull(QUIET_LIFE_MS)).answers.map((answer) => answer.key)).toEqual([key]);
  });

  test('hides what another process committed for a second at most, and from nobody who lacks more', async () => {
    const lacking = { since: new Map(), limit: 100, maxAgeMs: QUIET_LIFE_MS };
    const other: Replica = { ...us.replica, memory: newProcessMemory() };
    await pull();
    const before = us.replica;
    us.replica = other;
    await us.cluster.write(route('elsewhere'), { hosts: ['f'] });
    us.replica = before;

    expect((await pull(QUIET_LIFE_MS)).answers).toEqual([]);
    expect(await us.handlers.pull(eu.name, lacking, never)).toMatchObject({ answers: expect.arrayContaining([expect.objectContaining({ key: route('elsewhere') })]) });
    federation.nowMs += QUIET_LIFE_MS;
    expect((await pull(QUIET_LIFE_MS)).answers).toHaveLength(1);
  });
});

describe('a bridge that waits', () => {
  const waiting = (waitMs: number) => us.region.pull({ ...us.cluster.identity, since: us.cluster.position, limit: 100, waitMs }, never);
  /** Lets what is under way go on as far as it can without time passing. */
  const settle = async (): Promise<void> => { for (let turn = 0; turn < 50; turn += 1) await Promise.resolve(); };

  test('has the store left alone for the rest of the second in which nothing was new', async () => {
    us.replica = { ...us.replica, wakeups: { arm: () => ({ wait: (maxMs, signal) => federation.sleep(Math.min(maxMs, QUIET_LIFE_MS), signal) }) } };
    await waiting(0);
    expect(callsNow().length).toBeGreaterThan(0);
    federation.nowMs += 400;

    const answer = waiting(2000);
    await settle();
    expect(callsNow()).toEqual([]);
    federation.nowMs += 600;
    await settle();
    expect(callsNow()).toContain('state');
    federation.nowMs += 2000;
    expect(await answer).toMatchObject({ kind: 'page', targets: [] });
  });

  test('that does not wait has its look at once', async () => {
    await waiting(0);
    callsNow();
    await waiting(0);
    expect(callsNow()).toContain('state');
  });

  test('is woken by a change of this process as ever', async () => {
    const woken: (() => void)[] = [];
    us.replica = { ...us.replica, wakeups: { arm: () => ({ wait: () => new Promise<void>((resolve) => { woken.push(resolve); }) }) } };
    await waiting(0);
    const answer = waiting(20_000);
    await settle();
    await eu.cluster.write(route('woken'), { hosts: ['g'] });
    await us.pullFrom('eu');
    for (const wake of woken) wake();

    expect(await answer).toMatchObject({ targets: [{ key: route('woken') }] });
  });
});
