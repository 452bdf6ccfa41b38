import type { Json, JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { passesFilter } from '../../shared/model/federated-part.ts';
import type { Filter } from '../../shared/model/federated-part.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { KubeClient } from './client.ts';
import { DISCOVERY_LIFE_MS } from './limits.ts';
import { asUnavailable } from './status-error.ts';

/** A kind as the server serves it: in the version it prefers. */
export interface ServedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Both forms of aggregated discovery: the second for servers before 1.30. */
const AGGREGATED = ['v2', 'v2beta1'].map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`).join(',');

/** What the API server serves. It is asked and never assumed (two requests), and again when a definition changes. */
export class Discovery {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  #known: { readonly kinds: Promise<readonly ServedKind[]>; readonly atMs: number } | undefined;

  constructor(client: KubeClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** A definition came, went or changed. */
  forget(): void { this.#known = undefined; }

  /** @throws ClusterUnavailableError | the signal's reason */
  async kinds(signal: AbortSignal): Promise<readonly ServedKind[]> {
    const nowMs = this.#clock.nowMs();
    if (this.#known === undefined || nowMs - this.#known.atMs > DISCOVERY_LIFE_MS) {
      const known = { kinds: this.#ask(signal), atMs: nowMs };
      this.#known = known;
      known.kinds.catch(() => { if (this.#known === known) this.#known = undefined; });
    }
    return this.#known.kinds;
  }

  async find(group: string, kind: string, signal: AbortSignal): Promise<ServedKind | undefined> {
    return (await this.kinds(signal)).find((served) => served.group === group && served.kind === kind);
  }

  /** The kinds that a filter names and the server has, in the order of their keys. */
  async federated(filter: Pick<Filter, 'resourceTypes'>, signal: AbortSignal): Promise<readonly ServedKind[]> {
    const named = (await this.kinds(signal)).filter(({ group, kind }) => passesFilter({ ...filter, excludeNamespaces: [] }, { group, kind, namespace: '' }));
    return [...named].sort((a, b) => (keyPrefix(a) < keyPrefix(b) ? -1 : 1));
  }

  async #ask(signal: AbortSignal): Promise<readonly ServedKind[]> {
    try {
      const answers = await Promise.all(['/api', '/apis'].map((path) => this.#client.json({ path, accept: AGGREGATED }, signal)));
      return answers.flatMap(kindsIn);
    } catch (error) {
      throw asUnavailable(error, 'what the API server serves could not be asked');
    }
  }
}

const keyPrefix = ({ group, kind }: ServedKind): string => `${group}/${kind}/`;

/** Groups name their versions in the order they prefer them. */
function kindsIn(answer: JsonObject): readonly ServedKind[] {
  return listOf(answer['items']).flatMap((item) => {
    const group = textOf(isObject(item['metadata']) ? item['metadata']['name'] : undefined);
    const found = new Map<string, ServedKind>();
    for (const version of listOf(item['versions'])) {
      // `Stale`: an aggregated server does not answer, so nothing is known of what it has.
      if (version['freshness'] === 'Stale') continue;
      for (const resource of listOf(version['resources'])) {
        const kind = textOf(isObject(resource['responseKind']) ? resource['responseKind']['kind'] : undefined);
        const served = { group, version: textOf(version['version']), kind, plural: textOf(resource['resource']), namespaced: resource['scope'] === 'Namespaced' };
        if (!found.has(kind) && canFollow(resource)) found.set(kind, served);
      }
    }
    return [...found.values()];
  });
}

const canFollow = ({ verbs }: JsonObject): boolean => Array.isArray(verbs) && ['get', 'list', 'watch'].every((verb) => verbs.includes(verb));
const listOf = (value: Json | undefined): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
