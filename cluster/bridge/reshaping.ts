import type { Content } from '../../shared/model/content.ts';
import { canonicalContent, contentOf, parseContent } from '../../shared/model/content.ts';
import { assemble, isEmptyContainer, leavesOf, sameJson } from '../../shared/model/fields.ts';
import type { Json } from '../../shared/model/content.ts';
import type { Path } from '../../shared/model/row.ts';
import { splitKey } from '../../shared/model/resource-key.ts';
import type { Cluster, ClusterObject } from './cluster-port.ts';
import type { RegionCaller } from './region-caller.ts';

/**
 * What an object says, without what its cluster did to it on its own (DESIGN §11): defaulting, pruning, conversion and mutating
 * admission are no edit. The cluster is asked, by dry run, what the version at the object's token would look like here; only what
 * differs from that is somebody's edit, and it is put onto that version. So a default is not sent, and a field that this cluster's
 * schema cannot hold is carried over.
 */
export async function asWritten(cluster: Cluster, region: RegionCaller, object: ClusterObject, signal: AbortSignal): Promise<Content> {
  if (!cluster.reshapes || object.token === undefined) return object.content;
  const target = await region.viewAt(object.key, object.token, signal);
  if (target?.show.kind !== 'live' || target.show.hash === object.content.hash) return object.content;
  const here = await cluster.wouldHold(object.key, target.show.content, signal);
  if (here === undefined) return object.content;
  if (here.hash === object.content.hash) return contentOf(target.show.content);
  return carryEdit(splitKey(object.key).kind, target.show.content, here.text, object.content.text);
}

/** The edit that leads from `here` to `now`, made on `shown`. */
export function carryEdit(kind: string, shown: string, here: string, now: string): Content {
  const [original, before, after] = [shown, here, now].map((text) => leavesOf(kind, parseContent(text)));
  if (original === undefined || before === undefined || after === undefined) throw new RangeError('three contents make three sets of leaves');
  const leaves = new Map<Path, Json>(original);
  for (const path of before.keys()) if (!after.has(path)) removeAt(leaves, path);
  for (const [path, value] of after) if (!before.has(path) || !sameJson(before.get(path), value)) putAt(leaves, path, value);
  return canonicalContent(assemble(leaves, [after, original]));
}

function removeAt(leaves: Map<Path, Json>, path: Path): void {
  leaves.delete(path);
}

/** A leaf gives way to what is below it, and takes the place of what was below it. */
function putAt(leaves: Map<Path, Json>, path: Path, value: Json): void {
  for (const other of leaves.keys()) {
    const isAbove = path.startsWith(`${other}/`);
    const isBelow = other.startsWith(`${path}/`) && !isEmptyContainer(value);
    if (isAbove || isBelow) leaves.delete(other);
  }
  leaves.set(path, value);
}
