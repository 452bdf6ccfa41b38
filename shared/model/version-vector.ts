import type { Incarnation, LogName } from './ids.ts';

/**
 * How far each log is known: `vector.get(i) = n` means every dot of `i` up to `n`. A missing entry is zero.
 * Entries are never zero, so two equal vectors have equal entries.
 */
export type VersionVector<Log extends LogName = LogName> = ReadonlyMap<Log, number>;

/** The one write that made a version: dense and never reissued within its incarnation. */
export interface Dot { readonly incarnation: Incarnation; readonly counter: number }

/** The vector of somebody who has seen nothing. */
export const emptyVector: VersionVector = new Map<LogName, number>();

/** How far `log` is known in `vector`. */
export const counterOf = (vector: VersionVector, log: LogName): number => vector.get(log) ?? 0;

/** Whether `vector` covers the dot. */
export const coversDot = (vector: VersionVector, dot: Dot): boolean => counterOf(vector, dot.incarnation) >= dot.counter;

/** Whether `vector` covers every entry of `other`. */
export function covers(vector: VersionVector, other: VersionVector): boolean {
  if (vector === other) return true;
  for (const [log, counter] of other) if (counterOf(vector, log) < counter) return false;
  return true;
}

/** Whether both vectors say the same. */
export const sameVector = (a: VersionVector, b: VersionVector): boolean => covers(a, b) && covers(b, a);

/** The least vector that covers both. Returns one of the arguments when it already does. */
export function mergeVectors(a: VersionVector, b: VersionVector): VersionVector {
  if (covers(a, b)) return a;
  if (covers(b, a)) return b;
  const merged = new Map(a);
  for (const [log, counter] of b) if (counterOf(merged, log) < counter) merged.set(log, counter);
  return merged;
}

/** The greatest vector that both cover. */
export function meetVectors(a: VersionVector, b: VersionVector): VersionVector {
  const met = new Map<LogName, number>();
  for (const [log, counter] of a) {
    const least = Math.min(counter, counterOf(b, log));
    if (least > 0) met.set(log, least);
  }
  return met;
}

/** The vector with the dot added. */
export const withDot = (vector: VersionVector, dot: Dot): VersionVector => withCounter(vector, dot.incarnation, dot.counter);

/** The vector with one log at least at `counter`. */
export function withCounter(vector: VersionVector, log: LogName, counter: number): VersionVector {
  if (counterOf(vector, log) >= counter) return vector;
  return new Map(vector).set(log, counter);
}

/** The entries in a fixed order, for hashing and printing. */
export const sortedEntries = (vector: VersionVector): readonly (readonly [LogName, number])[] =>
  [...vector].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** A total order of dots, for ties only. */
export function compareDots(a: Dot, b: Dot): number {
  if (a.incarnation !== b.incarnation) return a.incarnation < b.incarnation ? -1 : 1;
  return a.counter - b.counter;
}

export const sameDot = (a: Dot, b: Dot): boolean => a.counter === b.counter && a.incarnation === b.incarnation;
/** The dot as a map key. */
export const dotKey = (dot: Dot): string => `${dot.incarnation}.${dot.counter.toString()}`;
