import { leave as leaveFederation } from '../../shared/replica/leave.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import { operatorOf } from '../../shared/replica/operator.ts';
import { anyKey, operate, routeManifest } from './cluster-acts.ts';
import { runInTurns } from './concurrent-acts.ts';
import { drain } from './drain.ts';
import { anyOther } from './member-acts.ts';
import { FIELDS } from './sim-cluster.ts';
import type { SimMember } from './sim-member.ts';
import type { World } from './world.ts';

const never = new AbortController().signal;
/** Fewer have nobody to be apart from. */
const FEWEST = 3;

/** A member leaves, if all others have what it has, or it is made to. From then on it is none of the world's, and only answers. */
export async function leave(world: World, member: SimMember): Promise<void> {
  if (world.members.length < FEWEST) return;
  // Of another that has lost its state it may have the only copy, and who is made to go then takes it along.
  const isNeeded = world.othersOf(member).some((other) => other.seenInTable() === undefined);
  if (!isNeeded && world.faults.strikes('interleaved', 0.4)) { await writeLast(world, member); return; }
  const force = !isNeeded && world.faults.strikes('forced-out', 0.5);
  const go = (): Promise<unknown> => leaveFederation(member.replica, { confirm: member.name, force, cleanUp: false });
  try {
    if (!world.faults.strikes('interleaved', 0.5)) await go();
    // Somebody writes, and somebody else's writes arrive, while it is about to go.
    else await runInTurns(world, [['beat', go], ['operate', () => operate(world, member, anyKey(world))], ['bridge', () => member.bridge.commitDirty()], ['pull', () => pullFrom(member.replica, member.peer(anyOther(world, member).name), never)]]);
  } finally {
    if (member.ledger.ownClock?.state === 'left') world.noteLeft(member);
  }
}

/** It writes once more what all others know and are about to delete, and is made to go before they have that. They may collect meanwhile. */
async function writeLast(world: World, member: SimMember): Promise<void> {
  const { network, operations, random } = world;
  const [key, other] = [anyKey(world), anyOther(world, member)];
  const write = (): Promise<unknown> => {
    operations.note('operate');
    return operatorOf(member.replica).apply(routeManifest(key, random.pick(FIELDS), `value-${world.number().toString()}`), `last-${world.number().toString()}`);
  };
  await write();
  await drain(world, 1, false);
  for (const each of world.othersOf(member)) { network.cut(member.name, each.name); network.cut(each.name, member.name); }
  await write();
  try {
    if (world.faults.strikes('forced-out')) await leaveFederation(member.replica, { confirm: member.name, force: true, cleanUp: false });
  } finally {
    if (member.ledger.ownClock?.state === 'left') world.noteLeft(member);
  }
  operations.note('operate');
  await operatorOf(other.replica).delete(key, `deleted-${world.number().toString()}`);
  await drain(world, 2, true);
}
