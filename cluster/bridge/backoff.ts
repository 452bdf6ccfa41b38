import type { Random } from '../../shared/ports/clock.ts';

export interface BackoffLimits { readonly firstMs: number; readonly capMs: number }

/** Capped exponential backoff with full jitter: between half and all of `first · 2^attempt`. */
export function backoffMs({ firstMs, capMs }: BackoffLimits, attempt: number, random: Random): number {
  const full = Math.min(capMs, firstMs * 2 ** Math.min(attempt, 30));
  return full / 2 + (full / 2) * fraction(random);
}

/** A number in [0, 1). */
function fraction(random: Random): number {
  const [a = 0, b = 0] = random.bytes(2);
  return (a * 256 + b) / 65_536;
}
