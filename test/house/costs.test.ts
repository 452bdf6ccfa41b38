import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { billOf, SCENARIOS } from '../../bench/costs/bill.ts';
import { asMarkdown, billTable, defaultIntervals, usageTable } from '../../bench/costs/tables.ts';
import { RECORDED } from '../../bench/costs/usage.ts';

const document = readFileSync(new URL('../../docs/costs.md', import.meta.url), 'utf8');

describe('docs/costs.md', () => {
  test.each([['a month', billTable(RECORDED, defaultIntervals())], ['what the pieces consume', usageTable(RECORDED)]])('holds what follows from the recorded figures: %s', (_what, table) => {
    expect(document).toContain(asMarkdown(table));
  });
});

describe('a bill', () => {
  test('rises with the changes, and falls with longer intervals', () => {
    const [idle, , busy] = SCENARIOS.map((scenario) => billOf(scenario, defaultIntervals(), RECORDED));
    const [rare] = SCENARIOS.map((scenario) => billOf(scenario, { sync: 30, health: 30, antiEntropy: 300 }, RECORDED));

    expect(busy?.total).toBeGreaterThan(idle?.total ?? Infinity);
    expect(rare?.total).toBeLessThan(idle?.total ?? 0);
  });
});
