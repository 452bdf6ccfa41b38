import type { ResourceKey } from '../../shared/model/ids.ts';
import { hashText } from '../../shared/model/content.ts';
import { splitKey } from '../../shared/model/resource-key.ts';

/** Longest name of a file on the file systems we know. */
const NAME_BYTES = 255;
const SHORT_HASH = 12;

/**
 * Where a resource that no file holds yet is written, the first free place first: `NAMESPACE/KIND-NAME.yaml`; with the group where
 * that is taken; with a hash where that is too. What belongs to the whole cluster stands in the root.
 */
export function placesFor(key: ResourceKey): readonly string[] {
  const { group, kind, namespace, name } = splitKey(key);
  const lower = kind.toLowerCase();
  const hash = hashText(key).slice(0, SHORT_HASH);
  const names = [`${lower}-${name}`, `${lower}.${group}-${name}`, `${lower}-${name.slice(0, 150)}-${hash}`].map((stem) => `${stem}.yaml`);
  return names.filter((file) => file.length <= NAME_BYTES).map((file) => (namespace === '' ? file : `${namespace}/${file}`));
}
