import { beat } from '../../shared/replica/heartbeat.ts';
import { pulledFrom } from '../../shared/replica/pulled-from.ts';
import { pushTo } from '../../shared/replica/push.ts';
import { loadSettings } from '../../shared/replica/settings.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import { anyKey } from './cluster-acts.ts';
import { forgedRow } from './network.ts';
import type { SimMember } from './sim-member.ts';
import type { World } from './world.ts';

/** What happens between members: what they send, what gets lost, and what keeps them apart. */

const never = new AbortController().signal;
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;

export const anyOther = (world: World, member: SimMember): SimMember => world.random.pick(world.othersOf(member));

export async function push(world: World, member: SimMember): Promise<void> {
  const head = (await member.store.state()).clock?.head ?? 0;
  await pushTo(member.replica, member.peer(anyOther(world, member).name), Math.max(0, head - world.random.below(5)), never);
}

export async function pull(world: World, member: SimMember, other: SimMember): Promise<void> {
  world.operations.note('pull');
  await pullFrom(member.replica, member.peer(other.name), never);
}

/** The ledger carries some of what is on its way, and members hear of it. */
export async function carryLedger(world: World, member: SimMember): Promise<void> {
  const { faults, ledgers, random } = world;
  ledgers.deliver({
    random: random.next, share: 0.6, mergeShare: faults.strikes('ledger-merged', 0.5) ? 0.6 : 0, repeatShare: faults.strikes('ledger-repeated', 0.4) ? 0.5 : 0,
    silentShare: faults.strikes('ledger-silent', 0.3) ? 0.4 : 0, lossShare: faults.strikes('ledger-lost', 0.1) ? 0.3 : 0,
  });
  for (const rung of await member.hear()) {
    if (!random.happens(0.7)) continue;
    world.operations.note('pull');
    await pullFrom(member.replica, member.peer(rung), never);
  }
}

export async function deliverStraggler(world: World): Promise<void> {
  const found = world.network.straggler();
  if (found === undefined || world.member(found.to).isDown || !world.faults.strikes('straggler')) return;
  const { from, to, request } = found;
  if (request.kind !== 'pull') {
    await world.member(to).handlers.push(from, request, never);
    return;
  }
  const page = await world.member(to).handlers.pull(from, request.asked, never);
  if (page.kind === 'page' && !world.member(from).isDown) await world.member(from).handlers.push(to, { kind: 'page', page }, never);
}

/** A peer sends a delete under the receiver's own name, which the receiver never issued. */
export async function forge(world: World, member: SimMember): Promise<void> {
  const key = anyKey(world);
  const { clock } = await member.store.state();
  const row = (await member.store.rows([key])).get(key);
  if (clock?.state !== 'serving' || row === undefined || !world.faults.strikes('forged')) return;
  const { name } = anyOther(world, member);
  const result = await member.handlers.push(name, forgedRow(key, row, name, clock.incarnation, clock.head + 1 + world.random.below(3), world.nowMs), never);
  world.checks.require(12, result.kind === 'deferred', () => `${member.name} took a version of its own that it never wrote`);
}

/** Members lose each other: in one direction, in both, or one of them all others. Or one does not run for a while. */
export function part(world: World, member: SimMember): undefined {
  const { faults, network, ledgers, random } = world;
  const other = anyOther(world, member);
  const [isDown, isIsolated, isOneWay] = [random.happens(0.2), random.happens(0.25), random.happens(0.3)];
  if (isDown) {
    if (faults.strikes('down')) member.isDown = true;
  } else if (isIsolated) {
    if (!faults.strikes('isolated')) return;
    for (const each of world.othersOf(member)) { network.cut(member.name, each.name); network.cut(each.name, member.name); }
    if (!faults.strikes('ledger-paused', 0.7)) return;
    for (const each of world.othersOf(member)) { ledgers.pause({ from: member.name, to: each.name }); ledgers.pause({ from: each.name, to: member.name }); }
  } else if (faults.strikes(isOneWay ? 'one-way-cut' : 'cut')) {
    network.cut(member.name, other.name);
    if (!isOneWay) network.cut(other.name, member.name);
  }
}

/** All reach each other again. */
export function heal(world: World): void {
  world.network.heal();
  const all = [...world.members, ...world.gone];
  for (const member of all) {
    member.isDown = false;
    for (const other of all) if (other !== member) world.ledgers.resume({ from: member.name, to: other.name });
  }
}

export function skew(world: World, member: SimMember): undefined {
  const { faults, random } = world;
  const far = 30 * 24 * 60 * MINUTE_MS;
  const skewMs = random.pick([0, 0, 2 * SECOND_MS, -90 * SECOND_MS, 4 * MINUTE_MS, far]);
  const isJump = member.skewMs !== skewMs && member.skewMs !== 0;
  if (skewMs === 0 ? !isJump || faults.strikes('clock-jump') : faults.strikes(skewMs === far ? 'far-future' : isJump ? 'clock-jump' : 'clock-skew')) member.skewMs = skewMs;
}

/** What a member has to do with those that have left: it calls them while it knows nothing of it, and fetches what only they have. */
export async function mindLeavers({ gone }: World, member: SimMember): Promise<void> {
  const { replica } = member;
  for (const { name } of gone) {
    if ((await loadSettings(replica)).others.includes(name)) await beat(replica, member.peer(name), never);
    if ((await pulledFrom(replica)).includes(name)) await pullFrom(replica, member.peer(name), never);
  }
}
