import { describe, expect, test } from 'vitest';
import type { Hash, ResourceKey } from '../../shared/model/ids.ts';
import type { Said } from './flaps.ts';
import { Flaps } from './flaps.ts';
import { FLAP_CALM_MS, FLAP_KEYS, FLAP_TIMES, FLAP_WINDOW_MS } from './limits.ts';

const key = 'novaedge.io/ProxyRoute/default/api' as ResourceKey;
const says = (n: string): Said => ({ hash: n.repeat(64) as Hash, text: JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', spec: { n, same: 1 } }) });
const [ours, theirs] = [says('a'), says('b')];

/** Two tools: ours is taken, theirs is shown, ours comes again, `pauseMs` later each time. */
class Fight {
  nowMs = 0;
  readonly flaps = new Flaps({ nowMs: () => this.nowMs, sleep: () => Promise.resolve() });
  constructor() { this.flaps.sent(key, ours.hash); }

  again(times: number, pauseMs = 1000): string | undefined {
    let held: string | undefined;
    for (let at = 0; at < times && held === undefined; at += 1) {
      this.flaps.shown(key, theirs);
      this.nowMs += pauseMs;
      held = this.flaps.holds(key, ours);
      if (held === undefined) this.flaps.sent(key, ours.hash);
    }
    return held;
  }
}

describe('an object that is written back and forth', () => {
  test('is held when it has come back so often, the field is named, and it is said the same way every time it is asked', () => {
    const fight = new Fight();

    expect(fight.again(FLAP_TIMES - 1)).toBeUndefined();
    const held = fight.again(1);

    expect(held).toMatch(/^it is written back and forth \(spec\.n\): 5 times in 4s /);
    fight.nowMs += FLAP_CALM_MS - 1;
    expect(fight.flaps.holds(key, ours)).toBe(held);
  });

  test('names the field manager that writes it here', () => {
    const fight = new Fight();
    fight.again(FLAP_TIMES - 1);
    fight.flaps.shown(key, theirs);

    expect(fight.flaps.holds(key, { ...ours, by: 'argocd-controller' })).toMatch(/ the field manager "argocd-controller" has written the same here, after another member /);
  });

  test('is sent again when it was left alone for a while, and held at once if nothing has changed', () => {
    const fight = new Fight();
    fight.again(FLAP_TIMES);
    fight.nowMs += FLAP_CALM_MS;

    expect(fight.flaps.holds(key, ours)).toBeUndefined();
    expect(fight.again(1)).toContain('back and forth');
  });

  test('is sent where it says something else', () => {
    const fight = new Fight();
    fight.again(FLAP_TIMES);

    expect(fight.flaps.holds(key, says('c'))).toBeUndefined();
  });

  test('is no such thing where it comes back seldom', () => {
    expect(new Fight().again(3 * FLAP_TIMES, FLAP_WINDOW_MS / 4)).toBeUndefined();
  });

  test('is no such thing where the same is only sent again, nothing else having been shown', () => {
    const { flaps } = new Fight();
    flaps.shown(key, ours);

    expect(Array.from({ length: 3 * FLAP_TIMES }, () => flaps.holds(key, ours)).filter((held) => held !== undefined)).toEqual([]);
  });

  test('is not one that the federation never took: a spoke\'s edits are put back each time', () => {
    const flaps = new Flaps({ nowMs: () => 0, sleep: () => Promise.resolve() });
    for (let at = 0; at < 3 * FLAP_TIMES; at += 1) {
      expect(flaps.holds(key, ours)).toBeUndefined();
      flaps.shown(key, theirs);
    }
  });

  test('is forgotten when many others were sent since', () => {
    const fight = new Fight();
    fight.again(FLAP_TIMES);
    for (let at = 0; at < FLAP_KEYS; at += 1) fight.flaps.sent(`${key}-${at.toString()}` as ResourceKey, ours.hash);

    expect(fight.flaps.holds(key, ours)).toBeUndefined();
  });
});
