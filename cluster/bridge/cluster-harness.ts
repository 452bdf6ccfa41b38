import { vi } from 'vitest';
import type { JsonObject } from '../../shared/model/content.ts';
import type { canonicalContent } from '../../shared/model/content.ts';
import { OWNERSHIP_MARKS, federatedPart } from '../../shared/model/federated-part.ts';
import type { Filter } from '../../shared/model/federated-part.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { resourceKey } from '../../shared/model/resource-key.ts';
import type { Cluster, ClusterObject } from './cluster-port.ts';
import { realClock } from './test-federation.ts';

/**
 * A cluster with its user's side, for the suite. What users do goes past the adapter, as kubectl or an editor would; each resolves
 * when it is done in the cluster, whether or not the adapter has noticed.
 */
export interface ClusterHarness {
  /** The adapter, as it is at present. */
  cluster(): Cluster;
  /** Applies a manifest: creates or replaces. */
  userWrites(manifest: JsonObject): Promise<void>;
  userDeletes(key: ResourceKey): Promise<void>;
  /** Exports an object, changes its name, and applies it: with every annotation it had. */
  userCopies(key: ResourceKey, name: string): Promise<void>;
  /** Exports an object with its token, where objects carry theirs; undefined where they do not. */
  readonly userExports?: (key: ResourceKey) => Promise<JsonObject>;
  /** Everything a user sees of an object; undefined when it is not there. */
  userReads(key: ResourceKey): Promise<JsonObject | undefined>;
  /** The adapter's process ends and starts again. */
  restart(): Promise<void>;
  /** While the adapter is stopped, the cluster is set up anew and empty, but for the federation object. */
  rebuildEmpty(): Promise<void>;
  /** While the adapter is stopped, the cluster goes back to what it was at `backUp`. */
  backUp(): Promise<void>;
  restoreBackup(): Promise<void>;
  /** The status people read. */
  status(): Promise<unknown>;
  close(): Promise<void>;
}

/** Kinds, names and namespaces of the suite; a harness installs definitions for these. */
export const SUITE_GROUP = 'novaedge.io';
export const SUITE_KINDS: readonly string[] = ['ProxyRoute', 'ProxyBackend', 'NovaEdgeFederation'];
export const SUITE_NAMESPACES: readonly string[] = ['default', 'shop', 'private', 'novaedge-system'];

export const never = new AbortController().signal;
export const everything: Filter = { resourceTypes: ['ProxyRoute', 'ProxyBackend'], excludeNamespaces: ['private'], ownershipMarks: OWNERSHIP_MARKS };
export const PATIENCE = { timeout: 8000, interval: 20 };
/** Long enough for anything that is going to happen to have happened. */
const QUIET_MS = 150;
export const quiet = (): Promise<void> => realClock.sleep(QUIET_MS);
export const eventually = vi.waitFor;

export const routeKey = (name: string, namespace = 'default'): ResourceKey => resourceKey({ group: SUITE_GROUP, kind: 'ProxyRoute', namespace, name });

export function route(name: string, spec: JsonObject = { hostnames: [`${name}.example.com`] }, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: `${SUITE_GROUP}/v1alpha1`, kind: 'ProxyRoute', metadata: { name, namespace: 'default', ...metadata }, spec };
}

export async function keysOf(cluster: Cluster, filter = everything): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const page of (await cluster.list(filter, never)).pages) keys.push(...page.map(({ key }) => key));
  return keys;
}

export async function objectOf(cluster: Cluster, key: ResourceKey): Promise<ClusterObject> {
  const read = await cluster.read(key, never);
  if (read.kind !== 'live') throw new Error(`${key} is ${read.kind}`);
  return read.object;
}

export const contentOf = (manifest: JsonObject): ReturnType<typeof canonicalContent> => federatedPart(manifest).content;
export const specOf = (manifest: JsonObject | undefined): unknown => manifest?.['spec'];
