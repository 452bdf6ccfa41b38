import { NOVAEDGE_GROUP } from '../../shared/model/federated-part.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import type { ResourceName } from '../../shared/model/resource-key.ts';
import { splitKey } from '../../shared/model/resource-key.ts';

/** `Kind/ns/name` as the guides write it, and as every command takes it back; kinds of others have their group: `Kind.group/ns/name`. */
export const printName = ({ group, kind, namespace, name }: ResourceName): string =>
  `${group === NOVAEDGE_GROUP || group === '' ? kind : `${kind}.${group}`}/${namespace}/${name}`;

export const printResource = (key: ResourceKey): string => printName(splitKey(key));

/** `proxyroute.novaedge.io/test-route`, as kubectl names what it has done. */
export function printDone(key: ResourceKey): string {
  const { group, kind, name } = splitKey(key);
  return `${kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${name}`;
}
