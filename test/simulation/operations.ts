import { asClusterId } from '../../shared/model/ids.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { counterOf } from '../../shared/model/version-vector.ts';
import { reconcileWith } from '../../shared/replica/anti-entropy.ts';
import { beat } from '../../shared/replica/heartbeat.ts';
import { publishDeletes } from '../../shared/replica/ledger-deletes.ts';
import { operatorOf } from '../../shared/replica/operator.ts';
import { pushTo } from '../../shared/replica/push.ts';
import { ensureServing } from '../../shared/replica/recover.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import { forgedRow } from './network.ts';
import { FIELDS, nameOf } from './sim-cluster.ts';
import type { SimMember } from './sim-member.ts';
import type { World } from './world.ts';

const never = new AbortController().signal;
const SECOND_MS = 1000;
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
  reconcile: { weight: 4, run: (world, member) => reconcileWith(member.replica, member.peer(anyOther(world, member).name), never) },
  straggle: { weight: 6, run: (world) => deliverStraggler(world) },
  forge: { weight: 1, run: forge },
  time: { weight: 6, run: (world) => { world.nowMs += world.random.pick([MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, 180 * MINUTE_MS]); return undefined; } },
  drain: { weight: 3, run: (world) => drain(world, 1 + world.random.below(2), world.random.happens(0.6)) },
  part: { weight: 2.5, run: part },
  heal: { weight: 3, run: (world) => { heal(world); return undefined; } },
  backup: { weight: 4, run: (_world, member) => { member.takeBackup(); return undefined; } },
  restore: { weight: 2.5, run: async (_world, member) => { await member.restore(); await ensureServing(member.replica, never); } },
  putCopy: { weight: 4, run: putCopy },
  handOver: { weight: 1, run: handOver },
  rebuild: { weight: 0.6, run: rebuild },
  strategy: { weight: 1.5, run: (world, member) => (world.faults.strikes('strategy') ? member.changeStrategy() : undefined) },
  operate: { weight: 4, run: (world, member) => operate(world, member, anyKey(world)) },
  interleave: { weight: 5, run: interleave },
  rush: { weight: 4, run: rush },
  flash: { weight: 1.5, run: flash },
  skew: { weight: 1, run: skew },
} as const satisfies Record<string, Operation>;
export type OperationName = keyof typeof OPERATIONS;

const WEIGHTS = Object.fromEntries(Object.entries(OPERATIONS).map(([name, { weight }]) => [name, weight])) as Record<OperationName, number>;
export const anyOperation = (world: World): OperationName => world.random.weighted(WEIGHTS);

const anyKey = (world: World): ResourceKey => world.random.pick(world.keys);
const anyOther = (world: World, member: SimMember): SimMember => world.random.pick(world.othersOf(member));

function edit(world: World, member: SimMember): undefined {
  const key = anyKey(world);
  member.cluster.userWrites(key, world.random.pick(FIELDS), `value-${world.number().toString()}`);
  world.keepCopy(key, member);
}

/** One turn of the bridge: it pulls and shows, sends what was edited, or both. */
async function followBridge(world: World, member: SimMember): Promise<void> {
  const { random } = world;
  for (const key of member.cluster.objects.keys()) if (random.happens(0.1)) world.keepCopy(key, member);
  if (random.happens(0.85)) await member.bridge.pullAndShow(1 + random.below(5));
  if (random.happens(0.85)) await member.bridge.commitDirty();
}

/** A commit that is sent but arrives when it likes, perhaps after others, perhaps twice. */
async function commitLate(world: World, member: SimMember): Promise<void> {
  const { late, random, faults } = world;
  if (late.length > 0 && random.happens(0.6)) {
    const one = random.pick(late);
    if (!faults.strikes('repeated-commit', 0.5)) late.splice(late.indexOf(one), 1);
    await one.member.bridge.send(one.sent);
    return;
  }
  const sent = member.bridge.prepareCommit();
  if (sent !== undefined && faults.strikes('late-commit')) late.push({ member, sent });
}

async function push(world: World, member: SimMember): Promise<void> {
  const head = (await member.store.state()).clock?.head ?? 0;
  await pushTo(member.replica, member.peer(anyOther(world, member).name), Math.max(0, head - world.random.below(5)), never);
}

/** The ledger carries some of what is on its way, and members hear of it. */
async function carryLedger(world: World, member: SimMember): Promise<void> {
  const { faults, ledgers, random } = world;
  ledgers.deliver({
    random: random.next, share: 0.6, mergeShare: faults.strikes('ledger-merged', 0.5) ? 0.6 : 0, repeatShare: faults.strikes('ledger-repeated', 0.4) ? 0.5 : 0,
    silentShare: faults.strikes('ledger-silent', 0.3) ? 0.4 : 0, lossShare: faults.strikes('ledger-lost', 0.1) ? 0.3 : 0,
  });
  for (const rung of await member.hear()) if (random.happens(0.7)) await pullFrom(member.replica, member.peer(rung), never);
}

async function deliverStraggler(world: World): Promise<void> {
  const found = world.network.straggler();
  if (found === undefined || world.member(found.to).isDown || !world.faults.strikes('straggler')) return;
  await world.member(found.to).handlers.push(found.from, found.request, never);
}

/** A peer sends a delete under the receiver's own name, which the receiver never issued. */
async function forge(world: World, member: SimMember): Promise<void> {
  const key = anyKey(world);
  const { clock } = await member.store.state();
  const row = (await member.store.rows([key])).get(key);
  if (clock?.state !== 'serving' || row === undefined || !world.faults.strikes('forged')) return;
  const { name } = anyOther(world, member);
  const result = await member.handlers.push(name, forgedRow(key, row, name, clock.incarnation, clock.head + 1 + world.random.below(3), world.nowMs), never);
  world.checks.require(12, result.kind === 'deferred', () => `${member.name} took a version of its own that it never wrote`);
}

/** Members lose each other: in one direction, in both, or one of them all others. Or one does not run for a while. */
function part(world: World, member: SimMember): undefined {
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
  for (const member of world.members) {
    member.isDown = false;
    for (const other of world.othersOf(member)) world.ledgers.resume({ from: member.name, to: other.name });
  }
}

/** Somebody puts an older copy of an object in place, edited or not. */
function putCopy(world: World, { cluster }: SimMember): undefined {
  const { faults, random } = world;
  const isOwn = random.happens(0.75);
  const copy = world.copy(cluster.id, isOwn);
  if (copy === undefined || (!cluster.objects.has(copy.key) && random.happens(0.5))) return;
  const isEdited = faults.strikes('stale-editor', 0.3);
  if (isEdited || faults.strikes(isOwn ? 'old-copy' : 'foreign-copy')) {
    cluster.userPutsCopy(copy, isEdited ? { field: random.pick(FIELDS), value: `value-${world.number().toString()}` } : undefined);
  }
}

/** Another bridge gets the lease; the old one has a commit on its way. */
function handOver({ faults, late }: World, member: SimMember): undefined {
  if (!faults.strikes('hand-over')) return;
  const sent = member.bridge.prepareCommit();
  if (sent !== undefined) late.push({ member, sent });
  member.cluster.leaseEpoch += 1;
  member.bridge.startAnew();
}

function rebuild(world: World, { name, cluster, bridge }: SimMember): undefined {
  const keep = world.random.happens(0.4);
  if (!world.faults.strikes(keep ? 'rebuilt' : 'emptied')) return;
  cluster.rebuild(asClusterId(`cluster-${name}-${world.number().toString()}`), keep);
  bridge.startAnew();
}

async function operate(world: World, member: SimMember, key: ResourceKey): Promise<void> {
  const { random } = world;
  const operator = operatorOf(member.replica);
  const requestId = `value-${world.number().toString()}`;
  if (random.happens(0.3)) { await operator.delete(key, requestId); return; }
  const [conflict] = await operator.conflicts(true);
  if (conflict !== undefined && random.happens(0.6)) {
    await operator.resolve(conflict.key, random.pick(['local', 'remote', ...conflict.versions.map((version) => version.member)]), requestId);
    return;
  }
  await operator.apply(routeManifest(key, random.pick(FIELDS), requestId), requestId);
}

const routeManifest = (key: ResourceKey, field: string, value: string): string =>
  JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name: nameOf(key), namespace: 'default' }, spec: { [field]: value } });

/** Several handlers of one member at the same time. */
async function interleave(world: World, member: SimMember): Promise<void> {
  if (!world.faults.strikes('interleaved')) return;
  const { replica, bridge } = member;
  const peer = (): ReturnType<SimMember['peer']> => member.peer(anyOther(world, member).name);
  const jobs: readonly (() => Promise<unknown>)[] = [
    () => pullFrom(replica, peer(), never),
    () => pullFrom(replica, peer(), never),
    () => bridge.commitDirty(),
    () => commitLate(world, member),
    () => beat(replica, peer(), never),
    () => deliverStraggler(world),
    () => reconcileWith(replica, peer(), never),
    () => operate(world, member, anyKey(world)),
    () => member.collect(),
    () => anyOther(world, member).bridge.commitDirty(),
  ];
  await runInTurns(world, jobs.filter(() => world.random.happens(0.45)));
}

/**
 * Handlers that can undermine each other, all at once: deletes are old enough to be collected, while pages of one peer arrive twice and
 * somebody writes what is just going.
 */
async function rush(world: World, member: SimMember): Promise<void> {
  if (!world.faults.strikes('interleaved')) return;
  const { replica, bridge } = member;
  const { random } = world;
  const [key, peer] = [anyKey(world), member.peer(anyOther(world, member).name)];
  if (random.happens(0.5)) member.cluster.userWrites(key, random.pick(FIELDS), `value-${world.number().toString()}`);
  if (random.happens(0.7)) world.nowMs += 25 * MINUTE_MS;
  await runInTurns(world, [
    () => pullFrom(replica, peer, never),
    () => (random.happens(0.5) ? pullFrom(replica, peer, never) : reconcileWith(replica, peer, never)),
    () => beat(replica, peer, never).then(() => member.collect()),
    () => bridge.commitDirty(),
    () => peer.pull({ since: new Map(), limit: 3 }, never),
    () => (random.happens(0.5) ? operate(world, member, key) : deliverStraggler(world)),
  ]);
}

/**
 * Elsewhere a resource is made and deleted at once, and all others know; here its delete arrives, may go, and is written over, all at
 * the same time.
 */
async function flash(world: World, member: SimMember): Promise<void> {
  const { random, faults } = world;
  const [key, other] = [anyKey(world), anyOther(world, member)];
  if (other.isDown || !faults.strikes('interleaved')) return;
  await operatorOf(other.replica).apply(routeManifest(key, random.pick(FIELDS), `value-${world.number().toString()}`), `made-${world.number().toString()}`);
  await operatorOf(other.replica).delete(key, `deleted-${world.number().toString()}`);
  for (const third of world.othersOf(other)) if (third !== member && !third.isDown) await pullFrom(third.replica, third.peer(other.name), never);
  for (const each of world.othersOf(member)) await beat(member.replica, member.peer(each.name), never);
  member.cluster.userWrites(key, random.pick(FIELDS), `value-${world.number().toString()}`);
  await runInTurns(world, [
    () => pullFrom(member.replica, member.peer(other.name), never),
    () => member.collect(),
    () => (random.happens(0.5) ? member.bridge.commitDirty() : operate(world, member, key)),
    () => (random.happens(0.5) ? member.collect() : publishDeletes(member.replica)),
  ]);
}

async function runInTurns(world: World, jobs: readonly (() => Promise<unknown>)[]): Promise<void> {
  const theirs = (await world.turns.run(jobs)).find(isFinding);
  if (theirs !== undefined) throw theirs;
}

function skew(world: World, member: SimMember): undefined {
  const { faults, random } = world;
  const far = 30 * 24 * 60 * MINUTE_MS;
  const skewMs = random.pick([0, 0, 2 * SECOND_MS, -90 * SECOND_MS, 4 * MINUTE_MS, far]);
  const isJump = member.skewMs !== skewMs && member.skewMs !== 0;
  if (skewMs === 0 ? !isJump || faults.strikes('clock-jump') : faults.strikes(skewMs === far ? 'far-future' : isJump ? 'clock-jump' : 'clock-skew')) member.skewMs = skewMs;
}

/** Everybody tells everybody everything they can reach, and collects what may go. One that does not answer holds up nobody. */
export async function drain(world: World, rounds: number, collecting: boolean): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const running = world.members.filter(({ isDown }) => !isDown);
    for (const member of running) {
      await ensureServing(member.replica, never);
      for (const other of world.othersOf(member)) await meet(world, member, other);
      await publishDeletes(member.replica);
      await followBridge(world, member);
    }
    world.ledgers.deliver({ random: world.random.next, share: 0.9 });
    for (const member of running) await member.hear();
    if (!collecting) continue;
    world.nowMs += 25 * MINUTE_MS;
    for (const member of running) await member.collect();
  }
}

/** Invariant 12: two that reach each other and serve exchange what they have, whatever befalls the others. */
async function meet(world: World, member: SimMember, other: SimMember): Promise<void> {
  const mayMeet = !world.network.storms && !member.crashes && !member.losesAnswers && world.network.reaches(member.name, other.name) && member.seenInTable() !== undefined && other.seenInTable() !== undefined;
  const answered = await beat(member.replica, member.peer(other.name), never);
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

/** Errors that are findings, not faults the run made itself. */
export const isFinding = (error: unknown): boolean => error instanceof Error && (error.name === 'Violation' || error instanceof TypeError || error instanceof RangeError);
