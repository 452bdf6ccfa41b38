import { leave as leaveFederation } from '../../shared/replica/leave.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import { anyKey, operate } from './cluster-acts.ts';
import { runInTurns } from './concurrent-acts.ts';
import { anyOther } from './member-acts.ts';
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
