/** From when and for how long. */
export interface Validity {
  readonly nowMs: number;
  /** Left out: what is usual for the kind of certificate. */
  readonly lifeMs?: number | undefined;
}

const DAY_MS = 24 * 3_600_000;
/** The guides': authorities live 10 years, members' certificates one. */
export const AUTHORITY_LIFE_MS = 3650 * DAY_MS;
export const LEAF_LIFE_MS = 365 * DAY_MS;
/** A working day: an operator makes a new one every morning. */
export const OPERATOR_LIFE_MS = 12 * 3_600_000;
/** Clocks differ; a certificate that was just made should be good at once everywhere. */
const BACKDATE_MS = 5 * 60_000;

/** @throws RangeError when nothing is left of it */
export function datesOf({ nowMs, lifeMs }: Validity, usualLifeMs: number, untilMs = Infinity): { readonly notBefore: Date; readonly notAfter: Date } {
  const notAfterMs = Math.min(nowMs + (lifeMs ?? usualLifeMs), untilMs);
  if (!(notAfterMs > nowMs - BACKDATE_MS)) throw new RangeError('the certificate would be over before it begins: give it a longer life, or renew its authority first');
  return { notBefore: new Date(nowMs - BACKDATE_MS), notAfter: new Date(notAfterMs) };
}
