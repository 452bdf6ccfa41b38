import { sortedEntries } from '../../shared/model/version-vector.ts';
import type { VersionVector } from '../../shared/model/version-vector.ts';
import { readClusterFacts } from '../../shared/replica/bridge-record.ts';
import { reconcileWith } from '../../shared/replica/anti-entropy.ts';
import { beat } from '../../shared/replica/heartbeat.ts';
import { peerRecords } from '../../shared/replica/known-members.ts';
import { publishDeletes } from '../../shared/replica/ledger-deletes.ts';
import { ensureServing } from '../../shared/replica/recover.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import { heal, mindLeavers } from './member-acts.ts';
import type { SimMember } from './sim-member.ts';
import type { World } from './world.ts';

const never = new AbortController().signal;
const MINUTE_MS = 60_000;
/** Invariant 11: rounds in which everybody reaches everybody, until nothing moves any more. */
const MAX_ROUNDS = 25;
/** Turns of a bridge in one round: to show, to send what that asks for, to show the answer. */
const BRIDGE_TURNS = 3;
const BRIDGE_LIMIT = 100;

/**
 * Faults stop; everybody exchanges with everybody until nothing moves, compares, and collects until nothing more can be. Returns
 * the rounds it took.
 */
export async function quieten(world: World): Promise<number> {
  const { network, members } = world;
  network.storms = false;
  network.keeps = false;
  heal(world);
  for (const member of members) { member.skewMs = 0; await member.putFederation(); }
  let before = '';
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    await exchange(world);
    const moved = await picture(world);
    if (moved !== before) { before = moved; continue; }
    // Still: now tell each other so, compare, which finds only what was damaged, and collect, which what nobody needs.
    for (const member of members) for (const other of world.othersOf(member)) await beat(member.replica, member.peer(other.name), never);
    // A comparison repairs both sides, so one of each pair begins it.
    for (const [at, member] of members.entries()) for (const other of members.slice(at + 1)) await compare(world.random.happens(0.5) ? [member, other] : [other, member]);
    world.nowMs += 30 * MINUTE_MS;
    for (const member of members) await member.collect();
    const after = await picture(world);
    if (after === before) return round;
    before = after;
  }
  world.checks.require(11, false, () => `something still moves after ${MAX_ROUNDS.toString()} rounds of quiet`);
  return MAX_ROUNDS;
}

/** Everybody hears of and pulls from all others, and each bridge does its work. */
async function exchange(world: World): Promise<void> {
  world.ledgers.settle();
  for (const member of world.members) {
    await ensureServing(member.replica, never);
    await member.hear();
    for (const other of world.othersOf(member)) await pullFrom(member.replica, member.peer(other.name), never);
    await mindLeavers(world, member);
    await publishDeletes(member.replica);
    for (let turn = 0; turn < BRIDGE_TURNS && (turn === 0 || member.cluster.dirty.size > 0 || (await isBehind(member))); turn += 1) {
      await member.bridge.pullAndShow(BRIDGE_LIMIT);
      await member.bridge.commitDirty();
    }
  }
  world.nowMs += 2000;
}

const compare = ([member, other]: readonly [SimMember, SimMember]): Promise<unknown> => reconcileWith(member.replica, member.peer(other.name), never);

/** Whether the region has something that its cluster has not been shown. */
async function isBehind({ replica, store }: SimMember): Promise<boolean> {
  const { record } = await readClusterFacts(replica);
  const { local } = await store.state();
  return local !== undefined && (record?.applied.get(local.log) ?? 0) < local.head;
}

const textOf = (vector: VersionVector | undefined): string => (vector === undefined ? '-' : sortedEntries(vector).join());

/** What a world holds, as far as further rounds could change it. */
async function picture(world: World): Promise<string> {
  const parts = await Promise.all(world.members.map(async ({ replica, store, cluster }) => {
    const { record, exceptions } = await readClusterFacts(replica);
    const rows = [...(await store.list(undefined, 1000)).rows].map(([key, row]) => `${key}${row.local.revision.toString()}`);
    const reports = [...(await peerRecords(replica)).values()].map(({ reports: { settled, waiting } }) => `${textOf(settled)}/${textOf(waiting)}`);
    return [rows.join(), reports.join(), [...(record?.applied ?? [])].join(), [...exceptions.keys()].join(), [...cluster.objects].map(([key, { hash, token }]) => key + hash + (token ?? '')).join(), cluster.dirty.size].join(';');
  }));
  return parts.join('|');
}
