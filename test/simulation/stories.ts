import type { ResourceKey } from '../../shared/model/ids.ts';
import { reconcileWith } from '../../shared/replica/anti-entropy.ts';
import { operatorOf } from '../../shared/replica/operator.ts';
import { ensureServing, lookBeforeServing } from '../../shared/replica/recover.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import { isFinding } from './checks.ts';
import { anyKey, operate, routeManifest } from './cluster-acts.ts';
import { hearFrom, restore, runInTurns, takesAll } from './concurrent-acts.ts';
import { drain } from './drain.ts';
import { anyOther, pull } from './member-acts.ts';
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

/**
 * Two lose their state: one has begun to recover, which the other then compares itself with, put back from before a delete that both had
 * seen and said so. Who recovers first knows less by then than it had told.
 */
export async function loseTogether(world: World, member: SimMember): Promise<void> {
  const { operations } = world;
  const [key, other] = [anyKey(world), anyOther(world, member)];
  if (other.isDown) return;
  await writes(world, key, member);
  await drain(world, 1, false);
  operations.note('backup');
  other.takeBackup();
  operations.note('operate');
  await operatorOf(member.replica).delete(key, `deleted-${world.number().toString()}`);
  await drain(world, 2, false);
  operations.note('backup');
  member.takeBackup();
  for (const [each, looks] of [[member, lookBeforeServing], [other, ensureServing], [member, ensureServing]] as const) {
    operations.note('look');
    if (each === other || looks === lookBeforeServing) await each.restore();
    await looks(each.replica, never);
  }
  world.nowMs += 25 * MINUTE_MS;
  operations.note('collect');
  await member.collect();
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

/**
 * Somebody edits what is gone in the region and still shown in the cluster: written over by one who had seen it, or deleted. Of what
 * stood before, another one made something else meanwhile.
 */
export async function fallBehind(world: World, member: SimMember): Promise<void> {
  const [key, other] = [anyKey(world), anyOther(world, member)];
  const last = world.othersOf(member).find((each) => each !== other);
  if (other.isDown) return;
  const isDeleted = world.random.happens(0.5);
  await writes(world, key, member);
  if (isDeleted) await pull(world, other, member);
  if (last?.isDown === false) {
    await pull(world, last, member);
    await follows(world, last);
    await edits(world, last, key);
  }
  await writes(world, key, other);
  await pull(world, member, other);
  await follows(world, member);
  if (isDeleted) {
    world.operations.note('operate');
    await operatorOf(other.replica).delete(key, `deleted-${world.number().toString()}`);
  } else {
    await pull(world, other, member);
    await follows(world, other);
    await edits(world, other, key);
  }
  await pull(world, member, other);
  await edits(world, member, key);
}

/**
 * A delete is collected elsewhere while a cluster here still shows the object, and somebody edits that: the edit stands beside the delete
 * where it was written, and alone where it arrives later. Then the first hears the last once more, from the beginning.
 */
export async function editDeleted(world: World, member: SimMember): Promise<void> {
  const { operations } = world;
  const [key, other] = [anyKey(world), anyOther(world, member)];
  const last = world.othersOf(member).find((each) => each !== other) ?? other;
  if (other === last || other.isDown || last.isDown) return;
  await writes(world, key, other);
  await drain(world, 1, false);
  await follows(world, member);
  operations.note('operate');
  await operatorOf(other.replica).delete(key, `deleted-${world.number().toString()}`);
  for (const each of world.othersOf(other)) await pull(world, each, other);
  world.nowMs += 25 * MINUTE_MS;
  for (let round = 0; round < 2; round += 1) for (const each of world.othersOf(last)) await hearFrom(world, last, each);
  operations.note('collect');
  await last.collect();
  operations.note('edit');
  member.cluster.userWrites(key, world.random.pick(FIELDS), `value-${world.number().toString()}`);
  await follows(world, member);
  for (const [to, from] of [[other, member], [last, member]] as const) await pull(world, to, from);
  operations.note('reconcile');
  await reconcileWith(member.replica, member.peer(other.name), never);
  operations.note('straggle');
  if (world.faults.strikes('straggler')) await takesAll(member, last);
}

/** A resource that went is made again; somebody who has it asks one who has not heard of it, from the beginning, while that hears of it. */
export async function askOfGone(world: World, member: SimMember): Promise<void> {
  const { operations } = world;
  const [key, other] = [anyKey(world), anyOther(world, member)];
  const maker = world.othersOf(member).find((each) => each !== other) ?? other;
  if (other.isDown || maker.isDown || !world.faults.strikes('interleaved')) return;
  await writes(world, key, maker);
  operations.note('operate');
  await operatorOf(maker.replica).delete(key, `deleted-${world.number().toString()}`);
  await drain(world, 2, true);
  await writes(world, key, maker);
  await pull(world, other, maker);
  await runInTurns(world, [
    ['pull', () => takesAll(other, member)],
    ['pull', () => pullFrom(member.replica, member.peer(maker.name), never)],
  ], { job: 0 });
}

/** A delete that may go is found by a handler that writes; it goes, and the resource is made again elsewhere before the handler has written. */
export async function makeAgain(world: World, member: SimMember): Promise<void> {
  const { random, operations } = world;
  const [key, other] = [anyKey(world), anyOther(world, member)];
  if (other.isDown || !world.faults.strikes('interleaved')) return;
  operations.note('operate');
  await operatorOf(other.replica).delete(key, `deleted-${world.number().toString()}`);
  await drain(world, 2, true);
  await writes(world, key, other);
  operations.note('operate');
  await operatorOf(other.replica).delete(key, `deleted-${world.number().toString()}`);
  for (const each of world.othersOf(other)) await pull(world, each, other);
  world.nowMs += 25 * MINUTE_MS;
  for (let round = 0; round < 2; round += 1) for (const each of world.othersOf(member)) await hearFrom(world, member, each);
  member.cluster.userWrites(key, random.pick(FIELDS), `value-${world.number().toString()}`);
  await runInTurns(world, [
    random.happens(0.5) ? ['operate', () => operate(world, member, key)] : ['bridge', () => follows(world, member)],
    ['collect', () => member.collect().then(() => writes(world, key, other)).then(() => pull(world, member, other))],
  ], { job: 0 });
}

/** A user writes a field, and the bridge sends it. */
async function edits(world: World, { cluster, bridge }: SimMember, key: ResourceKey): Promise<void> {
  world.operations.note('edit');
  cluster.userWrites(key, world.random.pick(FIELDS), `value-${world.number().toString()}`);
  world.operations.note('bridge');
  await bridge.commitDirty();
}

/** An operator puts a manifest in place. */
async function writes(world: World, key: ResourceKey, { replica }: SimMember): Promise<void> {
  world.operations.note('operate');
  await operatorOf(replica).apply(routeManifest(key, world.random.pick(FIELDS), `value-${world.number().toString()}`), `made-${world.number().toString()}`);
}

/** A bridge shows all there is, and sends what was edited. */
async function follows(world: World, { bridge }: SimMember): Promise<void> {
  world.operations.note('bridge');
  await bridge.pullAndShow(EVERYTHING);
  await bridge.commitDirty();
}
