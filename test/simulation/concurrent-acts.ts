import type { ResourceKey } from '../../shared/model/ids.ts';
import type { VersionVector } from '../../shared/model/version-vector.ts';
import type { Compacted, Page } from '../../shared/ports/peer.ts';
import { reconcileWith } from '../../shared/replica/anti-entropy.ts';
import { beat } from '../../shared/replica/heartbeat.ts';
import { publishDeletes } from '../../shared/replica/ledger-deletes.ts';
import { operatorOf } from '../../shared/replica/operator.ts';
import { ensureServing } from '../../shared/replica/recover.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import { isFinding } from './checks.ts';
import { anyKey, commitLate, operate, routeManifest } from './cluster-acts.ts';
import { drain } from './drain.ts';
import { anyOther, deliverStraggler, pull } from './member-acts.ts';
import { FIELDS } from './sim-cluster.ts';
import type { SimMember } from './sim-member.ts';
import type { Simple } from './tally.ts';
import type { Holder } from './turns.ts';
import type { World } from './world.ts';

/** Several handlers of a member at the same time. */

const never = new AbortController().signal;
const MINUTE_MS = 60_000;
/** More log entries than a schedule makes. */
const EVERYTHING = 100;

/** A handler that runs beside others, by the name of its operation. */
type Job = readonly [Simple, () => Promise<unknown>];

/** Several handlers of one member at the same time. */
export async function interleave(world: World, member: SimMember): Promise<void> {
  if (!world.faults.strikes('interleaved')) return;
  const { replica, bridge } = member;
  const peer = (): ReturnType<SimMember['peer']> => member.peer(anyOther(world, member).name);
  const jobs: readonly Job[] = [
    ['pull', () => pullFrom(replica, peer(), never)],
    ['pull', () => pullFrom(replica, peer(), never)],
    ['bridge', () => bridge.commitDirty()],
    ['commitLate', () => commitLate(world, member)],
    ['beat', () => beat(replica, peer(), never)],
    ['straggle', () => deliverStraggler(world)],
    ['reconcile', () => reconcileWith(replica, peer(), never)],
    ['operate', () => operate(world, member, anyKey(world))],
    ['collect', () => member.collect()],
    ['look', () => ensureServing(replica, never)],
    ['bridge', () => anyOther(world, member).bridge.commitDirty()],
  ];
  await runInTurns(world, jobs.filter(() => world.random.happens(0.45)));
}

/**
 * Handlers that can undermine each other, all at once: deletes are old enough to be collected, while pages of one peer arrive twice and
 * somebody writes what is just going.
 */
export async function rush(world: World, member: SimMember): Promise<void> {
  if (!world.faults.strikes('interleaved')) return;
  const { replica, bridge } = member;
  const { random } = world;
  const [key, other] = [anyKey(world), anyOther(world, member)];
  const peer = member.peer(other.name);
  if (random.happens(0.5)) userWrites(world, member, key);
  if (random.happens(0.7)) world.nowMs += 25 * MINUTE_MS;
  await runInTurns(world, [
    ['pull', () => pullFrom(replica, peer, never)],
    random.happens(0.5) ? ['pull', () => pullFrom(replica, peer, never)] : ['reconcile', () => reconcileWith(replica, peer, never)],
    ['collect', () => beat(replica, peer, never).then(() => member.collect())],
    ['bridge', () => bridge.commitDirty()],
    ['pull', () => takesAll(member, other)],
    random.happens(0.5) ? ['operate', () => operate(world, random.pick([member, other]), key)] : ['straggle', () => deliverStraggler(world)],
    // The other is not still meanwhile.
    ...(other.isDown ? [] : [random.happens(0.5) ? ['pull', () => pullFrom(other.replica, other.peer(anyOther(world, other).name), never)] as const : ['collect', () => other.collect()] as const]),
  ]);
}

/** All that the other has, from the beginning: an answer that was asked for long ago. */
export async function takesAll(member: SimMember, other: SimMember): Promise<void> {
  await arrives(member, other, await member.peer(other.name).pull({ since: new Map(), limit: EVERYTHING }, never));
}

/** What somebody was answered comes to the member; a `compacted` says nothing. */
async function arrives(member: SimMember, other: SimMember, answered: Page | Compacted): Promise<void> {
  if (answered.kind === 'page') await member.handlers.push(other.name, { kind: 'page', page: answered }, never);
}

/**
 * How far a delete has got when it is written over: just made; known to all but this member, which all others had waited for; or here
 * for long, but ahead of `seen`.
 */
const WAYS = ['new', 'last', 'half', 'half'] as const;

/** Of the handlers of a flash, the one that may hold something old: who writes where the delete arrives, or who is told what it was made of. */
const HOLDERS: Readonly<Record<(typeof WAYS)[number], readonly Holder[]>> = { new: [{ job: 1 }], last: [{ job: 1 }], half: [{ job: 1, before: 'call' }, { job: 3, before: 'call' }] };

/**
 * Elsewhere a resource is made and deleted at once, and all others know; here its delete arrives, may go, and is written over, all at
 * the same time. Perhaps nothing stood here before, or an older delete that may go. What arrived comes again afterwards.
 */
export async function flash(world: World, member: SimMember): Promise<void> {
  const { random, faults, operations } = world;
  const [key, other, way] = [anyKey(world), anyOther(world, member), random.pick(WAYS)];
  if (other.isDown || !faults.strikes('interleaved')) return;
  if (way === 'last' || random.happens(0.5)) {
    operations.note('operate');
    await operatorOf(other.replica).delete(key, `deleted-${world.number().toString()}`);
    await drain(world, 2, true);
  }
  if (way !== 'last' && random.happens(0.5)) {
    await makeAndDelete(world, key, other, member);
    await drain(world, 1, false);
    world.nowMs += 25 * MINUTE_MS;
  }
  const made = await makeAndDelete(world, key, other, member);
  for (const third of world.othersOf(other)) if (third !== member && !third.isDown) await pull(world, third, other);
  const since = member.seenInTable() ?? new Map();
  const page = await other.handlers.pull(member.name, { since, limit: EVERYTHING }, never);
  if (way === 'half' && page.kind === 'page') await member.handlers.push(other.name, { kind: 'repair', from: other.name, answers: page.answers }, never);
  if (way !== 'new') world.nowMs += 25 * MINUTE_MS;
  if (way === 'last') for (const third of world.othersOf(other)) if (third !== member && !third.isDown) await hearFrom(world, third, other);
  // Twice: what they said before has to arrive first.
  for (let round = 0; round < 2; round += 1) for (const each of world.othersOf(member)) await hearFrom(world, member, each);
  userWrites(world, member, key);
  await runInTurns(world, [
    ['pull', () => pullFrom(member.replica, member.peer(other.name), never).then(() => (way === 'last' ? hearOfCollected(world, member, other, since) : member.collect()))],
    random.happens(0.5) ? ['bridge', () => member.bridge.commitDirty()] : ['operate', () => operate(world, member, key)],
    random.happens(0.5) ? ['collect', () => member.collect()] : ['publish', () => publishDeletes(member.replica)],
    ...(made.kind === 'page' && faults.strikes('straggler', way === 'half' ? 1 : 0.5) ? [['straggle', () => arrives(member, other, made)] as const] : []),
  ], random.pick(HOLDERS[way]));
  if (page.kind !== 'page' || !faults.strikes('straggler', 0.5)) return;
  operations.note('straggle');
  await arrives(member, other, page);
}

/** The other hears that this member knows, collects, and answers what was asked before. */
async function hearOfCollected(world: World, member: SimMember, other: SimMember, since: VersionVector): Promise<void> {
  await hearFrom(world, member, other);
  world.operations.note('collect');
  await other.collect();
  await arrives(member, other, await other.handlers.pull(member.name, { since, limit: EVERYTHING }, never));
}

function userWrites(world: World, { cluster }: SimMember, key: ResourceKey): void {
  world.operations.note('edit');
  cluster.userWrites(key, world.random.pick(FIELDS), `value-${world.number().toString()}`);
}

/** Returns what a member would have been told between the two. */
async function makeAndDelete(world: World, key: ResourceKey, { replica, handlers }: SimMember, member: SimMember): Promise<Page | Compacted> {
  world.operations.note('operate');
  await operatorOf(replica).apply(routeManifest(key, world.random.pick(FIELDS), `value-${world.number().toString()}`), `made-${world.number().toString()}`);
  const between = await handlers.pull(member.name, { since: member.seenInTable() ?? new Map(), limit: EVERYTHING }, never);
  world.operations.note('operate');
  await operatorOf(replica).delete(key, `deleted-${world.number().toString()}`);
  return between;
}

export async function hearFrom(world: World, member: SimMember, other: SimMember): Promise<void> {
  world.operations.note('beat');
  await beat(member.replica, member.peer(other.name), never);
}

/** A table is put back from a backup, and the region looks at itself; or not yet, and whoever calls it is first. */
export async function restore(world: World, member: SimMember): Promise<void> {
  await member.restore();
  if (world.random.happens(0.6)) await look(world, member);
}

/** Whether its state was lost; perhaps by two handlers at once, of which one may be through and write while the other still looks. */
async function look(world: World, member: SimMember): Promise<void> {
  const { replica, bridge } = member;
  const once = (): Promise<unknown> => ensureServing(replica, never);
  if (!world.faults.strikes('interleaved', 0.5)) {
    await once();
    return;
  }
  userWrites(world, member, anyKey(world));
  await runInTurns(world, [['look', once], ['look', () => once().then(() => bridge.commitDirty())]], { job: 0 });
}

/** @param holder the job that may stand still, and then holds something old */
export async function runInTurns(world: World, jobs: readonly Job[], holder?: Holder): Promise<void> {
  for (const [name] of jobs) world.operations.note(name);
  const theirs = (await world.turns.run(jobs.map(([, job]) => job), holder)).find(isFinding);
  if (theirs !== undefined) throw theirs;
}
