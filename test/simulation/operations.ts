import { reconcileWith } from '../../shared/replica/anti-entropy.ts';
import { beat } from '../../shared/replica/heartbeat.ts';
import { publishDeletes } from '../../shared/replica/ledger-deletes.ts';
import { ensureServing } from '../../shared/replica/recover.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import { anyKey, commitLate, edit, followBridge, handOver, operate, putCopy, rebuild } from './cluster-acts.ts';
import { flash, interleave, restore, rush } from './concurrent-acts.ts';
import { drain } from './drain.ts';
import { leave } from './leaving.ts';
import { anyOther, carryLedger, deliverStraggler, forge, heal, part, push, skew } from './member-acts.ts';
import { askOfGone, comeBack, editDeleted, fallBehind, loseTogether, makeAgain, overtake } from './stories.ts';
import type { SimMember } from './sim-member.ts';
import type { OperationName } from './tally.ts';
import type { World } from './world.ts';

const never = new AbortController().signal;
const MINUTE_MS = 60_000;

interface Operation { readonly weight: number; readonly run: (world: World, member: SimMember) => Promise<unknown> | undefined }

/** What happens in a schedule, each as often as its weight says. Deletes, drains and collections are frequent: see DESIGN §4. */
export const OPERATIONS = {
  edit: { weight: 14, run: edit },
  remove: { weight: 9, run: (world, { cluster }) => { cluster.userDeletes(anyKey(world)); return undefined; } },
  bridge: { weight: 22, run: followBridge },
  commitLate: { weight: 4, run: commitLate },
  pull: { weight: 16, run: (world, member) => pullFrom(member.replica, member.peer(anyOther(world, member).name), never) },
  push: { weight: 5, run: push },
  beat: { weight: 8, run: (world, member) => beat(member.replica, member.peer(anyOther(world, member).name), never) },
  ledger: { weight: 8, run: carryLedger },
  publish: { weight: 5, run: (_world, { replica }) => publishDeletes(replica) },
  collect: { weight: 5, run: (_world, member) => member.collect() },
  look: { weight: 1, run: (_world, { replica }) => ensureServing(replica, never) },
  reconcile: { weight: 4, run: (world, member) => reconcileWith(member.replica, member.peer(anyOther(world, member).name), never) },
  straggle: { weight: 6, run: (world) => deliverStraggler(world) },
  forge: { weight: 1, run: forge },
  time: { weight: 6, run: (world) => { world.nowMs += world.random.pick([MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, 180 * MINUTE_MS]); return undefined; } },
  drain: { weight: 3, run: (world) => drain(world, 1 + world.random.below(2), world.random.happens(0.6)) },
  part: { weight: 2.5, run: part },
  heal: { weight: 3, run: (world) => { heal(world); return undefined; } },
  backup: { weight: 4, run: (_world, member) => { member.takeBackup(); return undefined; } },
  restore: { weight: 2.5, run: restore },
  putCopy: { weight: 4, run: putCopy },
  handOver: { weight: 1, run: handOver },
  rebuild: { weight: 0.6, run: rebuild },
  strategy: { weight: 1.5, run: (world, member) => (world.faults.strikes('strategy') ? member.changeStrategy() : undefined) },
  operate: { weight: 4, run: (world, member) => operate(world, member, anyKey(world)) },
  interleave: { weight: 5, run: interleave },
  rush: { weight: 4, run: rush },
  flash: { weight: 1.5, run: flash },
  comeBack: { weight: 1, run: comeBack },
  loseTogether: { weight: 0.5, run: loseTogether },
  overtake: { weight: 1, run: overtake },
  fallBehind: { weight: 1, run: fallBehind },
  editDeleted: { weight: 0.7, run: editDeleted },
  askOfGone: { weight: 0.7, run: askOfGone },
  makeAgain: { weight: 0.7, run: makeAgain },
  leave: { weight: 0.3, run: leave },
  skew: { weight: 1, run: skew },
} as const satisfies Record<OperationName, Operation>;

const WEIGHTS = Object.fromEntries(Object.entries(OPERATIONS).map(([name, { weight }]) => [name, weight])) as Record<OperationName, number>;
export const anyOperation = (world: World): OperationName => world.random.weighted(WEIGHTS);
