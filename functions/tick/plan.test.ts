import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FederationSpec } from '../../shared/model/federation-spec.ts';
import { MINUTE_MS, planMinute } from './plan.ts';

const specWith = (syncMs: number, healthMs: number, antiEntropyMs: number | undefined): FederationSpec =>
  ({ sync: { intervalMs: syncMs }, healthCheck: { intervalMs: healthMs }, antiEntropy: { enabled: antiEntropyMs !== undefined, intervalMs: antiEntropyMs ?? 0 } }) as unknown as FederationSpec;
const NOON_MS = Date.UTC(2026, 0, 1, 12);
const timesOf = (spec: FederationSpec | undefined, job: string, fromMs = NOON_MS): readonly number[] => planMinute(spec, fromMs).filter((tick) => tick.job === job).map(({ atMs }) => atMs - fromMs);

describe('a minute\'s plan', () => {
  test('has each job at its interval', () => {
    const spec = specWith(15_000, 30_000, 60_000);

    expect(timesOf(spec, 'sync')).toEqual([0, 15_000, 30_000, 45_000]);
    expect(timesOf(spec, 'health')).toEqual([0, 30_000]);
    expect(timesOf(spec, 'anti-entropy')).toEqual([0]);
    expect(timesOf(spec, 'garbage-collect')).toEqual([0]);
  });

  test('has a job of a longer interval in some minutes only', () => {
    const spec = specWith(15_000, 30_000, 5 * MINUTE_MS);
    const minutes = Array.from({ length: 10 }, (_, at) => timesOf(spec, 'anti-entropy', NOON_MS + at * MINUTE_MS).length);

    expect(minutes).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  });

  test('without a spec looks for one, and compares and greets nobody', () => {
    expect(timesOf(undefined, 'sync')).toHaveLength(6);
    expect(timesOf(undefined, 'health')).toEqual([]);
    expect(timesOf(undefined, 'anti-entropy')).toEqual([]);
  });

  test('has no comparison where that is switched off, and nothing more often than once a second', () => {
    expect(timesOf(specWith(10, 30_000, undefined), 'sync')).toHaveLength(60);
    expect(timesOf(specWith(10, 30_000, undefined), 'anti-entropy')).toEqual([]);
  });

  test('follows the last one without a gap or a repetition, whatever the interval', () => {
    fc.assert(fc.property(fc.integer({ min: 1000, max: 10 * MINUTE_MS }), fc.integer({ min: 0, max: 1000 }), (intervalMs, minute) => {
      const spec = specWith(intervalMs, intervalMs, undefined);
      const times = Array.from({ length: 30 }, (_, at) => planMinute(spec, (minute + at) * MINUTE_MS)).flat().filter(({ job }) => job === 'sync').map(({ atMs }) => atMs);
      for (const [at, atMs] of times.entries()) if (at > 0) expect(atMs - (times[at - 1] ?? 0)).toBe(intervalMs);
      expect(times.length).toBeGreaterThanOrEqual(Math.floor((30 * MINUTE_MS) / intervalMs));
    }));
  });
});
