import type { ResourceKey } from '../model/ids.ts';
import type { HeldRow } from '../model/row.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { Observation } from '../ports/region.ts';
import type { CallingCluster } from './cluster-identity.ts';
import { tokenOf } from './observe.ts';
import type { Replica } from './replica.ts';

/**
 * Notes of objects in the cluster that carry no token of this region that they are somebody's own (`LocalPart.fromOthers`): they stood
 * there before the federation came to show the same, or were put in the place of what it showed. Before the bridge is answered, which
 * then gives them a token.
 *
 * @param rows those of the objects that are known to have one
 */
export async function noteOwnObjects(replica: Replica, facts: CallingCluster, objects: readonly Pick<Observation, 'key' | 'token'>[], rows: ReadonlyMap<ResourceKey, HeldRow>): Promise<void> {
  for (const object of objects) {
    if (rows.get(object.key)?.local.fromOthers === true && (await tokenOf(replica, object, facts.record)) === undefined) await forgetOthers(replica, object.key);
  }
}

/** The object stays in the cluster when its member leaves. Returns whether that is news. @throws ReplicaError `busy` where the row kept changing */
export async function forgetOthers(replica: Replica, key: ResourceKey): Promise<boolean> {
  for (let attempt = 0; attempt < replica.limits.writeAttempts; attempt += 1) {
    const row = (await replica.store.rows([key])).get(key);
    if (row?.local.fromOthers !== true) return false;
    const next = { ...row, local: { ...row.local, revision: row.local.revision + 1, fromOthers: false } };
    if ((await replica.store.putRow({ key, next, if: row.local.revision })) === 'ok') return true;
  }
  throw new ReplicaError('busy', `${key} kept changing; send it again`);
}
