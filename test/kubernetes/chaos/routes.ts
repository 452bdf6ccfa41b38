import type { JsonObject } from '../../../shared/model/content.ts';
import { resourceKey } from '../../../shared/model/resource-key.ts';
import type { ResourceKey } from '../../../shared/model/ids.ts';

const NAMESPACE = 'default';

export const keyOf = (name: string): ResourceKey => resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: NAMESPACE, name });

/** A route that says which write made it. */
export const manifestOf = (name: string, write: string): JsonObject => ({
  apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name, namespace: NAMESPACE, labels: { write } },
  spec: {
    parentRefs: [{ name: 'default-gateway' }], hostnames: [hostOf(write)],
    rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }], backendRef: { name: 'backend' } }],
  },
});
/** Which write a manifest is of. */
export const writeOf = (manifest: string): string => (JSON.parse(manifest) as { readonly metadata?: { readonly labels?: { readonly write?: string } } }).metadata?.labels?.write ?? 'none';
export const hostOf = (write: string): string => `${write}.example.com`;

/** What a cluster shows of the routes: which write, by name; `torn` where label and host are of two. */
export function shownIn(list: { readonly items: readonly JsonObject[] }): Readonly<Record<string, string>> {
  return Object.fromEntries(list.items.map((item) => {
    const { name, labels } = item['metadata'] as { readonly name: string; readonly labels?: { readonly write?: string } };
    const [host] = (item['spec'] as { readonly hostnames: readonly string[] }).hostnames;
    const write = labels?.write ?? 'none';
    return [name, host === hostOf(write) ? write : `torn ${write} ${host ?? ''}`];
  }));
}
