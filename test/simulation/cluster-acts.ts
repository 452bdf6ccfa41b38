import { asClusterId } from '../../shared/model/ids.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { operatorOf } from '../../shared/replica/operator.ts';
import { FIELDS, nameOf } from './sim-cluster.ts';
import type { SimMember } from './sim-member.ts';
import type { World } from './world.ts';

/** What users, bridges and operators do. */

export const anyKey = (world: World): ResourceKey => world.random.pick(world.keys);

export function edit(world: World, member: SimMember): undefined {
  const key = anyKey(world);
  const [field, value] = [world.random.pick(FIELDS), `value-${world.number().toString()}`];
  if (member.cluster.objects.has(key) && world.faults.strikes('plain-manifest', 0.1)) member.cluster.userReplaces(key, field, value);
  else member.cluster.userWrites(key, field, value);
  world.keepCopy(key, member);
}

/** One turn of the bridge: it pulls and shows, sends what was edited, or both. */
export async function followBridge(world: World, member: SimMember): Promise<void> {
  const { random } = world;
  for (const key of member.cluster.objects.keys()) if (random.happens(0.1)) world.keepCopy(key, member);
  if (random.happens(0.85)) await member.bridge.pullAndShow(1 + random.below(5));
  if (random.happens(0.85)) await member.bridge.commitDirty();
}

/** A commit that is sent but arrives when it likes, perhaps after others, perhaps twice. */
export async function commitLate(world: World, member: SimMember): Promise<void> {
  const { late, random, faults } = world;
  if (late.length > 0 && random.happens(0.6)) {
    const one = random.pick(late);
    if (!faults.strikes('repeated-commit', 0.5)) late.splice(late.indexOf(one), 1);
    await one.member.bridge.send(one.sent);
    return;
  }
  const sent = member.bridge.prepareCommit();
  if (sent !== undefined && faults.strikes('late-commit')) late.push({ member, sent });
}

/** Somebody puts an older copy of an object in place, edited or not. */
export function putCopy(world: World, { cluster }: SimMember): undefined {
  const { faults, random } = world;
  const isOwn = random.happens(0.75);
  const copy = world.copy(cluster.id, isOwn);
  if (copy === undefined || (!cluster.objects.has(copy.key) && random.happens(0.5))) return;
  const isEdited = faults.strikes('stale-editor', 0.3);
  if (isEdited || faults.strikes(isOwn ? 'old-copy' : 'foreign-copy')) {
    cluster.userPutsCopy(copy, isEdited ? { field: random.pick(FIELDS), value: `value-${world.number().toString()}` } : undefined);
  }
}

/** Another bridge gets the lease; the old one has a commit on its way. */
export function handOver({ faults, late }: World, member: SimMember): undefined {
  if (!faults.strikes('hand-over')) return;
  const sent = member.bridge.prepareCommit();
  if (sent !== undefined) late.push({ member, sent });
  member.cluster.leaseEpoch += 1;
  member.bridge.startAnew();
}

export function rebuild(world: World, { name, cluster, bridge }: SimMember): undefined {
  const keep = world.random.happens(0.4);
  if (!world.faults.strikes(keep ? 'rebuilt' : 'emptied')) return;
  cluster.rebuild(asClusterId(`cluster-${name}-${world.number().toString()}`), keep);
  bridge.startAnew();
}

export async function operate(world: World, member: SimMember, key: ResourceKey): Promise<void> {
  const { random } = world;
  const operator = operatorOf(member.replica);
  const requestId = `value-${world.number().toString()}`;
  if (random.happens(0.3)) { await operator.delete(key, requestId); return; }
  const [conflict] = await operator.conflicts(true);
  if (conflict !== undefined && random.happens(0.6)) {
    await operator.resolve(conflict.key, random.pick(['local', 'remote', ...conflict.versions.map((version) => version.member)]), requestId);
    return;
  }
  await operator.apply(routeManifest(key, random.pick(FIELDS), requestId), requestId);
}

export const routeManifest = (key: ResourceKey, field: string, value: string): string =>
  JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name: nameOf(key), namespace: 'default' }, spec: { [field]: value } });
