import type { ResourceKey } from '../../shared/model/ids.ts';
import { splitKey } from '../../shared/model/resource-key.ts';
import type { ServedKind } from './discovery.ts';

export const apiVersionOf = ({ group, version }: Pick<ServedKind, 'group' | 'version'>): string => (group === '' ? version : `${group}/${version}`);

/** All objects of a kind, or those of one namespace. */
export function collectionPath(kind: ServedKind, namespace = ''): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  return `${root}${namespace === '' ? '' : `/namespaces/${encodeURIComponent(namespace)}`}/${kind.plural}`;
}

/** One object. */
export function objectPath(kind: ServedKind, namespace: string, name: string): string {
  return `${collectionPath(kind, kind.namespaced ? namespace : '')}/${encodeURIComponent(name)}`;
}

export function keyPath(kind: ServedKind, key: ResourceKey): string {
  const { namespace, name } = splitKey(key);
  return objectPath(kind, namespace, name);
}

export const NAMESPACES = '/api/v1/namespaces';
export const namespacePath = (name: string): string => `${NAMESPACES}/${encodeURIComponent(name)}`;
export const definitionPath = ({ plural, group }: ServedKind): string => `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${encodeURIComponent(`${plural}.${group}`)}`;
