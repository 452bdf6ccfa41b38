import type { Filter } from '../../shared/model/federated-part.ts';
import { DEFAULT_RESOURCE_TYPES } from '../../shared/model/federated-part.ts';
import { resourceKey, ResourceNameError } from '../../shared/model/resource-key.ts';
import type { ClusterChange, Problem } from '../bridge/cluster-port.ts';
import { FEDERATION_KIND, generationOf } from './federation-object.ts';
import type { ServedKind } from './discovery.ts';
import { KindWatch } from './kind-watch.ts';
import type { WatchEvent } from './kind-watch.ts';
import { DEFINITION_LOOKS_MS } from './limits.ts';
import { annotationsOf, factsOf, textOr, whyLocal } from './object.ts';
import type { Parts } from './parts.ts';
import { collectionPath } from './paths.ts';
import { StatusError } from './status-error.ts';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const FORCE_RECONCILE = 'novaedge.io/force-reconcile';

interface Running { readonly kind: ServedKind; readonly end: AbortController; readonly begun: Promise<void> }

/**
 * Everything that is watched, told to one listener: the kinds that a filter names, the federation object, and the definitions, by which
 * kinds come and go.
 */
export class Watches {
  readonly #parts: Parts;
  readonly #tell: (change: ClusterChange) => void;
  readonly #signal: AbortSignal;
  readonly #running = new Map<string, Running>();
  readonly #problems = new Map<string, Problem>();
  readonly #federations = new Map<string, string>();
  readonly #generations = new Map<string, string>();
  #resourceTypes: readonly string[] = DEFAULT_RESOURCE_TYPES;
  #looks = 0;

  /** @param signal ends all of it */
  constructor(parts: Parts, tell: (change: ClusterChange) => void, signal: AbortSignal) {
    this.#parts = parts;
    this.#tell = tell;
    this.#signal = signal;
  }

  problems(): readonly Problem[] { return [...this.#problems.values()]; }

  /** Resolves once every later change of the default kinds, of the federation object and of definitions will be told. */
  async start(): Promise<void> {
    const definitions = this.#watch(DEFINITIONS, 'metadata', (event) => { this.#onDefinition(event); }, () => { this.#lookAgain(); });
    await Promise.all([definitions, this.#adjust()]);
  }

  /** Follows the kinds that a filter names and the server has. Resolves once every later change of theirs will be told. */
  async follow(filter: Pick<Filter, 'resourceTypes'>): Promise<void> {
    this.#resourceTypes = filter.resourceTypes.length > 0 ? filter.resourceTypes : DEFAULT_RESOURCE_TYPES;
    await this.#adjust();
  }

  /** Whether other kinds than before are watched now. */
  async #adjust(): Promise<boolean> {
    const { discovery } = this.#parts;
    const federated = await discovery.federated({ resourceTypes: this.#resourceTypes }, this.#signal);
    const wanted = new Map([...federated, ...(await this.#federationKind())].map((kind) => [collectionPath(kind), kind]));
    const before = [...this.#running.keys()].sort().join();
    for (const [path, { end }] of this.#running) {
      if (wanted.has(path)) continue;
      end.abort(new Error('not followed any more'));
      this.#running.delete(path);
      this.#problems.delete(path);
    }
    for (const [path, kind] of wanted) {
      if (this.#running.has(path)) continue;
      const end = new AbortController();
      const onEvent = kind.kind === FEDERATION_KIND ? (event: WatchEvent): void => { this.#onFederation(event); } : (event: WatchEvent): void => { this.#onObject(kind, event); };
      const onLost = kind.kind === FEDERATION_KIND ? (): void => { this.#tell({ kind: 'federation' }); } : (reason: string): void => { this.#tell({ kind: 'relist', reason: `${kind.plural}: ${reason}` }); };
      this.#running.set(path, { kind, end, begun: this.#watch(path, kind.kind === FEDERATION_KIND ? 'metadata' : 'whole', onEvent, onLost, end.signal) });
    }
    await Promise.all([...this.#running.values()].map(({ begun }) => begun));
    return before !== [...this.#running.keys()].sort().join();
  }

  async #federationKind(): Promise<readonly ServedKind[]> {
    const kind = await this.#parts.discovery.find('novaedge.io', FEDERATION_KIND, this.#signal);
    return kind === undefined ? [] : [kind];
  }

  /** Resolves when it has begun, or was refused: then it goes on trying, and what was missed meanwhile is listed. */
  async #watch(path: string, shape: 'whole' | 'metadata', onEvent: (event: WatchEvent) => void, onLost: (reason: string) => void, end?: AbortSignal): Promise<void> {
    const { client, clock, random, logger } = this.#parts;
    const signal = end === undefined ? this.#signal : AbortSignal.any([this.#signal, end]);
    const watch = new KindWatch({ client, clock, random, logger, path, shape, onEvent, onLost, onTrouble: (message) => { this.#onTrouble(path, message); } });
    try {
      await watch.begin(signal);
    } catch (error) {
      // One kind that is refused is no reason to follow none.
      if (!(error instanceof StatusError)) throw error;
      this.#onTrouble(path, error.message);
    }
    void watch.run(signal);
  }

  #onObject(kind: ServedKind, { type, object }: WatchEvent): void {
    const { lastSeen, known, logger, namespace } = this.#parts;
    const facts = factsOf(object);
    try {
      const key = resourceKey({ group: kind.group, kind: kind.kind, namespace: facts.namespace, name: facts.name });
      if (whyLocal(kind, object, namespace) !== undefined && lastSeen.get(key) === undefined) return;
      lastSeen.note(key, facts);
      if (type === 'deleted') known.forget(key);
      else if (known.get(key, facts) === undefined) known.put(key, object);
      this.#tell({ kind: 'changed', keys: [key] });
    } catch (error) {
      if (!(error instanceof ResourceNameError)) throw error;
      logger.debug('object-cannot-be-federated', { kind: kind.kind, reason: error.message });
    }
  }

  /** Its status is written every few seconds, by ourselves: that is no news. */
  #onFederation({ type, object }: WatchEvent): void {
    const { namespace, name, uid, isTerminating } = factsOf(object);
    const id = `${namespace}/${name}`;
    const forced = textOr(annotationsOf(object)[FORCE_RECONCILE]);
    const [state, before] = [JSON.stringify([uid, generationOf(object), isTerminating, forced]), this.#federations.get(id)];
    if (type === 'deleted') this.#federations.delete(id);
    else this.#federations.set(id, state);
    if (type === 'deleted' || before !== state) this.#tell({ kind: 'federation' });
    const wasForced = before === undefined ? '' : textOr((JSON.parse(before) as string[])[3]);
    if (before !== undefined && forced !== '' && forced !== wasForced) this.#tell({ kind: 'relist', reason: `${FORCE_RECONCILE} was set to ${forced}` });
  }

  #onDefinition({ type, object }: WatchEvent): void {
    const { name, uid, isTerminating } = factsOf(object);
    const state = `${type} ${uid} ${generationOf(object).toString()} ${isTerminating.toString()}`;
    // A definition's status is news for as long as it is being established.
    const isKnown = this.#generations.get(name) === state;
    this.#generations.set(name, state);
    if (!isKnown || this.#looks > 0) this.#lookAgain();
  }

  /** What is served follows a definition within seconds, and nobody says when. */
  #lookAgain(): void {
    this.#looks += 1;
    const mine = this.#looks;
    const { clock, discovery, known, logger } = this.#parts;
    known.clear();
    const look = async (): Promise<void> => {
      for (const pauseMs of DEFINITION_LOOKS_MS) {
        await clock.sleep(pauseMs, this.#signal);
        if (mine !== this.#looks) return;
        discovery.forget();
        known.clear();
        this.#tell({ kind: 'federation' });
        if (await this.#adjust()) this.#tell({ kind: 'condition' });
      }
      this.#looks = 0;
    };
    look().catch((error: unknown) => { if (!this.#signal.aborted) logger.warn('kinds-not-looked-at', { reason: error instanceof Error ? error.message : String(error) }); });
  }

  #onTrouble(path: string, message: string | undefined): void {
    const before = this.#problems.get(path)?.message;
    if (before === message) return;
    if (message === undefined) this.#problems.delete(path);
    else this.#problems.set(path, { key: undefined, reason: 'NotWatched', message: `${path} cannot be watched: ${message}` });
    this.#tell({ kind: 'problems' });
  }
}
