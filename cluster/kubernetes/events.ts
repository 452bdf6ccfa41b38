import { hash } from 'node:crypto';
import type { JsonObject } from '../../shared/model/content.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { printKey, splitKey } from '../../shared/model/resource-key.ts';
import type { EventType } from '../bridge/cluster-port.ts';
import { MERGE_PATCH } from './client.ts';
import { EVENTS_IN_FLIGHT, REMEMBERED_EVENTS } from './limits.ts';
import type { Parts } from './parts.ts';
import { apiVersionOf } from './paths.ts';
import { Slots } from './slots.ts';
import { isStatus } from './status-error.ts';

/** An Event's message may be that long. */
const MAX_MESSAGE = 1024;
const COMPONENT = 'novaedge-bridge';

/** Tells people of what was done to their objects, as Kubernetes Events do: the same again is counted up. */
export class Events {
  readonly #parts: Parts;
  readonly #counts = new Map<string, number>();
  readonly #slots = new Slots(EVENTS_IN_FLIGHT);
  #waiting = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Never fails: what cannot be told is in the log alone. */
  tell(key: ResourceKey, type: EventType, reason: string, message: string, signal: AbortSignal): void {
    const { logger } = this.#parts;
    logger.info('event', { resource: printKey(key), reason, message });
    if (this.#waiting >= REMEMBERED_EVENTS) return;
    this.#waiting += 1;
    this.#slots.run(signal, () => this.#write(key, type, reason, message.slice(0, MAX_MESSAGE), signal))
      .catch((error: unknown) => { if (!signal.aborted) logger.debug('event-not-written', { resource: printKey(key), reason: error instanceof Error ? error.message : String(error) }); })
      .finally(() => { this.#waiting -= 1; });
  }

  async #write(key: ResourceKey, type: string, reason: string, message: string, signal: AbortSignal): Promise<void> {
    const { client, discovery, clock, lastSeen } = this.#parts;
    const { group, kind: kindName, namespace, name } = splitKey(key);
    const kind = await discovery.find(group, kindName, signal);
    const uid = lastSeen.get(key)?.uid ?? '';
    const id = `${name.slice(0, 200)}.${hash('sha256', [key, uid, reason, message].join('\0')).slice(0, 16)}`;
    const where = namespace === '' ? 'default' : namespace;
    const nowIso = `${new Date(clock.nowMs()).toISOString().slice(0, 19)}Z`;
    const count = this.#countUp(id);
    if (count > 1) {
      try {
        await client.json({ method: 'PATCH', path: `/api/v1/namespaces/${where}/events/${id}`, contentType: MERGE_PATCH, body: { count, lastTimestamp: nowIso } }, signal);
        return;
      } catch (error) {
        if (!isStatus(error, 404)) throw error;
      }
    }
    const body: JsonObject = {
      apiVersion: 'v1', kind: 'Event', metadata: { name: id, namespace: where }, type, reason, message, count,
      involvedObject: { apiVersion: kind === undefined ? group : apiVersionOf(kind), kind: kindName, name, ...(namespace !== '' && { namespace }), ...(uid !== '' && { uid }) },
      source: { component: COMPONENT }, reportingComponent: COMPONENT, reportingInstance: COMPONENT, firstTimestamp: nowIso, lastTimestamp: nowIso,
    };
    try {
      await client.json({ method: 'POST', path: `/api/v1/namespaces/${where}/events`, body }, signal);
    } catch (error) {
      // A bridge before this one has told it already.
      if (!isStatus(error, 409)) throw error;
      await client.json({ method: 'PATCH', path: `/api/v1/namespaces/${where}/events/${id}`, contentType: MERGE_PATCH, body: { lastTimestamp: nowIso } }, signal);
    }
  }

  #countUp(id: string): number {
    const count = (this.#counts.get(id) ?? 0) + 1;
    this.#counts.delete(id);
    this.#counts.set(id, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > REMEMBERED_EVENTS && oldest !== undefined) this.#counts.delete(oldest);
    return count;
  }
}
