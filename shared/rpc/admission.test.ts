import { beforeEach, describe, expect, test } from 'vitest';
import { asMember } from '../model/ids.ts';
import { Admission, QuotaError } from './admission.ts';
import type { Caller } from './caller.ts';
import type { RoleLimits } from './limits.ts';
import { MAX_REMEMBERED_IDENTITIES } from './limits.ts';

const certificate = { serialNumber: '01', fingerprint256: 'AA' };
const peer = (name: string): Caller => ({ role: 'peer', member: asMember(name), certificate });
const agent = (node: string): Caller => ({ role: 'agent', member: asMember('us-west'), node, certificate });

const limits: RoleLimits = { requestBytes: 1, burst: 3, perSecond: 2, concurrent: 4, concurrentPerIdentity: 2 };
let nowMs: number;
let admission: Admission;
beforeEach(() => {
  nowMs = 1_000_000;
  admission = new Admission({ peer: limits, bridge: limits, agent: limits, operator: limits }, () => nowMs);
});

const run = (caller: Caller): void => { admission.enter(caller)(); };
const isLetIn = (caller: Caller): boolean => {
  try {
    run(caller);
    return true;
  } catch (error) {
    if (error instanceof QuotaError) return false;
    throw error;
  }
};

describe('requests', () => {
  test('are let in up to the burst, then as time passes', () => {
    expect([1, 2, 3, 4].map(() => isLetIn(peer('a')))).toEqual([true, true, true, false]);

    nowMs += 499;
    expect(isLetIn(peer('a'))).toBe(false);
    nowMs += 1;
    expect([1, 2].map(() => isLetIn(peer('a')))).toEqual([true, false]);
  });

  test('never come to more than the burst, however long a caller rested', () => {
    run(peer('a'));
    nowMs += 3_600_000;

    expect([1, 2, 3, 4].map(() => isLetIn(peer('a')))).toEqual([true, true, true, false]);
  });

  test('of one identity are none of another\'s', () => {
    for (let calls = 0; calls < 3; calls += 1) run(peer('a'));

    expect([isLetIn(peer('a')), isLetIn(peer('b')), isLetIn(agent('a'))]).toEqual([false, true, true]);
  });

  test('say when to come back', () => {
    for (let calls = 0; calls < 3; calls += 1) run(peer('a'));

    expect(() => { run(peer('a')); }).toThrow(expect.objectContaining({ code: 'quota', retryAfterMs: 500 }));
  });

  test('are not given back by a clock that is set back', () => {
    for (let calls = 0; calls < 3; calls += 1) run(peer('a'));
    nowMs -= 60_000;

    expect(isLetIn(peer('a'))).toBe(false);
    nowMs += 500;
    expect(isLetIn(peer('a'))).toBe(true);
  });
});

describe('calls under way', () => {
  test('are bounded per identity and per role, and counted out', () => {
    const [first, second] = [admission.enter(peer('a')), admission.enter(peer('a'))];
    expect(() => admission.enter(peer('a'))).toThrow(/too many calls of peer\/a are under way/);
    const others = [admission.enter(peer('b')), admission.enter(peer('b'))];
    expect(() => admission.enter(peer('c'))).toThrow(/too many calls of peers are under way/);
    expect(isLetIn(agent('x'))).toBe(true);

    first();

    expect(isLetIn(peer('c'))).toBe(true);
    for (const leave of [second, ...others]) leave();
  });

  test('that were turned away cost nothing', () => {
    const leave = [admission.enter(peer('a')), admission.enter(peer('a'))];
    for (let calls = 0; calls < 10; calls += 1) expect(isLetIn(peer('a'))).toBe(false);
    for (const one of leave) one();

    expect(isLetIn(peer('a'))).toBe(true);
  });
});

test('identities that rested longest are forgotten, those with calls under way are not', () => {
  const leave = admission.enter(agent('busy'));
  run(agent('busy'));
  for (let node = 0; node < MAX_REMEMBERED_IDENTITIES + 10; node += 1) run(agent(`n${node.toString()}`));
  for (let calls = 0; calls < 3; calls += 1) isLetIn(agent('n0'));

  expect(isLetIn(agent('busy'))).toBe(true);
  expect(isLetIn(agent('busy'))).toBe(false);
  leave();
});
