import { operatorOf } from '../../shared/replica/operator.ts';
import { isFinding } from './checks.ts';
import { anyKey, routeManifest } from './cluster-acts.ts';
import { drain } from './drain.ts';
import { anyOther, pull, restore } from './member-acts.ts';
import { FIELDS } from './sim-cluster.ts';
import type { SimMember } from './sim-member.ts';
import type { World } from './world.ts';

/** Short stories that random operations tell too rarely, since each needs several things in order. The world around is as it is. */

const never = new AbortController().signal;
const MINUTE_MS = 60_000;
const EVERYTHING = 100;

/**
 * A table is put back from a backup: from before a delete that all others know and have collected since, or from before its member's
 * last write, of which another one has the row and not yet `seen`.
 */
export async function comeBack(world: World, member: SimMember): Promise<void> {
  const { random, operations } = world;
  const [key, other] = [anyKey(world), anyOther(world, member)];
  if (other.isDown) return;
  if (random.happens(0.6)) await writes(world, key, other);
  await drain(world, 1, false);
  operations.note('backup');
  member.takeBackup();
  if (random.happens(0.5)) {
    operations.note('operate');
    await operatorOf(other.replica).delete(key, `deleted-${world.number().toString()}`);
    await drain(world, 3, true);
  } else {
    await writes(world, key, member);
    await takesHalf(world, other, member);
  }
  operations.note('restore');
  await restore(world, member);
}

/** A page arrives, and its handler dies once the rows are in. */
async function takesHalf(world: World, member: SimMember, from: SimMember): Promise<void> {
  world.operations.note('push');
  const page = await from.handlers.pull(member.name, { since: member.seenInTable() ?? new Map(), limit: EVERYTHING }, never);
  if (page.kind !== 'page') return;
  member.diesBefore = 'advance';
  try {
    await member.handlers.push(from.name, { kind: 'page', page }, never);
  } catch (error) {
    if (isFinding(error)) throw error;
  } finally {
    member.diesBefore = undefined;
  }
}

/**
 * A commit is on its way, perhaps for the second time, while what it is of is put back, written over elsewhere or deleted, and its
 * cluster is shown that; perhaps hours later.
 */
export async function overtake(world: World, member: SimMember): Promise<void> {
  const { random, faults, operations } = world;
  const { cluster, bridge } = member;
  const [key, other] = [anyKey(world), anyOther(world, member)];
  if (other.isDown) return;
  if (!cluster.objects.has(key)) await writes(world, key, member);
  await follows(world, member);
  const object = cluster.objects.get(key);
  if (object?.hasOwnToken !== true) return;
  operations.note('edit');
  const [field, value] = [random.pick(FIELDS), `value-${world.number().toString()}`];
  if (faults.strikes('plain-manifest', 0.6)) cluster.userReplaces(key, field, value);
  else cluster.userWrites(key, field, value);
  const sent = bridge.prepareCommit();
  if (sent === undefined) return;
  const isSecond = random.happens(0.5);
  if (!faults.strikes(isSecond ? 'repeated-commit' : 'late-commit')) return;
  operations.note('commitLate');
  if (isSecond) await bridge.send(sent);
  else if (faults.strikes('old-copy')) cluster.userPutsCopy({ key, object, from: cluster.id }, undefined);
  if (random.happens(0.5)) {
    operations.note('remove');
    cluster.userDeletes(key);
    await follows(world, member);
  } else {
    await writes(world, key, other);
    await pull(world, member, other);
  }
  if (random.happens(0.5)) {
    await drain(world, 2, true);
    if (random.happens(0.5)) world.nowMs += 180 * MINUTE_MS;
    await drain(world, 1, true);
  }
  await follows(world, member);
  operations.note('commitLate');
  await bridge.send(sent);
}

/** Somebody edits a version that has been written over in the region since it was shown. */
export async function fallBehind(world: World, member: SimMember): Promise<void> {
  const { random, operations } = world;
  const [key, other] = [anyKey(world), anyOther(world, member)];
  if (other.isDown) return;
  await writes(world, key, random.pick([member, other]));
  await drain(world, 1, false);
  for (const each of [member, other]) await follows(world, each);
  const [field = '', another = ''] = random.happens(0.5) ? FIELDS : FIELDS.toReversed();
  for (const [editor, edited] of [[other, field], [member, another]] as const) {
    operations.note('edit');
    editor.cluster.userWrites(key, edited, `value-${world.number().toString()}`);
    operations.note('bridge');
    await editor.bridge.commitDirty();
    await pull(world, member, other);
  }
}

/** An operator puts a manifest in place. */
async function writes(world: World, key: ReturnType<typeof anyKey>, { replica }: SimMember): Promise<void> {
  world.operations.note('operate');
  await operatorOf(replica).apply(routeManifest(key, world.random.pick(FIELDS), `value-${world.number().toString()}`), `made-${world.number().toString()}`);
}

/** A bridge shows all there is, and sends what was edited. */
async function follows(world: World, { bridge }: SimMember): Promise<void> {
  world.operations.note('bridge');
  await bridge.pullAndShow(EVERYTHING);
  await bridge.commitDirty();
}
