import { parseFederation } from '../../shared/model/federation-spec.ts';
import { ORIGIN, OTHER } from '../pair.ts';
import type { Table } from '../report.ts';
import type { Bill, Intervals } from './bill.ts';
import { SCENARIOS, billOf, podsBill } from './bill.ts';
import type { Usage } from './usage.ts';
import { PIECES, PIECE_IS } from './usage.ts';

/** The intervals of a spec that names none. */
export function defaultIntervals(): Intervals {
  const { sync, healthCheck, antiEntropy } = parseFederation({
    apiVersion: 'novaedge.io/v1alpha1', kind: 'NovaEdgeFederation', metadata: { name: 'costs', namespace: 'default' },
    spec: { federationID: 'costs', localMember: { name: ORIGIN, endpoint: 'a:9090' }, members: [{ name: OTHER, endpoint: 'b:9090' }] },
  });
  return { sync: sync.intervalMs / 1000, health: healthCheck.intervalMs / 1000, antiEntropy: antiEntropy.intervalMs / 1000 };
}

/** What each piece of work consumes. */
export const usageTable = (usage: Usage): Table => ({
  title: 'Units of the regional table and the ledger',
  columns: [{ name: 'piece' }, { name: 'read units', digits: 1 }, { name: 'write units', digits: 1 }],
  rows: PIECES.map((piece) => [PIECE_IS[piece], usage[piece].reads, usage[piece].writes]),
});

const COLUMNS: readonly (keyof Bill)[] = ['database', 'functions', 'bridge', 'requests', 'watching', 'total'];

/** What one of three regions costs a month, and what pods would. */
export const billTable = (usage: Usage, intervals: Intervals): Table => ({
  title: 'US dollars a month and region, of three',
  columns: [{ name: 'federation' }, ...COLUMNS.map((name) => ({ name, digits: 2 }))],
  rows: [
    ...SCENARIOS.map((scenario) => { const bill = billOf(scenario, intervals, usage); return [scenario.name, ...COLUMNS.map((name) => bill[name])]; }),
    ['three pods instead', undefined, undefined, undefined, undefined, undefined, podsBill()],
  ],
});

/** A table in Markdown, as docs/costs.md holds it. */
export function asMarkdown({ columns, rows }: Table): string {
  const cell = (value: string | number | undefined, digits = 0): string => (value === undefined ? '' : typeof value === 'string' ? value : value.toFixed(digits));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns.map(({ name }) => name)), line(columns.map(({ digits }) => (digits === undefined ? '---' : '---:'))), ...rows.map((row) => line(row.map((value, at) => cell(value, columns[at]?.digits))))].join('\n');
}
