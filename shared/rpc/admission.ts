import { ReplicaError } from '../ports/errors.ts';
import type { Caller, Role } from './caller.ts';
import { callerName, ROLES } from './caller.ts';
import type { RoleLimits } from './limits.ts';
import { MAX_REMEMBERED_IDENTITIES } from './limits.ts';

/** A caller that is over its quota, and when it may try again. */
export class QuotaError extends ReplicaError {
  readonly retryAfterMs: number;
  constructor(message: string, retryAfterMs: number) {
    super('quota', message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** A token bucket: `tokens` as they were at `atMs`. */
interface Bucket { tokens: number; atMs: number; running: number }

/** When a caller should come back that was turned away for the calls under way: about as long as one takes. */
const BUSY_RETRY_MS = 100;

/** Lets calls in, per role and identity (limits.ts). Of one process: on Lambda, of one instance. */
export class Admission {
  readonly #limits: Readonly<Record<Role, RoleLimits>>;
  readonly #nowMs: () => number;
  readonly #pools: Readonly<Record<Role, { running: number; readonly buckets: Map<string, Bucket> }>>;

  constructor(limits: Readonly<Record<Role, RoleLimits>>, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#pools = Object.fromEntries(ROLES.map((role) => [role, { running: 0, buckets: new Map<string, Bucket>() }])) as Record<Role, { running: number; buckets: Map<string, Bucket> }>;
  }

  /**
   * Counts a call in. The function it answers with counts it out; call it once.
   *
   * @throws QuotaError
   */
  enter(caller: Caller): () => void {
    const limits = this.#limits[caller.role];
    const pool = this.#pools[caller.role];
    const name = callerName(caller);
    const bucket = this.#bucket(pool.buckets, name, limits);
    if (pool.running >= limits.concurrent || bucket.running >= limits.concurrentPerIdentity) {
      throw new QuotaError(`too many calls of ${pool.running >= limits.concurrent ? `${caller.role}s` : name} are under way; try again`, BUSY_RETRY_MS);
    }
    if (bucket.tokens < 1) {
      throw new QuotaError(`${name} may call ${limits.perSecond.toString()} times a second; try again`, Math.ceil(((1 - bucket.tokens) / limits.perSecond) * 1000));
    }
    bucket.tokens -= 1;
    bucket.running += 1;
    pool.running += 1;
    return () => { bucket.running -= 1; pool.running -= 1; };
  }

  /** The bucket as it is now, moved to the end of the map: the first is the one that rested longest. */
  #bucket(buckets: Map<string, Bucket>, name: string, limits: RoleLimits): Bucket {
    const nowMs = this.#nowMs();
    const bucket = buckets.get(name) ?? { tokens: limits.burst, atMs: nowMs, running: 0 };
    const restedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.tokens = Math.min(limits.burst, bucket.tokens + (restedMs / 1000) * limits.perSecond);
    bucket.atMs = nowMs;
    buckets.delete(name);
    buckets.set(name, bucket);
    if (buckets.size > MAX_REMEMBERED_IDENTITIES) forgetIdle(buckets);
    return bucket;
  }
}

function forgetIdle(buckets: Map<string, Bucket>): void {
  for (const [name, { running }] of buckets) {
    if (running === 0) { buckets.delete(name); return; }
  }
}
