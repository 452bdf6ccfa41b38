import { startEmulator } from '../emulator.ts';
import type { Section } from '../report.ts';
import { measureUsage } from './measure-usage.ts';
import { PRICES_AS_OF } from './prices.ts';
import { billTable, defaultIntervals, usageTable } from './tables.ts';

/** What a region consumes and costs, by units measured in this run. */
export async function measureCosts(): Promise<Section> {
  const emulator = await startEmulator();
  try {
    const usage = await measureUsage(emulator);
    const intervals = defaultIntervals();
    return {
      part: 'costs',
      notes: [`Units as the DynamoDB emulator reports them, of a region with 200 rows in which little happens. The bill is computed from them (bench/costs/bill.ts)\nfor a spec that names no intervals: sync ${intervals.sync.toString()} s, heartbeats ${intervals.health.toString()} s, anti-entropy ${intervals.antiEntropy.toString()} s. Prices: ${PRICES_AS_OF}.`],
      tables: [usageTable(usage), billTable(usage, intervals)],
      goals: [],
    };
  } finally {
    await emulator.stop();
  }
}
