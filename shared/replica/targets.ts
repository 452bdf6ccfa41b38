import type { ClusterId, Hash, ResourceKey } from '../model/ids.ts';
import type { HeldRow, Row, Shown } from '../model/row.ts';
import { sealToken } from '../model/token.ts';
import type { TokenScope } from '../model/token.ts';
import type { VersionVector } from '../model/version-vector.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { Target } from '../ports/region.ts';
import type { ClusterFacts } from './bridge-record.ts';
import { shownOf, view } from './bridge-record.ts';
import type { Replica } from './replica.ts';
import { regionSecret } from './secret.ts';

/** What a cluster should show of a resource, and what it should hold until then. */
export async function targetFor(replica: Replica, key: ResourceKey, row: HeldRow | undefined, clusterId: ClusterId, facts: ClusterFacts): Promise<Target> {
  return targetAfter(replica, key, row, clusterId, await shownOf(replica, key, row, facts));
}

/** As `targetFor`, where it is known what the cluster holds. */
export async function targetAfter(replica: Replica, key: ResourceKey, row: Row | undefined, clusterId: ClusterId, shown: Pick<Shown, 'hash'> | undefined): Promise<Target> {
  return { key, show: await showFor(replica, key, row, clusterId, shown), before: shown?.hash === undefined ? { kind: 'nothing' } : { kind: 'live', hash: shown.hash } };
}

async function showFor(replica: Replica, key: ResourceKey, row: Row | undefined, clusterId: ClusterId, shown: Pick<Shown, 'hash'> | undefined): Promise<Target['show']> {
  if (row === undefined) return { kind: 'gone' };
  const { body } = await view(replica, key, row, { clusterId, shownHash: shown === undefined ? undefined : (shown.hash ?? 'deleted') });
  if (body.kind !== 'live') return { kind: 'gone' };
  if (body.content === undefined) throw new ReplicaError('unavailable', `the content ${body.hash} of ${key} is not here; anti-entropy fetches it from a peer`);
  return { kind: 'live', hash: body.hash, content: body.content, token: await tokenFor(replica, key, clusterId, row.context, body.hash) };
}

/** The token of a shown version. */
export async function tokenFor(replica: Replica, key: ResourceKey, clusterId: ClusterId, context: VersionVector, hash: Hash): Promise<string> {
  return sealToken(await regionSecret(replica), tokenScope(replica, key, clusterId), { context, hash });
}

export const tokenScope = (replica: Replica, key: ResourceKey, clusterId: ClusterId): TokenScope => ({ federationId: replica.identity.federationId, clusterId, key });
