/** A text that is not a duration, with the field it stood in. */
export class DurationError extends Error {
  override readonly name = 'DurationError';
  readonly field: string;
  constructor(field: string, text: string, why: string) {
    super(`${field}: ${why}, got ${JSON.stringify(text.slice(0, MAX_PRINTED))}; accepted are durations such as "500ms", "5s", "1m30s", "24h"`);
    this.field = field;
  }
}

/** Of a text in a message; a status condition is read by people. */
const MAX_PRINTED = 80;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;
/** Ten years: longer than any setting means, and far below what a number of milliseconds can hold. */
const MAX_MS = 10 * 365 * 24 * 3_600_000;

/** What a duration in a field may be, both in milliseconds and inclusive. */
export interface DurationLimits { readonly minMs?: number; readonly maxMs?: number }

/**
 * Reads a duration as Go and Kubernetes write it ("5s", "1m30s", "24h") into whole milliseconds.
 *
 * @throws DurationError that names `field`, when the text is no duration or is outside the limits
 */
export function parseDurationMs(field: string, text: string, limits: DurationLimits = {}): number {
  if (!WHOLE.test(text)) throw new DurationError(field, text, 'is not a duration');
  let exactMs = 0;
  for (const [, amount, unit] of text.matchAll(PART)) exactMs += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  const totalMs = Math.round(exactMs);
  const { minMs = 0, maxMs = MAX_MS } = limits;
  if (totalMs < minMs) throw new DurationError(field, text, `must be at least ${formatDuration(minMs)}`);
  if (totalMs > maxMs) throw new DurationError(field, text, `must be at most ${formatDuration(maxMs)}`);
  return totalMs;
}

/** Writes milliseconds as a short duration ("1m30s"), to a tenth of a second; below a second as "250ms". */
export function formatDuration(totalMs: number): string {
  const wholeMs = Math.round(totalMs);
  if (wholeMs < 1000) return `${wholeMs.toString()}ms`;
  const tenths = Math.round(wholeMs / 100);
  const hours = Math.floor(tenths / 36_000);
  const minutes = Math.floor((tenths % 36_000) / 600);
  const seconds = (tenths % 600) / 10;
  return [hours > 0 ? `${hours.toString()}h` : '', minutes > 0 ? `${minutes.toString()}m` : '', seconds > 0 ? `${seconds.toString()}s` : ''].join('');
}
