import { Digests } from '../../shared/model/merkle.ts';
import type { Hash, ResourceKey } from '../../shared/model/ids.ts';
import { splitKey } from '../../shared/model/resource-key.ts';
import { isDeleteOnly } from '../../shared/model/row.ts';
import type { Row } from '../../shared/model/row.ts';
import { covers, coversDot, dotKey } from '../../shared/model/version-vector.ts';
import type { VersionVector } from '../../shared/model/version-vector.ts';
import { viewHash, viewOf } from '../../shared/model/view.ts';
import { refreshIndex } from '../../shared/replica/merkle-index.ts';
import { loadSettings } from '../../shared/replica/settings.ts';
import { federationStatus } from '../../shared/replica/status.ts';
import type { WriteId } from './oracle.ts';
import { FIELDS } from './sim-cluster.ts';
import type { SimMember } from './sim-member.ts';
import type { World } from './world.ts';

const ALL = 1000;

/** What holds at every moment of a run: invariants 2, 4, 6 and 10. */
export async function verifyRunning(world: World): Promise<void> {
  for (const member of world.members) {
    const seen = member.seenInTable();
    const { rows } = await member.store.list(undefined, ALL);
    if (seen !== undefined) verifySeen(world, member, seen, rows);
    for (const [key, row] of rows) world.oracle.requireNoneCovered(member.name, key, row.siblings.map(({ dot }) => dotKey(dot)));
    if (seen !== undefined) verifyNoneIsBack(world, member, rows);
    await verifyLedger(world, member);
  }
}

/** Invariant 2: `seen` only grows, and whatever it covers is held, or superseded for good. */
function verifySeen({ checks, oracle }: World, member: SimMember, seen: VersionVector, rows: ReadonlyMap<ResourceKey, Row>): void {
  const { seenBefore } = member;
  checks.require(2, seenBefore === undefined || covers(seen, seenBefore), () => `${member.name} has seen less than it had`);
  member.seenBefore = seen;
  for (const key of oracle.keys) {
    const row = rows.get(key);
    for (const { id, dot } of oracle.writesOf(key)) {
      if (!coversDot(seen, dot)) continue;
      const isHeld = oracle.isUncertain(id) || (row === undefined ? oracle.wasCollected(key, id) : coversDot(row.context, dot));
      checks.require(2, isHeld, () => `${member.name} has seen ${id} of ${key}, and holds ${row === undefined ? 'nothing' : 'a row without it'}`);
    }
  }
}

/** Invariant 4: what was deleted, and the delete collected, stands nowhere; not even until the next comparison. */
function verifyNoneIsBack({ checks, oracle }: World, member: SimMember, rows: ReadonlyMap<ResourceKey, Row>): void {
  for (const [key, row] of rows) {
    const back = row.siblings.map(({ dot }) => dotKey(dot)).find((id) => !oracle.isDelete(id) && oracle.wasCollected(key, id) && !oracle.isUncertain(id) && !oracle.mayStandAgain(key, id));
    checks.require(4, back === undefined, () => `${member.name} ${key}: ${back ?? ''} is back after it was deleted and collected`);
  }
}

/** Invariant 10: what a replica of the ledger says of a member, that member has written. */
async function verifyLedger({ checks, members }: World, member: SimMember): Promise<void> {
  const clocks = await member.ledger.clocks();
  for (const other of members) {
    const [told, own] = [clocks.get(other.name), other.ledger.ownClock];
    if (told === undefined || own === undefined) continue;
    const isPast = told.incarnation === own.incarnation ? told.head <= own.head : own.closed.has(told.incarnation);
    checks.require(10, isPast, () => `${member.name} is told of ${other.name} at ${told.incarnation}.${told.head.toString()}, which it never was at`);
  }
}

/** What holds once faults have stopped and nothing moves any more: invariants 3 to 7 and 11. */
export async function verifyEnd(world: World): Promise<void> {
  const { checks, members, oracle } = world;
  await verifyRunning(world);
  const roots = await Promise.all(members.map(rootOf));
  checks.require(5, new Set(roots).size <= 1, () => `Merkle roots differ after quiet: ${roots.join(', ')}`);
  for (const key of oracle.keys) {
    for (const member of members) await verifyKey(world, member, key);
    await verifySameViews(world, key);
  }
  for (const member of members) {
    const left = [...(await member.store.list(undefined, ALL)).rows].find(([, row]) => isDeleteOnly(row));
    checks.require(11, left === undefined, () => `${member.name} still holds the delete of ${left?.[0] ?? ''}`);
    const { phase } = await federationStatus(member.replica);
    checks.require(11, phase === 'Healthy', () => `${member.name} is ${phase} after quiet`);
  }
}

async function rootOf(member: SimMember): Promise<string> {
  const { digests } = await refreshIndex(member.replica);
  return digests instanceof Digests ? digests.root : '';
}

async function verifyKey(world: World, member: SimMember, key: ResourceKey): Promise<void> {
  const { checks, oracle } = world;
  const row = (await member.store.rows([key])).get(key);
  const standing = new Set((row?.siblings ?? []).map(({ dot }) => dotKey(dot)));
  const expected = oracle.expected(key, standing);
  const isOnlyDeletes = [...expected, ...standing].every((id) => oracle.isDelete(id));
  const lost = isOnlyDeletes ? [] : [...expected].filter((id) => !standing.has(id));
  const extra = isOnlyDeletes ? [] : [...standing].filter((id) => !expected.has(id) && !oracle.mayStandAgain(key, id));
  checks.require(3, lost.length === 0, () => `${member.name} ${key}: lost ${lost.join(', ')}; stands ${[...standing].join(', ') || 'nothing'}`);
  const back = extra.filter((id) => oracle.wasCollected(key, id));
  checks.require(4, back.length === 0, () => `${member.name} ${key}: ${back.join(', ')} is back after it was deleted and collected; expected ${[...expected].join(', ') || 'nothing'}`);
  checks.require(6, extra.length === 0, () => `${member.name} ${key}: ${extra.join(', ')} stands and should not; expected ${[...expected].join(', ') || 'nothing'}`);
  checks.require(2, row !== undefined || !member.cluster.objects.has(key), () => `${member.name} ${key}: the region has nothing, its cluster has an object`);
  const { inForce } = await loadSettings(member.replica);
  if (row === undefined || inForce?.strategy === 'Manual') return;
  const { body } = viewOf(splitKey(key).kind, row, inForce?.strategy ?? 'LastWriterWins', { clusterId: undefined, shownHash: undefined });
  const shown: Hash | undefined = member.cluster.objects.get(key)?.hash;
  checks.require(7, viewHash(body) === shown, () => `${member.name} ${key}: the cluster shows ${shown?.slice(0, 8) ?? 'nothing'}, the view is ${viewHash(body)?.slice(0, 8) ?? 'nothing'}`);
  if (inForce?.strategy === 'Merge' && body.kind === 'live' && body.content !== undefined) verifyFields(world, member, key, body.content, standing);
}

/** Invariant 7: a merge shows every field as the only one who changed it wrote it. */
function verifyFields({ checks, oracle }: World, member: SimMember, key: ResourceKey, content: string, standing: ReadonlySet<WriteId>): void {
  const live = [...standing].filter((id) => !oracle.isDelete(id));
  const { spec = {} } = JSON.parse(content) as { spec?: Record<string, string> };
  for (const field of FIELDS) {
    const only = oracle.fieldOf(live, field);
    checks.require(7, only === undefined || only.value === spec[field], () => `${member.name} ${key}: ${field} is ${spec[field] ?? 'not there'}, and was last written as ${only?.value ?? 'removed'}`);
  }
}

/** Invariant 7: what is a function of the row alone is the same in every cluster. */
async function verifySameViews({ checks, members }: World, key: ResourceKey): Promise<void> {
  const views = new Map<string, string>();
  for (const member of members) {
    const { inForce } = await loadSettings(member.replica);
    const shown = member.cluster.objects.get(key)?.hash ?? 'nothing';
    const strategy = inForce?.strategy ?? '';
    checks.require(7, strategy === 'Manual' || (views.get(strategy) ?? shown) === shown, () => `${member.name} shows another ${key} than the others under ${strategy}`);
    views.set(strategy, shown);
  }
}
