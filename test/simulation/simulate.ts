import { runSchedule } from './run.ts';

export interface SimulateOptions { readonly schedules: number; readonly firstSeed: number; readonly steps: number; readonly disabled: ReadonlySet<string>; readonly keepGoing: boolean }

/** Runs schedules one after the other, and tells what they did. Returns 0, or 1 after a finding. */
export async function simulate(say: (text: string) => void, { schedules, firstSeed, steps, disabled, keepGoing }: SimulateOptions): Promise<number> {
  const startedMs = Date.now();
  const operations: Record<string, number> = {};
  let [writes, findings, run] = [0, 0, 0];
  for (; run < schedules && (keepGoing || findings === 0); run += 1) {
    try {
      const report = await runSchedule(firstSeed + run, steps, disabled);
      writes += report.writes;
      for (const [name, count] of Object.entries(report.operations)) operations[name] = (operations[name] ?? 0) + count;
    } catch (error) {
      findings += 1;
      say(error instanceof Error ? (error.name === 'Violation' ? error.message : (error.stack ?? error.message)) : String(error));
    }
  }
  const seconds = (Date.now() - startedMs) / 1000;
  say(`${run.toString()} schedules, ${findings.toString()} findings, ${writes.toString()} writes, ${seconds.toFixed(1)} s`);
  say(Object.entries(operations).sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count.toString()}`).join(', '));
  return findings === 0 ? 0 : 1;
}
