/**
 * The value that a share of all samples does not exceed (nearest rank).
 *
 * @param share between 0 and 1
 * @throws RangeError without samples
 */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (found === undefined) throw new RangeError('no samples');
  return found;
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5);

const NANOSECONDS_PER_MS = 1_000_000;

/** Milliseconds of the machine's monotonic clock, which all processes share. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / NANOSECONDS_PER_MS;

/** Milliseconds of processor time that this process used while something was done. */
export async function processorMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
