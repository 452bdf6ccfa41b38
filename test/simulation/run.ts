import { dotKey } from '../../shared/model/version-vector.ts';
import { Digests } from '../../shared/model/merkle.ts';
import type { Hash, ResourceKey } from '../../shared/model/ids.ts';
import { splitKey } from '../../shared/model/resource-key.ts';
import { viewHash, viewOf } from '../../shared/model/view.ts';
import { readClusterFacts } from '../../shared/replica/bridge-record.ts';
import { reconcileWith } from '../../shared/replica/anti-entropy.ts';
import { collect } from '../../shared/replica/collect.ts';
import { beat } from '../../shared/replica/heartbeat.ts';
import { publishDeletes } from '../../shared/replica/ledger-deletes.ts';
import { refreshIndex } from '../../shared/replica/merkle-index.ts';
import { ensureServing } from '../../shared/replica/recover.ts';
import { settleSharedSettings } from '../../shared/replica/shared-settings.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import { noNetworkFaults } from './network.ts';
import { Violation } from './oracle.ts';
import type { SimMember } from './sim-member.ts';
import type { RunReport } from './world.ts';
import { World } from './world.ts';

const never = new AbortController().signal;
/** Invariant 11: rounds in which everybody reaches everybody, until nothing moves any more. */
const MAX_QUIET_ROUNDS = 20;
const MINUTE_MS = 60_000;
/** Rounds without a change after which nothing will change any more; deletes are collected between them. */
const STILL_ROUNDS = 3;
/** Of a failed run, the last lines of its trace. */
const TRACE_LINES = 200;

/** One schedule: random operations with faults, then quiet, then what must hold. @throws Violation */
export async function runSchedule(seed: number, steps: number, disabled: ReadonlySet<string> = new Set()): Promise<RunReport> {
  const world = new World(seed, disabled);
  try {
    await world.start();
    for (let step = 0; step < steps; step += 1) {
      await world.step();
      world.rethrow();
      if (step % 8 === 0) await checkRunning(world);
    }
    await settle(world);
    world.rethrow();
    await checkEnd(world);
  } catch (caught) {
    const error = world.found ?? caught;
    if (error instanceof Error) error.message = `seed ${seed.toString()}: ${error.message}\n  ${world.trace.slice(-TRACE_LINES).join('\n  ')}`;
    throw error;
  }
  return { seed, operations: world.operations, writes: world.oracle.count, trace: world.trace };
}

/** Rows never hold a version beside one whose writer had seen it. */
async function checkRunning(world: World): Promise<void> {
  for (const member of world.members) {
    for (const [key, row] of (await member.store.list(undefined, 1000)).rows) {
      world.oracle.requireNoResurrection(member.name, key, row.siblings.map(({ dot }) => dotKey(dot)));
    }
  }
}

/** What a world holds, as far as further rounds could change it. */
async function picture(world: World): Promise<string> {
  const parts = await Promise.all(world.members.map(async (member) => {
    const { record } = await readClusterFacts(member.replica);
    const rows = [...(await member.store.list(undefined, 1000)).rows].map(([key, row]) => `${key}${row.local.revision.toString()}`);
    return [rows.join(), [...(record?.applied ?? [])].join(), [...member.cluster.objects].map(([key, { hash }]) => key + hash).join(), member.cluster.dirty.size].join(';');
  }));
  return parts.join('|');
}

/** Faults stop; everybody exchanges with everybody until nothing moves, and still does not after deletes were collected. */
async function settle(world: World): Promise<void> {
  world.network.faults = noNetworkFaults;
  world.network.heal();
  for (const member of world.members) member.skewMs = 0;
  let before = '';
  let still = 0;
  for (let round = 0; round < MAX_QUIET_ROUNDS && still < STILL_ROUNDS; round += 1) {
    world.ledgers.settle();
    for (const member of world.members) {
      await ensureServing(member.replica, never);
      await member.hear(world.random);
      await member.putFederation();
      for (const other of world.members) {
        if (other === member) continue;
        const peer = world.network.peer(member.name, other.name);
        await pullFrom(member.replica, peer, never);
        await beat(member.replica, peer, never);
        await reconcileWith(member.replica, peer, never);
      }
      await settleSharedSettings(member.replica);
      await publishDeletes(member.replica);
      for (let turn = 0; turn < 3; turn += 1) {
        await member.cluster.pullAndShow(member.region, 100);
        await member.cluster.commitDirty(member.region, (sent) => sent);
      }
    }
    const now = await picture(world);
    still = now === before ? still + 1 : 0;
    before = now;
    if (round % 3 === 2 || still > 0) {
      world.nowMs += 30 * MINUTE_MS;
      for (const member of world.members) { member.isCollecting = true; await collect(member.replica); member.isCollecting = false; }
    }
    world.nowMs += 2000;
  }
}

async function checkEnd(world: World): Promise<void> {
  const [first, ...others] = world.members;
  if (first === undefined) return;
  const root = await rootOf(first);
  for (const other of others) if ((await rootOf(other)) !== root) throw new Violation(5, `Merkle roots differ after quiet: ${first.name} ${root}, ${other.name} ${await rootOf(other)}`);
  for (const key of world.oracle.keys) for (const member of world.members) await checkKey(world, member, key);
}

async function rootOf(member: SimMember): Promise<string> {
  const { digests } = await refreshIndex(member.replica);
  return digests instanceof Digests ? digests.root : '';
}

async function checkKey(world: World, member: SimMember, key: ResourceKey): Promise<void> {
  const { oracle } = world;
  const row = (await member.store.rows([key])).get(key);
  const standing = new Set((row?.siblings ?? []).map(({ dot }) => dotKey(dot)));
  const expected = oracle.expected(key, standing);
  const lost = [...expected].filter((id) => !standing.has(id));
  const extra = [...standing].filter((id) => !expected.has(id));
  const isOnlyDeletes = [...expected, ...standing].every((id) => oracle.isDelete(id));
  if (lost.length > 0 && !isOnlyDeletes) throw new Violation(3, `${member.name} ${key}: lost ${lost.join(', ')}; stands ${[...standing].join(', ') || 'nothing'}`);
  if (extra.length > 0 && !isOnlyDeletes) throw new Violation(extra.some((id) => oracle.collectedAt(key).has(id)) ? 4 : 6, `${member.name} ${key}: ${extra.join(', ')} stands and should not; expected ${[...expected].join(', ') || 'nothing'}`);
  const strategy = (await member.replica.store.document('in-force'))?.value as { strategy?: 'LastWriterWins' | 'Merge' | 'Manual' } | undefined;
  if (row === undefined || strategy?.strategy === 'Manual') {
    if (row === undefined && member.cluster.objects.has(key)) throw new Violation(2, `${member.name} ${key}: the region has nothing, its cluster has an object`);
    return;
  }
  const { body } = viewOf(splitKey(key).kind, row, strategy?.strategy ?? 'LastWriterWins', { clusterId: undefined, shownHash: undefined });
  const shown: Hash | undefined = member.cluster.objects.get(key)?.hash;
  if (viewHash(body) !== shown) throw new Violation(7, `${member.name} ${key}: the cluster shows ${shown?.slice(0, 8) ?? 'nothing'}, the view is ${viewHash(body)?.slice(0, 8) ?? 'nothing'}`);
}
