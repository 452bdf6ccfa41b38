import { parseArgs } from 'node:util';
import { runSchedule } from './run.ts';

const { values } = parseArgs({ options: { schedules: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' }, steps: { type: 'string', default: '100' }, without: { type: 'string', multiple: true, default: [] }, keep: { type: 'boolean', default: false } } });
const schedules = Number(values.schedules);
const seed = Number(values.seed);
const startedMs = Date.now();
const operations: Record<string, number> = {};
let writes = 0;
let failures = 0;
for (let at = 0; at < schedules; at += 1) {
  try {
    const report = await runSchedule(seed + at, Number(values.steps), new Set(values.without));
    writes += report.writes;
    for (const [name, count] of Object.entries(report.operations)) operations[name] = (operations[name] ?? 0) + count;
  } catch (error) {
    failures += 1;
    process.stderr.write(`${error instanceof Error ? (error.name === 'Violation' ? error.message : (error.stack ?? error.message)) : String(error)}\n`);
    if (!values.keep) { process.exitCode = 1; break; }
  }
}
const seconds = (Date.now() - startedMs) / 1000;
process.stdout.write(`${schedules.toString()} schedules, ${failures.toString()} failures, ${writes.toString()} writes, ${seconds.toFixed(1)} s\n${JSON.stringify(operations)}\n`);
