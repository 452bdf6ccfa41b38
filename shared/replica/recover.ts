import type { ClockRow } from '../model/clock-row.ts';
import { isObject } from '../model/content.ts';
import type { Incarnation, Member, ResourceKey } from '../model/ids.ts';
import { asTableId, newIncarnation, newLocalLog } from '../model/ids.ts';
import { zeroStamp } from '../model/stamp.ts';
import { counterOf, mergeVectors } from '../model/version-vector.ts';
import { noReports } from '../model/stability.ts';
import type { VersionVector } from '../model/version-vector.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { IncarnationStart, RegionState } from '../ports/store.ts';
import { beat } from './heartbeat.ts';
import type { SelfInspection } from './inspect-self.ts';
import { inspectSelf } from './inspect-self.ts';
import { knownClocks, peerRecords, updatePeerRecord } from './known-members.ts';
import { noteOrphans } from './orphans.ts';
import { patient } from './patient-peer.ts';
import { everWritten } from './position.ts';
import { moving } from './quiet.ts';
import type { Replica } from './replica.ts';
import { resynchronize } from './resynchronize.ts';
import { DOCUMENTS, loadSettings } from './settings.ts';

/** Bytes of randomness behind a new name. */
const NAME_RANDOM_BYTES = 16;
const SCAN_PAGE = 500;
const NO_TABLE = asTableId('none');
/** Times that another instance may write the clock row just before this one begins an incarnation; then whoever asked tries again. */
const MAX_BEGINNINGS = 5;

/** The clock row, if this region may commit. @throws ReplicaError `initializing`, `recovering` or `left` */
export function requireServing(state: RegionState): ClockRow {
  const { clock } = state;
  if (clock === undefined) throw new ReplicaError('initializing', 'this region has not started its first incarnation yet; it does so within seconds of its start');
  if (clock.state === 'left') throw new ReplicaError('left', `${clock.member} has left the federation and takes no writes; a member does not return under the name it left by`);
  if (clock.state !== 'serving' || clock.tableId !== state.tableId) {
    throw new ReplicaError('recovering', `this region lost state (${clock.tableId === state.tableId ? 'recovery is under way' : 'its table is another than the ledger says'}) and takes no writes until it has compared itself with every member`);
  }
  return clock;
}

/** Whether a region may write, is yet to, or never will again. */
export type Readiness = 'serving' | 'recovering' | 'left';

/**
 * Makes the region ready to serve, or takes the next step towards it. Run at start, and again while it answers `recovering`.
 *
 * A region that lost state stops committing and collecting, answers with nothing seen (a backup is not one consistent picture),
 * compares itself with *every* member, closes its old incarnation and goes on under a new, random one.
 */
export async function ensureServing(replica: Replica, signal: AbortSignal): Promise<Readiness> {
  const found = await lookBeforeServing(replica);
  return found === 'recovering' ? recover(replica, signal) : found;
}

/**
 * What has to be looked at before a first commit, and no more: starts a first incarnation, or begins a recovery, which whoever runs
 * `ensureServing` goes on with. For handlers that have an answer to give.
 */
export async function lookBeforeServing(replica: Replica): Promise<Readiness> {
  for (let attempt = 0; attempt < MAX_BEGINNINGS; attempt += 1) {
    const found = await inspectSelf(replica);
    if (found.kind === 'serving' || found.kind === 'recovering' || found.kind === 'left') return found.kind;
    if (found.kind === 'new' && await startFirst(replica)) return 'serving';
    if (found.kind !== 'lost') continue;
    if (found.prior.state === 'left' && await stayAway(replica, found)) return 'left';
    if (found.prior.state !== 'left' && await beginRecovery(replica, found)) return 'recovering';
  }
  throw new ReplicaError('busy', 'other instances of this region wrote its clock row whenever this one was about to begin an incarnation; try again');
}

/** Begins nothing where another instance was faster. */
async function startFirst(replica: Replica): Promise<boolean> {
  const { member } = replica.identity;
  const clock: ClockRow = {
    member, incarnation: newIncarnation(replica.random.bytes(NAME_RANDOM_BYTES)), closed: new Map(), head: 0, hlc: { ...zeroStamp, member },
    tableId: await replica.store.tableId(), bridgeEpoch: 0, state: 'serving',
  };
  const outcome = await moving(replica, () => replica.store.startIncarnation({ if: 'absent', clock, local: newLocal(replica), others: new Map(), segments: [] }));
  if (outcome === 'ok') replica.logger.info('incarnation-started', { member, incarnation: clock.incarnation });
  return outcome === 'ok';
}

/** Only from the clock row by which the loss was found: another instance may be through with its recovery, and have written since. */
async function beginRecovery(replica: Replica, { own, prior, reason }: SelfInspection & { readonly kind: 'lost' }): Promise<boolean> {
  await replica.store.dropDocument(DOCUMENTS.recovery);
  const tableId = await replica.store.tableId();
  const outcome = await moving(replica, () => replica.store.startIncarnation({
    if: conditionOf(own),
    clock: { ...prior, state: 'recovering', tableId },
    local: newLocal(replica),
    others: new Map(),
    segments: [],
  }));
  if (outcome !== 'ok') return false;
  await replica.events.publish({ kind: 'StateLost', reason });
  replica.logger.warn('state-lost', { reason, incarnation: prior.incarnation, head: prior.head });
  return true;
}

/** What has left does not recover. No table is its clock row's any more, so that it answers with nothing seen. */
async function stayAway(replica: Replica, { own, prior, reason }: SelfInspection & { readonly kind: 'lost' }): Promise<boolean> {
  const outcome = await moving(replica, () => replica.store.startIncarnation({ if: conditionOf(own), clock: { ...prior, tableId: NO_TABLE }, local: newLocal(replica), others: new Map(), segments: [] }));
  if (outcome === 'ok') replica.logger.warn('state-lost-after-leaving', { reason });
  return outcome === 'ok';
}

const conditionOf = (clock: ClockRow | undefined): IncarnationStart['if'] =>
  clock === undefined ? 'absent' : { incarnation: clock.incarnation, head: clock.head, state: clock.state };

/** It begins at 1, before any entry, so that whoever follows it has its name, and can be told when it is another. */
export const newLocal = (replica: Replica): IncarnationStart['local'] => ({ log: newLocalLog(replica.random.bytes(NAME_RANDOM_BYTES)), head: 1 });

/** Compares with every member not yet done, then closes the old incarnation. */
async function recover(replica: Replica, signal: AbortSignal): Promise<'serving' | 'recovering'> {
  const { others, left, spec } = await loadSettings(replica);
  const clocks = await knownClocks(replica);
  const hasLeft = (member: Member): boolean => clocks.get(member)?.state === 'left';
  // Without a spec nobody knows the members: those who ever called, or stand in the ledger, are the list until one comes.
  const known = spec === undefined ? await membersEverHeard(replica, clocks) : [...others, ...left];
  const members = known.filter((member) => !hasLeft(member));
  // And where nobody is known yet, there may still be somebody who has what was lost.
  if (spec === undefined && members.length === 0) return 'recovering';
  const done = new Set(await membersCompared(replica));
  // Who has left may still have what was lost here. It is asked, and nobody waits for it.
  for (const member of [...members, ...known.filter(hasLeft)]) {
    if (done.has(member)) continue;
    const peer = replica.peers.peer(member);
    if (peer === undefined && members.includes(member)) return 'recovering';
    if (peer === undefined) continue;
    // First: what it was told before the loss counts no longer, and must not when this region serves again (decision 19).
    if ((await beat(replica, peer, signal)) !== 'answered') {
      replica.logger.warn('recovery-waits', { member, error: 'it did not answer the heartbeat that tells of the loss' });
      continue;
    }
    try {
      await resynchronize(replica, patient(replica, peer), signal);
    } catch (error) {
      replica.logger.warn('recovery-waits', { member, error: error instanceof Error ? error.message : String(error) });
      continue;
    }
    done.add(member);
    await replica.store.putDocument(DOCUMENTS.recovery, { compared: [...done] }, undefined);
  }
  if (!members.every((member) => done.has(member))) return 'recovering';
  return closeIncarnation(replica);
}

async function membersEverHeard(replica: Replica, clocks: ReadonlyMap<Member, ClockRow>): Promise<readonly Member[]> {
  const heard = new Set([...clocks.keys(), ...(await peerRecords(replica)).keys()]);
  return [...heard].filter((member) => member !== replica.identity.member);
}

async function membersCompared(replica: Replica): Promise<readonly Member[]> {
  const value = (await replica.store.document(DOCUMENTS.recovery))?.value;
  return isObject(value) && Array.isArray(value['compared']) ? (value['compared'] as Member[]) : [];
}

/**
 * Closes the old incarnation at the highest counter that anybody can know of it, and starts a new one. Its log's floor moves there:
 * whoever has not seen all of it resynchronizes, because a restored log and restored rows need not fit together
 * (docs/decisions/0002-closing-moves-the-floor.md).
 */
async function closeIncarnation(replica: Replica): Promise<'serving' | 'recovering'> {
  const state = await replica.store.state();
  const { clock } = state;
  if (clock?.state !== 'recovering') return clock === undefined ? 'recovering' : 'serving';
  await forgetReports(replica);
  const known = mergeVectors(await highestCounters(replica), state.seen.others);
  const old = clock.incarnation;
  const last = Math.max(clock.head, counterOf(known, old));
  const incarnation = newIncarnation(replica.random.bytes(NAME_RANDOM_BYTES));
  const next: ClockRow = { ...clock, incarnation, closed: new Map([...clock.closed, [old, last]]), head: 0, state: 'serving' };
  // What another member has seen of it is held. A row's context tells of dots beyond that, but only of that row's.
  await noteOrphans(replica, { log: old, after: counterOf(state.seen.others, old), last });
  if (last > 0) await replica.store.moveFloor(old, last);
  const outcome = await moving(replica, () => replica.store.startIncarnation({
    if: conditionOf(clock),
    clock: next,
    local: state.local ?? newLocal(replica),
    others: mergeVectors(state.seen.others, everWritten({ ...next, head: 0 })) as VersionVector<Incarnation>,
    segments: [],
  }));
  replica.logger.info('incarnation-closed', { outcome, closed: old, last, incarnation });
  return outcome === 'ok' ? 'serving' : 'recovering';
}

/** What others reported stands here as it was at the time of the backup: who has lost state since has told a table that is no more. */
async function forgetReports(replica: Replica): Promise<void> {
  for (const member of (await peerRecords(replica)).keys()) await updatePeerRecord(replica, member, (record) => ({ ...record, reports: noReports }));
}

async function highestCounters(replica: Replica): Promise<VersionVector> {
  let highest: VersionVector = new Map();
  let after: ResourceKey | undefined;
  do {
    const page = await replica.store.list(after, SCAN_PAGE);
    for (const row of page.rows.values()) highest = mergeVectors(highest, row.context);
    after = page.next;
  } while (after !== undefined);
  for (const record of (await peerRecords(replica)).values()) if (record.seen !== undefined) highest = mergeVectors(highest, record.seen);
  return highest;
}
