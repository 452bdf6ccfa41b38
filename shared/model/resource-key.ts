import type { ResourceKey } from './ids.ts';

/** The parts of a resource's name. `group` is empty for the core API, `namespace` for cluster-scoped kinds. */
export interface ResourceName { readonly group: string; readonly kind: string; readonly namespace: string; readonly name: string }

/** A name that cannot be a resource's, saying which part is wrong and what is accepted. */
export class ResourceNameError extends Error { override readonly name = 'ResourceNameError' }

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const KIND = /^[A-Z][A-Za-z0-9]{0,62}$/;

/**
 * The key of a resource, after every part was checked (RFC 1123 names, so nothing of `/`, `..` or NUL gets into a path).
 *
 * @throws ResourceNameError naming the part
 */
export function resourceKey(parts: ResourceName): ResourceKey {
  if (parts.group !== '' && !SUBDOMAIN.test(parts.group)) throw wrong('group', parts.group, 'a DNS subdomain such as "novaedge.io", or nothing');
  if (!KIND.test(parts.kind)) throw wrong('kind', parts.kind, 'a kind such as "ProxyRoute"');
  if (parts.namespace !== '' && !LABEL.test(parts.namespace)) throw wrong('namespace', parts.namespace, 'lower-case letters, digits and "-", at most 63 characters');
  if (!SUBDOMAIN.test(parts.name)) throw wrong('name', parts.name, 'lower-case letters, digits, "-" and ".", at most 253 characters');
  return `${parts.group}/${parts.kind}/${parts.namespace}/${parts.name}` as ResourceKey;
}

/** The parts of a key made by `resourceKey`. */
export function splitKey(key: ResourceKey): ResourceName {
  const [group = '', kind = '', namespace = '', name = ''] = key.split('/');
  return { group, kind, namespace, name };
}

/** Reads a key that came from elsewhere. @throws ResourceNameError */
export function parseResourceKey(text: string): ResourceKey {
  const parts = text.split('/');
  if (parts.length !== 4) throw wrong('key', text, '"group/kind/namespace/name"');
  return resourceKey(splitKey(text as ResourceKey));
}

/** `Kind/namespace/name`, as people write it. */
export function printKey(key: ResourceKey): string {
  const { kind, namespace, name } = splitKey(key);
  return `${kind}/${namespace}/${name}`;
}

const wrong = (part: string, got: string, accepted: string): ResourceNameError =>
  new ResourceNameError(`${part} ${JSON.stringify(got.slice(0, 80))} is not accepted: expected ${accepted}`);
