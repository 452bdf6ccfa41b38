import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DurationError, formatDuration, parseDurationMs } from './duration.ts';

describe('a duration', () => {
  test.each([
    ['5s', 5000], ['30s', 30_000], ['500ms', 500], ['1m30s', 90_000], ['5m', 300_000], ['24h', 86_400_000], ['8760h', 31_536_000_000],
    ['1.5h', 5_400_000], ['0.1s', 100], ['4.1s', 4100], ['1.005s', 1005], ['0s', 0], ['1h1m1s1ms', 3_661_001], ['60s', 60_000], ['0.0001ms', 0],
  ])('%s is %i ms', (text, ms) => {
    expect(parseDurationMs('spec.sync.interval', text)).toBe(ms);
  });

  test.each(['', '5', 's', '5 s', ' 5s', '5s ', '-5s', '+5s', '5S', '5sec', '5d', '1w', '.5s', '5.s', '1,5s', '5s5', '1e3s', 'PT5S', '5µs', '5us', '5ns', '٥s', '5s\n', 'NaNs', 'Infinitys'])('%j is none', (text) => {
    expect(() => parseDurationMs('spec.sync.interval', text)).toThrow(DurationError);
    expect(() => parseDurationMs('spec.sync.interval', text)).toThrow(/^spec\.sync\.interval: is not a duration, got .*; accepted are durations such as "500ms", "5s", "1m30s", "24h"$/s);
  });

  test('outside its limits says which, and carries its field', () => {
    const read = (text: string): number => parseDurationMs('spec.healthCheck.timeout', text, { minMs: 1000, maxMs: 60_000 });

    expect([read('1s'), read('1m')]).toEqual([1000, 60_000]);
    expect(() => read('999ms')).toThrow('spec.healthCheck.timeout: must be at least 1s, got "999ms"');
    expect(() => read('61s')).toThrow('spec.healthCheck.timeout: must be at most 1m, got "61s"');
    expect(() => parseDurationMs('spec.sync.interval', '87601h')).toThrow('must be at most 87600h');
    try {
      read('2m');
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ name: 'DurationError', field: 'spec.healthCheck.timeout' });
    }
  });

  test('of very many digits is read or refused, and fast', () => {
    expect(() => parseDurationMs('a', `${'9'.repeat(100_000)}s`)).toThrow(DurationError);
    expect(() => parseDurationMs('a', `${'1m'.repeat(50_000)}x`)).toThrow(DurationError);
  });

  test('is whole milliseconds', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 99_999 }), fc.integer({ min: 0, max: 999 }), (whole, thousandths) => {
      const ms = parseDurationMs('a', `${whole.toString()}.${thousandths.toString().padStart(3, '0')}s`);
      return ms === whole * 1000 + thousandths;
    }));
  });
});

describe('a printed duration', () => {
  test.each([[0, '0ms'], [1, '1ms'], [999, '999ms'], [1000, '1s'], [1500, '1.5s'], [60_000, '1m'], [90_000, '1m30s'], [3_600_000, '1h'], [3_661_000, '1h1m1s'], [59_960, '1m'], [3_599_990, '1h'], [999.7, '1s']])('%d ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('reads back as what it was, to a tenth of a second', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 10 * 365 * 24 * 3_600_000 }), (ms) => {
      const again = parseDurationMs('a', formatDuration(ms));
      return ms < 1000 ? again === ms : again === Math.round(ms / 100) * 100;
    }));
  });
});
