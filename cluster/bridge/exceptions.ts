import type { ResourceKey } from '../../shared/model/ids.ts';
import type { ApplyException, ExceptionKind, Target } from '../../shared/ports/region.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import { backoffMs } from './backoff.ts';
import { EXCEPTION_BACKOFF, EXCEPTIONS, KEPT_TARGET_BYTES } from './limits.ts';

interface Entry {
  readonly kind: ExceptionKind;
  readonly reason: string;
  readonly message: string;
  /** What could not be shown; undefined: the region is asked again. */
  readonly target: Target | undefined;
  readonly attempts: number;
  readonly dueMs: number;
  readonly isListed: boolean;
}

/** Nothing may count as applied that is neither shown nor listed, so the bridge stops following until some are mended. */
export class TooManyExceptionsError extends Error { override readonly name = 'TooManyExceptionsError' }

/** What changed since the last report. */
export interface ExceptionReport { readonly exceptions: readonly ApplyException[]; readonly cleared: readonly ResourceKey[] }

/** Resources that could not be settled: why, what is still to be shown, and when to try again. */
export class Exceptions {
  readonly #entries = new Map<ResourceKey, Entry>();
  readonly #unreported = new Map<ResourceKey, ApplyException | 'cleared'>();
  readonly #clock: Clock;
  readonly #random: Random;
  #keptBytes = 0;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  get size(): number { return this.#entries.size; }
  has(key: ResourceKey): boolean { return this.#entries.has(key); }
  target(key: ResourceKey): Target | undefined { return this.#entries.get(key)?.target; }

  /** How often a resource has failed before. */
  failures(key: ResourceKey): number { return (this.#entries.get(key)?.attempts ?? -1) + 1; }

  /**
   * Returns whether it says something new to the region.
   *
   * @param isListed false for what is only tried again, until it is put with true
   * @throws TooManyExceptionsError
   */
  put({ key, kind, reason, message }: ApplyException, target: Target | undefined, isListed = true): boolean {
    const before = this.#entries.get(key);
    if (before === undefined && this.#entries.size >= EXCEPTIONS) throw new TooManyExceptionsError(`more than ${EXCEPTIONS.toString()} resources cannot be settled; the last one is ${key}: ${message}`);
    this.#forget(key);
    const attempts = before === undefined ? 0 : before.attempts + 1;
    const kept = this.#keptBytes + bytesOf(target) <= KEPT_TARGET_BYTES ? target : undefined;
    this.#keptBytes += bytesOf(kept);
    this.#entries.set(key, { kind, reason, message, target: kept, attempts, dueMs: this.#clock.nowMs() + backoffMs(EXCEPTION_BACKOFF, attempts, this.#random), isListed: isListed || before?.isListed === true });
    const isNews = isListed && (before?.isListed !== true || before.kind !== kind || before.reason !== reason || before.message !== message);
    if (isNews) this.#unreported.set(key, { key, kind, reason, message });
    return isNews;
  }

  /** `always`: also where this process knows of none, because the region may remember one of a process before. */
  clear(key: ResourceKey, always = false): void {
    const wasListed = this.#entries.get(key)?.isListed === true;
    this.#forget(key);
    if (wasListed || always) this.#unreported.set(key, 'cleared');
  }

  /** Resources whose next attempt is due; each is given out once until it is put or cleared. */
  takeDue(limit: number): readonly ResourceKey[] {
    const nowMs = this.#clock.nowMs();
    const due: ResourceKey[] = [];
    for (const [key, entry] of this.#entries) {
      if (due.length >= limit) break;
      if (entry.dueMs > nowMs) continue;
      due.push(key);
      this.#entries.set(key, { ...entry, dueMs: Infinity });
    }
    return due;
  }

  /** Another cluster: what was said of the one before is worth nothing. */
  forget(): void {
    this.#entries.clear();
    this.#unreported.clear();
    this.#keptBytes = 0;
  }

  /** Everything is tried at once: after the region or the cluster was away. */
  makeDue(): void {
    const dueMs = this.#clock.nowMs();
    for (const [key, entry] of this.#entries) this.#entries.set(key, { ...entry, dueMs });
  }

  /** News that no report has carried yet. */
  get unreported(): number { return this.#unreported.size; }

  takeReport(limit: number): ExceptionReport {
    const taken = [...this.#unreported].slice(0, limit);
    for (const [key] of taken) this.#unreported.delete(key);
    return {
      exceptions: taken.flatMap(([, what]) => (what === 'cleared' ? [] : [what])),
      cleared: taken.flatMap(([key, what]) => (what === 'cleared' ? [key] : [])),
    };
  }

  /** A report that did not arrive; what has changed since stands. */
  giveBack(report: ExceptionReport): void {
    for (const exception of report.exceptions) if (!this.#unreported.has(exception.key)) this.#unreported.set(exception.key, exception);
    for (const key of report.cleared) if (!this.#unreported.has(key)) this.#unreported.set(key, 'cleared');
  }

  #forget(key: ResourceKey): void {
    this.#keptBytes -= bytesOf(this.#entries.get(key)?.target);
    this.#entries.delete(key);
  }
}

const bytesOf = (target: Target | undefined): number => (target?.show.kind === 'live' ? target.show.content.length : 0);
