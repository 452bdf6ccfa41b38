import type { Content, JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import type { Filter } from '../../shared/model/federated-part.ts';
import { OWNERSHIP_MARKS } from '../../shared/model/federated-part.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { asClusterId } from '../../shared/model/ids.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { BridgeIdentity } from '../../shared/ports/region.ts';
import type { Cluster, ClusterChange, EventType, FederationObject, Listing, ObjectVersion, Problem, ReadResult, WriteOutcome, WriteRequest } from '../bridge/cluster-port.ts';
import type { KubeClient } from './client.ts';
import { METADATA_ONLY } from './client.ts';
import { deleteObject } from './delete.ts';
import { Discovery } from './discovery.ts';
import { wouldHoldHere } from './dry-run.ts';
import { Events } from './events.ts';
import { readFederation, writeFederationStatus } from './federation-object.ts';
import { KnownObjects } from './known-objects.ts';
import { LastSeen } from './last-seen.ts';
import type { HeldLease } from './lease.ts';
import { listObjects } from './list.ts';
import { factsOf } from './object.ts';
import type { Parts } from './parts.ts';
import { namespacePath } from './paths.ts';
import { readObject } from './read.ts';
import { ServedGaps } from './schema-gaps.ts';
import { Scopes } from './scope.ts';
import { asUnavailable } from './status-error.ts';
import type { OwnCondition } from './status-conditions.ts';
import { Watches } from './watches.ts';
import { writeObject, writeTokenOf } from './write.ts';

export interface KubernetesParts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Where the bridge and its NovaEdgeFederation are. */
  readonly namespace: string;
  readonly createNamespaces: boolean;
  /** The right to speak for this cluster. */
  readonly lease: Pick<HeldLease, 'epoch' | 'watchedUntilMs'>;
  /** Conditions of the program around, for the status of the federation object. */
  readonly conditions?: () => readonly OwnCondition[];
}

/** Every cluster has this namespace, and its UID lasts as long as the cluster does. */
const IDENTITY_NAMESPACE = 'kube-system';

/** A Kubernetes cluster, as a bridge uses it (DESIGN §11). Close it when the bridge has ended. */
export class KubernetesCluster implements Cluster {
  readonly reshapes = true;
  /** A `POST` is refused where an object of this name is, and where its namespace or definition is missing or going. */
  readonly createsUnseen = true;
  readonly #parts: Parts;
  readonly #events: Events;
  readonly #epoch: number;
  readonly #conditions: () => readonly OwnCondition[];
  readonly #listeners = new Set<(change: ClusterChange) => void>();
  readonly #open = new AbortController();
  #watches: Watches | undefined;
  #starting: Promise<void> | undefined;
  #marks: readonly string[] = OWNERSHIP_MARKS;

  constructor({ client, clock, random, logger, namespace, createNamespaces, lease, conditions }: KubernetesParts) {
    const discovery = new Discovery(client, clock);
    this.#parts = {
      client, discovery, scopes: new Scopes(client, discovery, this.#open.signal), clock, random, logger, namespace, createNamespaces, watchedUntilMs: lease.watchedUntilMs,
      gaps: new ServedGaps(client), lastSeen: new LastSeen(), known: new KnownObjects(), marks: () => this.#marks,
    };
    this.#epoch = lease.epoch;
    this.#conditions = conditions ?? (() => []);
    this.#events = new Events(this.#parts);
  }

  close(): void { this.#open.abort(new Error('the cluster was closed')); }

  async identity(signal: AbortSignal): Promise<BridgeIdentity> {
    try {
      const namespace = await this.#parts.client.json({ path: namespacePath(IDENTITY_NAMESPACE), accept: METADATA_ONLY }, signal);
      return { clusterId: asClusterId(factsOf(namespace).uid), leaseEpoch: this.#epoch };
    } catch (error) {
      throw asUnavailable(error, `the namespace ${IDENTITY_NAMESPACE} tells which cluster this is`);
    }
  }

  /** What keeps an API server from being believed makes it unavailable instead. */
  held(): undefined { return undefined; }
  problems(): readonly Problem[] { return this.#watches?.problems() ?? []; }

  async keepLocal(marks: readonly string[]): Promise<void> { this.#marks = marks; }

  async list(filter: Filter, signal: AbortSignal): Promise<Listing> {
    // First the watch: what changes after the list is told.
    if (this.#watches !== undefined) await this.#watches.follow(filter);
    const kinds = await this.#parts.discovery.federated(filter, signal);
    return listObjects(this.#parts, kinds, filter, signal);
  }

  read(key: ResourceKey, signal: AbortSignal, how: 'fresh' | 'known' = 'fresh'): Promise<ReadResult> { return readObject(this.#parts, key, how, signal); }
  isAsLeft(key: ResourceKey): boolean { return this.#parts.lastSeen.isAsLeft(key); }
  wouldHold(key: ResourceKey, content: string, signal: AbortSignal): Promise<Content | undefined> { return wouldHoldHere(this.#parts, key, content, signal); }
  write(request: WriteRequest, signal: AbortSignal): Promise<WriteOutcome> { return writeObject(this.#parts, request, signal); }
  writeToken(key: ResourceKey, token: string, version: ObjectVersion, signal: AbortSignal): Promise<WriteOutcome> { return writeTokenOf(this.#parts, key, token, version, signal); }
  delete(key: ResourceKey, version: ObjectVersion, signal: AbortSignal): Promise<WriteOutcome> { return deleteObject(this.#parts, key, version, signal); }

  async watch(listener: (change: ClusterChange) => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#startWatches();
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => { this.#listeners.delete(listener); }, { once: true });
  }

  federation(signal: AbortSignal): Promise<FederationObject> { return readFederation(this.#parts, signal); }

  async writeStatus(status: string, signal: AbortSignal): Promise<WriteOutcome> {
    const value: unknown = JSON.parse(status);
    const object: JsonObject = isObject(value) ? value : {};
    return writeFederationStatus(this.#parts, object, this.#conditions(), signal);
  }

  /** Writes the conditions of the program around, when these have changed and the region has nothing new to say. */
  refreshConditions(signal: AbortSignal): Promise<WriteOutcome> {
    return writeFederationStatus(this.#parts, undefined, this.#conditions(), signal);
  }

  event(key: ResourceKey, type: EventType, reason: string, message: string): void {
    this.#events.tell(key, type, reason, message, this.#open.signal);
  }

  /** Once; anew where it failed. */
  #startWatches(): Promise<void> {
    this.#starting ??= this.#begin().catch((error: unknown) => {
      this.#starting = undefined;
      throw asUnavailable(error, 'the cluster could not be watched');
    });
    return this.#starting;
  }

  async #begin(): Promise<void> {
    const attempt = new AbortController();
    const watches = new Watches(this.#parts, (change) => { for (const listener of this.#listeners) listener(change); }, AbortSignal.any([this.#open.signal, attempt.signal]));
    try {
      await watches.start();
    } catch (error) {
      attempt.abort(new Error('watching could not begin'));
      throw error;
    }
    this.#watches = watches;
  }
}
