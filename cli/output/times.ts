const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long ago something was, in its greatest unit: `3s ago`, `2m ago`. Clocks differ, so what lies ahead is now. `-` for never. */
export const formatAgo = (thenMs: number | undefined, nowMs: number): string => (thenMs === undefined ? '-' : `${formatAge(nowMs - thenMs)} ago`);

/** A stretch of time in its greatest unit, rounded down: `59s`, `2m`, `5h`, `12d`. */
export function formatAge(ms: number): string {
  const wholeMs = Math.max(0, ms);
  if (wholeMs < MINUTE_MS) return `${Math.floor(wholeMs / SECOND_MS).toString()}s`;
  if (wholeMs < HOUR_MS) return `${Math.floor(wholeMs / MINUTE_MS).toString()}m`;
  if (wholeMs < DAY_MS) return `${Math.floor(wholeMs / HOUR_MS).toString()}h`;
  return `${Math.floor(wholeMs / DAY_MS).toString()}d`;
}

/** How far somebody is behind: `0s`, `1.2s`, `1m30s`, `3h`. `-` where it is not known. */
export function formatLag(ms: number | undefined): string {
  if (ms === undefined) return '-';
  if (ms < MINUTE_MS) return `${Number((Math.max(0, ms) / SECOND_MS).toFixed(1)).toString()}s`;
  if (ms >= HOUR_MS) return formatAge(ms);
  const seconds = Math.floor((ms % MINUTE_MS) / SECOND_MS);
  return `${Math.floor(ms / MINUTE_MS).toString()}m${seconds === 0 ? '' : `${seconds.toString()}s`}`;
}

/** A time as scripts read it; null for never. */
export const isoTime = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
