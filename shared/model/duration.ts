/** A text that is not a duration, with the field it stood in. */
export class DurationError extends Error {
  override readonly name = 'DurationError';
  readonly field: string;
  constructor(field: string, text: string, why: string) {
    super(`${field}: ${why}, got ${JSON.stringify(text)}; accepted are durations such as "500ms", "5s", "1m30s", "24h"`);
    this.field = field;
  }
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;
/** Ten years: longer than any setting means, and far below what a number of milliseconds can hold. */
const MAX_MS = 10 * 365 * 24 * 3_600_000;

/** What a duration in a field may be, both in milliseconds and inclusive. */
export interface DurationLimits { readonly minMs?: number; readonly maxMs?: number }

/**
 * Reads a duration as Go and Kubernetes write it ("5s", "1m30s", "24h") into milliseconds.
 *
 * @throws DurationError that names `field`, when the text is no duration or is outside the limits
 */
export function parseDurationMs(field: string, text: string, limits: DurationLimits = {}): number {
  if (!WHOLE.test(text)) throw new DurationError(field, text, 'is not a duration');
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(PART)) totalMs += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  const { minMs = 0, maxMs = MAX_MS } = limits;
  if (totalMs < minMs) throw new DurationError(field, text, `must be at least ${formatDuration(minMs)}`);
  if (totalMs > maxMs) throw new DurationError(field, text, `must be at most ${formatDuration(maxMs)}`);
  return totalMs;
}

/** Writes milliseconds as a short duration ("1m30s"); sub-second ones as "250ms". */
export function formatDuration(totalMs: number): string {
  if (totalMs < 1000) return `${Math.round(totalMs).toString()}ms`;
  const hours = Math.floor(totalMs / 3_600_000);
  const minutes = Math.floor((totalMs % 3_600_000) / 60_000);
  const seconds = Math.round((totalMs % 60_000) / 100) / 10;
  return [hours > 0 ? `${hours.toString()}h` : '', minutes > 0 ? `${minutes.toString()}m` : '', seconds > 0 ? `${seconds.toString()}s` : ''].join('') || '0s';
}
