import type { Json, JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import { withDeadline } from '../../shared/replica/deadline.ts';
import { ClusterUnavailableError } from '../bridge/cluster-port.ts';
import type { KubeClient } from './client.ts';
import { LEASE_DURATION_S, LEASE_GIVE_UP_MS, LEASE_RENEW_MS } from './limits.ts';
import { annotationsOf, metadataOf, textOr } from './object.ts';
import { StatusError, isStatus } from './status-error.ts';

export interface LeaseParts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly namespace: string;
  readonly name: string;
  /** Of this process and no other, not even of the one before in the same pod. */
  readonly holder: string;
}

/** The right to speak for a cluster, for as long as it is renewed. */
export interface HeldLease {
  /** Higher than that of every holder before. */
  readonly epoch: number;
  /** When a holder before was last known to be there, by the API server's clock. */
  readonly watchedUntilMs: number | undefined;
  /** Aborted when the lease could not be renewed in time or somebody else has it. */
  readonly lost: AbortSignal;
  /** Gives it up at once, so that another need not wait. */
  release(): Promise<void>;
}

/** The lease is somebody else's, or nobody knows whose. */
export class LeaseLostError extends Error { override readonly name = 'LeaseLostError' }

/**
 * The epoch: milliseconds since 1970, or one above the last where the clock is behind. Counted transitions would go back when a lease is
 * deleted or comes out of a backup, and the region would listen to nobody for as long as it takes to catch up.
 */
const EPOCH_ANNOTATION = 'federation.novaedge.io/epoch';

/**
 * Waits until the lease is free and takes it. Free is one that was given up, or that nobody renewed for its duration as watched from
 * here: clocks of different machines are not compared.
 *
 * @throws the signal's reason
 */
export async function takeLease(parts: LeaseParts, signal: AbortSignal): Promise<HeldLease> {
  const { clock, logger } = parts;
  let watched: { readonly version: string; readonly sinceMs: number } | undefined;
  for (let waits = 0; ; waits += 1) {
    try {
      const lease = await parts.client.find({ path: pathOf(parts) }, signal);
      const version = lease === undefined ? '' : textOr(metadataOf(lease)['resourceVersion']);
      if (watched?.version !== version) watched = { version, sinceMs: clock.nowMs() };
      if (lease === undefined || isFree(lease, clock.nowMs() - watched.sinceMs)) {
        const taken = await take(parts, lease, signal);
        if (taken !== undefined) return hold(parts, taken, lease);
      } else if (waits === 0) logger.info('waiting-for-lease', { lease: `${parts.namespace}/${parts.name}`, holder: textOr(specOf(lease)['holderIdentity']) });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StatusError || error instanceof ClusterUnavailableError)) throw error;
      logger.warn('lease-not-reached', { lease: `${parts.namespace}/${parts.name}`, reason: error.message });
    }
    await clock.sleep(LEASE_RENEW_MS, signal);
  }
}

const collectionOf = ({ namespace }: LeaseParts): string => `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
const pathOf = (parts: LeaseParts): string => `${collectionOf(parts)}/${encodeURIComponent(parts.name)}`;
const specOf = (lease: JsonObject): JsonObject => (isObject(lease['spec']) ? lease['spec'] : {});
const numberOr = (value: Json | undefined, otherwise: number): number => (typeof value === 'number' ? value : otherwise);
const epochOf = (lease: JsonObject | undefined): number => Number(lease === undefined ? 0 : annotationsOf(lease)[EPOCH_ANNOTATION] ?? 0) || 0;
const microTime = (ms: number): string => new Date(ms).toISOString().replace('Z', '000Z');

function isFree(lease: JsonObject, watchedMs: number): boolean {
  const { holderIdentity, leaseDurationSeconds } = specOf(lease);
  return textOr(holderIdentity) === '' || watchedMs > numberOr(leaseDurationSeconds, LEASE_DURATION_S) * 1000;
}

/** Undefined: somebody was faster. */
async function take(parts: LeaseParts, lease: JsonObject | undefined, signal: AbortSignal): Promise<JsonObject | undefined> {
  const { client, clock, holder, name, namespace } = parts;
  const nowMs = clock.nowMs();
  const epoch = Math.max(epochOf(lease) + 1, Math.floor(nowMs));
  const leaseTransitions = lease === undefined ? 0 : numberOr(specOf(lease)['leaseTransitions'], 0) + 1;
  const metadata = { ...(lease === undefined ? { name, namespace } : metadataOf(lease)), annotations: { ...(lease && annotationsOf(lease)), [EPOCH_ANNOTATION]: epoch.toString() } };
  const spec = { holderIdentity: holder, leaseDurationSeconds: LEASE_DURATION_S, acquireTime: microTime(nowMs), renewTime: microTime(nowMs), leaseTransitions };
  try {
    if (lease === undefined) return await client.json({ method: 'POST', path: collectionOf(parts), body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec } }, signal);
    return await client.json({ method: 'PUT', path: pathOf(parts), body: { ...lease, metadata, spec: { ...specOf(lease), ...spec } } }, signal);
  } catch (error) {
    if (isStatus(error, 409)) return undefined;
    throw error;
  }
}

function hold(parts: LeaseParts, taken: JsonObject, before: JsonObject | undefined): HeldLease {
  const lost = new AbortController();
  const released = new AbortController();
  const epoch = epochOf(taken);
  parts.logger.info('lease-taken', { lease: `${parts.namespace}/${parts.name}`, epoch });
  const holding = new Holding(parts, taken);
  const renewing = holding.renewUntil(released.signal, lost);
  return {
    epoch,
    watchedUntilMs: before === undefined ? undefined : renewedAtMs(before),
    lost: lost.signal,
    release: async () => {
      released.abort(new LeaseLostError('the lease was given up'));
      await renewing;
      if (!lost.signal.aborted) await holding.giveUp();
    },
  };
}

/** By the clock of the API server, which notes when a manager last wrote; by the holder's own where it does not. */
function renewedAtMs(lease: JsonObject): number | undefined {
  const { managedFields } = metadataOf(lease);
  const times = (Array.isArray(managedFields) ? managedFields.filter(isObject) : []).map(({ time }) => Date.parse(textOr(time))).filter((ms) => !Number.isNaN(ms));
  if (times.length > 0) return Math.max(...times);
  const renewedMs = Date.parse(textOr(specOf(lease)['renewTime']));
  return Number.isNaN(renewedMs) ? undefined : renewedMs;
}

class Holding {
  readonly #parts: LeaseParts;
  #lease: JsonObject;

  constructor(parts: LeaseParts, lease: JsonObject) {
    this.#parts = parts;
    this.#lease = lease;
  }

  async renewUntil(released: AbortSignal, lost: AbortController): Promise<void> {
    const { clock, logger } = this.#parts;
    for (let renewedMs = clock.nowMs(); ;) {
      try {
        await clock.sleep(LEASE_RENEW_MS, released);
        const asked = clock.nowMs();
        // A request that hangs must not outlive the right to speak.
        await withDeadline(clock, Math.max(LEASE_GIVE_UP_MS - (asked - renewedMs), 1), released, 'renewing the lease', (signal) => this.#renew(signal));
        renewedMs = asked;
      } catch (error) {
        if (released.aborted) return;
        const isOver = error instanceof LeaseLostError || clock.nowMs() - renewedMs >= LEASE_GIVE_UP_MS;
        logger.warn(isOver ? 'lease-lost' : 'lease-not-renewed', { reason: error instanceof Error ? error.message : String(error) });
        if (!isOver) continue;
        lost.abort(new LeaseLostError('the lease is lost: another bridge may speak for this cluster now'));
        return;
      }
    }
  }

  async giveUp(): Promise<void> {
    const { clock, logger } = this.#parts;
    try {
      await withDeadline(clock, LEASE_RENEW_MS, new AbortController().signal, 'giving the lease up', (signal) => this.#put({ holderIdentity: '', renewTime: microTime(clock.nowMs()) }, signal));
    } catch (error) {
      logger.debug('lease-not-given-up', { reason: error instanceof Error ? error.message : String(error) });
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    try {
      await this.#put({ renewTime: microTime(this.#parts.clock.nowMs()) }, signal);
    } catch (error) {
      if (!isStatus(error, 409) && !isStatus(error, 404)) throw error;
      const lease = await this.#parts.client.find({ path: pathOf(this.#parts) }, signal);
      if (lease === undefined || specOf(lease)['holderIdentity'] !== this.#parts.holder) throw new LeaseLostError('somebody else has the lease, or it was deleted');
      this.#lease = lease;
    }
  }

  async #put(change: JsonObject, signal: AbortSignal): Promise<void> {
    this.#lease = await this.#parts.client.json({ method: 'PUT', path: pathOf(this.#parts), body: { ...this.#lease, spec: { ...specOf(this.#lease), ...change } } }, signal);
  }
}
