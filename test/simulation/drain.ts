import { counterOf } from '../../shared/model/version-vector.ts';
import { beat } from '../../shared/replica/heartbeat.ts';
import { publishDeletes } from '../../shared/replica/ledger-deletes.ts';
import { ensureServing } from '../../shared/replica/recover.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import { followBridge } from './cluster-acts.ts';
import { mindLeavers } from './member-acts.ts';
import type { SimMember } from './sim-member.ts';
import type { World } from './world.ts';

const never = new AbortController().signal;
const MINUTE_MS = 60_000;

/** Everybody tells everybody everything they can reach, and collects what may go. One that does not answer holds up nobody. */
export async function drain(world: World, rounds: number, collecting: boolean): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const running = world.members.filter(({ isDown }) => !isDown);
    for (const member of running) {
      await ensureServing(member.replica, never);
      for (const other of world.othersOf(member)) await meet(world, member, other);
      await mindLeavers(world, member);
      await publishDeletes(member.replica);
      await followBridge(world, member);
      world.operations.note('publish');
      world.operations.note('bridge');
    }
    world.ledgers.deliver({ random: world.random.next, share: 0.9 });
    for (const member of running) await member.hear();
    world.operations.note('ledger');
    if (!collecting) continue;
    world.nowMs += 25 * MINUTE_MS;
    for (const member of running) { await member.collect(); world.operations.note('collect'); }
  }
}

/** Invariant 12: two that reach each other and serve exchange what they have, whatever befalls the others. */
async function meet(world: World, member: SimMember, other: SimMember): Promise<void> {
  const mayMeet = !world.network.storms && !member.crashes && !member.losesAnswers && world.network.reaches(member.name, other.name) && member.seenInTable() !== undefined && other.seenInTable() !== undefined;
  const answered = await beat(member.replica, member.peer(other.name), never);
  world.operations.note('beat');
  world.operations.note('pull');
  const { outcome, reason } = await pullFrom(member.replica, member.peer(other.name), never);
  const isPutOff = outcome === 'failed' && reason?.includes('is not known yet') === true;
  if (mayMeet) world.checks.require(12, (outcome !== 'failed' || isPutOff) && answered === 'answered', () => `${member.name} reaches ${other.name}, but pulling ended as ${outcome} (${reason ?? ''}) and the heartbeat as ${answered}`);
  if (outcome === 'level' && mayMeet) {
    const theirs = other.seenInTable() ?? new Map();
    const mine = member.seenInTable() ?? new Map();
    const log = [...theirs.keys()].find((each) => counterOf(mine, each) < counterOf(theirs, each));
    world.checks.require(12, log === undefined, () => `${member.name} is level with ${other.name}, and has not seen its ${log ?? ''}`);
  }
}
