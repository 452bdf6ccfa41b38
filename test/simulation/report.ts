import { FAULTS } from './faults.ts';
import type { RunReport } from './run.ts';
import { isCompound } from './tally.ts';

type Counts = Readonly<Record<string, number>>;

/** What several runs did together. */
export interface Summary {
  readonly schedules: number;
  readonly writes: number;
  readonly rounds: number;
  /** Runs that were made twice, and went the same way. */
  readonly repeated: number;
  readonly operations: Counts;
  readonly faults: Counts;
  readonly checks: Counts;
  readonly findings: readonly string[];
}

export const noRuns: Summary = { schedules: 0, writes: 0, rounds: 0, repeated: 0, operations: {}, faults: {}, checks: {}, findings: [] };

export const withRun = (sum: Summary, { writes, rounds, operations, faults, checks }: RunReport, isRepeated: boolean): Summary =>
  together(sum, { ...noRuns, schedules: 1, writes, rounds, repeated: isRepeated ? 1 : 0, operations, faults, checks });
export const withFinding = (sum: Summary, finding: string): Summary => together(sum, { ...noRuns, schedules: 1, findings: [finding] });

export const together = (a: Summary, b: Summary): Summary => ({
  schedules: a.schedules + b.schedules,
  writes: a.writes + b.writes,
  rounds: Math.max(a.rounds, b.rounds),
  repeated: a.repeated + b.repeated,
  operations: added(a.operations, b.operations),
  faults: added(a.faults, b.faults),
  checks: added(a.checks, b.checks),
  findings: [...a.findings, ...b.findings],
});

function added(a: Counts, b: Counts): Counts {
  const sum: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}

/** The summary as a person reads it. */
export function describe({ schedules, writes, rounds, repeated, operations, faults, checks, findings }: Summary, seconds: number): string {
  const total = Object.entries(operations).reduce((sum, [name, count]) => sum + (isCompound(name) ? 0 : count), 0);
  return [
    `${schedules.toString()} schedules, ${findings.length.toString()} findings, ${total.toString()} operations, ${writes.toString()} writes, ${seconds.toFixed(1)} s (${(schedules / seconds).toFixed(0)} schedules a second)`,
    `quiet within ${rounds.toString()} rounds; ${repeated.toString()} schedules run twice, to the same trace`,
    '', 'operations', columns(operations),
    '', 'faults', columns(Object.fromEntries(Object.keys(FAULTS).map((name) => [name, faults[name] ?? 0]))),
    '', 'checks by invariant', columns(Object.fromEntries(Object.entries(checks).sort(([a], [b]) => Number(a.slice(1)) - Number(b.slice(1))))),
  ].join('\n');
}

const PER_LINE = 4;
function columns(counts: Counts): string {
  const cells = Object.entries(counts).map(([name, count]) => `${name.padEnd(17)}${count.toString().padStart(9)}`);
  return Array.from({ length: Math.ceil(cells.length / PER_LINE) }, (_, line) => `  ${cells.slice(line * PER_LINE, (line + 1) * PER_LINE).join('   ')}`).join('\n');
}
