import { describe, expect, test } from 'vitest';
import type { CountedDelete } from './mass-delete.ts';
import { MAX_COUNTED, countOn, deletesAllowed, isGuarded, withinWindow } from './mass-delete.ts';

const settings = { threshold: 10, percent: 10, windowMs: 60_000 };

describe('what is let through', () => {
  test.each([[0, 10], [99, 10], [109, 10], [110, 11], [2000, 200], [1_000_000, MAX_COUNTED]])('of %d objects are %d deletes', (objects, allowed) => {
    expect(deletesAllowed(settings, objects)).toBe(allowed);
  });

  test('everything is at 100 per cent', () => {
    expect(isGuarded(settings)).toBe(true);
    expect(isGuarded({ ...settings, percent: 100 })).toBe(false);
  });
});

describe('a delete', () => {
  const at = (atMs: number): CountedDelete => ({ id: atMs.toString(), atMs, isHeld: false });

  test('counts for a window, also where the clock went back', () => {
    expect(withinWindow([at(0), at(1), at(60_000), at(119_999), at(120_001)], 60_000, 60_000).map(({ atMs }) => atMs)).toEqual([1, 60_000, 119_999]);
  });

  test('is forgotten where too many are counted', () => {
    const counted = countOn([at(0)], Array.from({ length: MAX_COUNTED }, (_, id) => `x${id.toString()}`), 5, true);
    expect(counted).toHaveLength(MAX_COUNTED);
    expect(counted[0]).toEqual({ id: 'x0', atMs: 5, isHeld: true });
  });
});
