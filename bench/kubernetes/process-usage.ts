import { readFileSync } from 'node:fs';

const BYTES_PER_KB = 1024;
/** What Linux counts processor time in, on every machine there is. */
const TICK_MS = 10;

/** What a process has used since it began. */
export interface ProcessUsage { readonly peakMemoryBytes: number; readonly processorMs: number }

/** Of any process of ours, as Linux counts it. @throws Error elsewhere */
export function usageOf(pid: number): ProcessUsage {
  const read = (file: string): string => readFileSync(`/proc/${pid.toString()}/${file}`, 'utf8');
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(read('status'))?.[1];
  // The name, second, may have blanks and brackets in it: what follows its last bracket begins with the third field.
  const stat = read('stat');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [fields[11], fields[12]];
  if (peak === undefined || user === undefined || system === undefined) throw new Error(`/proc/${pid.toString()} is not as Linux has it`);
  return { peakMemoryBytes: Number(peak) * BYTES_PER_KB, processorMs: (Number(user) + Number(system)) * TICK_MS };
}
