import type { JsonObject } from '../../shared/model/content.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { printKey, splitKey } from '../../shared/model/resource-key.ts';
import type { ReadResult } from '../bridge/cluster-port.ts';
import type { KubeClient } from './client.ts';
import { METADATA_ONLY } from './client.ts';
import type { Discovery, ServedKind } from './discovery.ts';
import { createdAtMs, metadataOf } from './object.ts';
import { definitionPath, namespacePath } from './paths.ts';
import { SharedLooks } from './shared-looks.ts';
import { asUnavailable } from './status-error.ts';

/** Whether what an object lives in – its kind's definition, its namespace – stands firm, and since when. */
export type Scope =
  | { readonly kind: 'firm'; readonly sinceMs: number }
  | ReadResult & { readonly kind: 'unknown' };

/** The same, of all objects of one kind in one namespace. */
type Seen = { readonly kind: 'firm'; readonly sinceMs: number } | { readonly kind: 'not-served' | 'definition-going' | 'namespace-missing' | 'namespace-going' };

/** Looks at what objects live in, always anew, together for all who ask at once. */
export class Scopes {
  readonly #client: KubeClient;
  readonly #discovery: Discovery;
  readonly #looks = new SharedLooks<Seen>();
  /** A look is shared, so it is not whoever asks that ends it. */
  readonly #signal: AbortSignal;

  constructor(client: KubeClient, discovery: Discovery, signal: AbortSignal) {
    this.#client = client;
    this.#discovery = discovery;
    this.#signal = signal;
  }

  /**
   * Looks, uncached, after it was called. Deleting a definition or a namespace deletes the objects in it within milliseconds; that says
   * nothing about what anybody wants elsewhere.
   *
   * @throws ClusterUnavailableError
   */
  async look(kind: ServedKind, key: ResourceKey): Promise<Scope> {
    const { namespace } = splitKey(key);
    try {
      const seen = await this.#looks.ask(`${definitionPath(kind)} ${namespace}`, () => lookAt(this.#client, this.#discovery, kind, namespace, this.#signal));
      switch (seen.kind) {
        case 'firm': return seen;
        case 'not-served': return notServed(key);
        case 'namespace-missing': return namespaceMissing(namespace);
        case 'definition-going': return going(key, 'its definition is being deleted');
        case 'namespace-going': return going(key, `the namespace ${namespace} is being deleted`);
      }
    } catch (error) {
      throw asUnavailable(error, `whether ${printKey(key)} was deleted could not be told`);
    }
  }
}

async function lookAt(client: KubeClient, discovery: Discovery, kind: ServedKind, namespace: string, signal: AbortSignal): Promise<Seen> {
  const [definition, namespaceObject] = await Promise.all([
    client.find({ path: definitionPath(kind), accept: METADATA_ONLY }, signal),
    kind.namespaced ? client.find({ path: namespacePath(namespace), accept: METADATA_ONLY }, signal) : undefined,
  ]);
  if (definition === undefined && !(await isBuiltIn(discovery, kind, signal))) return { kind: 'not-served' };
  if (isGoing(definition)) return { kind: 'definition-going' };
  if (kind.namespaced && namespaceObject === undefined) return { kind: 'namespace-missing' };
  if (isGoing(namespaceObject)) return { kind: 'namespace-going' };
  return { kind: 'firm', sinceMs: Math.max(...[definition, namespaceObject].map((object) => (object === undefined ? 0 : createdAtMs(object)))) };
}

const isGoing = (object: JsonObject | undefined): boolean => object !== undefined && metadataOf(object)['deletionTimestamp'] !== undefined;

/** Served without a definition: the server's own, or one of a server behind it. */
async function isBuiltIn(discovery: Discovery, { group, kind }: ServedKind, signal: AbortSignal): Promise<boolean> {
  discovery.forget();
  return (await discovery.find(group, kind, signal)) !== undefined;
}

export const notServed = (key: ResourceKey): Scope & { kind: 'unknown' } => {
  const { group, kind } = splitKey(key);
  return { kind: 'unknown', absent: true, reason: 'KindNotServed', message: `this cluster has no ${kind} of ${group === '' ? 'the core API' : group}: its definition is missing; nothing is deleted elsewhere` };
};
export const namespaceMissing = (namespace: string): Scope & { kind: 'unknown' } =>
  ({ kind: 'unknown', absent: true, reason: 'NamespaceMissing', message: `the namespace ${namespace} is not there; nothing of it is deleted elsewhere. Create it, and its objects come back` });
const going = (key: ResourceKey, why: string): Scope & { kind: 'unknown' } =>
  ({ kind: 'unknown', absent: true, reason: 'Terminating', message: `${printKey(key)}: ${why}; nothing of it is deleted elsewhere` });
