import { writtenBy } from '../model/clock-row.ts';
import type { Member } from '../model/ids.ts';
import type { FederationStatus, Hold, MemberStatus, Phase } from '../ports/operator.ts';
import type { Condition } from '../ports/region.ts';
import { counterOf } from '../model/version-vector.ts';
import type { VersionVector } from '../model/version-vector.ts';
import { readClusterFacts } from './bridge-record.ts';
import { pendingConflicts } from './conflicts.ts';
import { specConditions } from './federation-object.ts';
import type { PeerRecord } from './known-members.ts';
import { listHolds } from './holds.ts';
import { knownClocks, newPeerRecord, peerRecords } from './known-members.ts';
import { refreshIndex } from './merkle-index.ts';
import { seenOf } from './position.ts';
import type { Replica } from './replica.ts';
import type { Settings } from './settings.ts';
import { loadSettings } from './settings.ts';
import { disagreements } from './shared-settings.ts';

/** What a person sees of the federation from this member. */
export async function federationStatus(replica: Replica): Promise<FederationStatus> {
  const state = await replica.store.state();
  const settings = await loadSettings(replica);
  const records = await peerRecords(replica);
  const seen = seenOf(state);
  const others = settings.others.map((name) => records.get(name) ?? newPeerRecord(name));
  const { exceptions } = await readClusterFacts(replica);
  const index = await refreshIndex(replica);
  const phase = phaseOf(settings, state.clock?.state, others);
  const pending = await pendingConflicts(replica);
  const holds = await listHolds(replica);
  const vectors = await vectorsByMember(replica);
  return {
    federationId: replica.identity.federationId,
    localMember: replica.identity.member,
    phase,
    mode: settings.inForce?.mode ?? 'mesh',
    strategy: settings.inForce?.strategy ?? 'LastWriterWins',
    members: [localStatus(replica, settings, vectors(seen)), ...others.map((record) => memberStatus(replica, settings, record, vectors))],
    conflictsPending: pending,
    resources: await countResources(replica),
    exceptions: [...exceptions.values()],
    conditions: await conditionsOf(replica, settings, phase, others, { pending, holds }),
    holds,
    merkleRoot: index.digests.root,
    localVectorClock: vectors(seen),
    writesFenced: state.writableUntilMs !== undefined && state.writableUntilMs <= replica.clock.nowMs(),
    recovering: state.clock?.state === 'recovering',
    lastSyncMs: others.map(({ lastSyncMs }) => lastSyncMs ?? 0).reduce((a, b) => Math.max(a, b), 0) || undefined,
    observedGeneration: settings.generation,
  };
}

/** What alarms go by. Of `federationStatus` the part that costs a few readings, whatever the region holds. */
export interface FederationHealth {
  readonly phase: Phase;
  readonly unhealthy: number;
  /** Of the member that is furthest ahead of this region: since when it has something that is not here. */
  readonly syncLagMs: number;
  readonly conflictsPending: number;
  /** Deletes that the guard against mass deletion keeps until somebody decides. */
  readonly holds: number;
}

/** How this region's federation is, as far as alarms ask. */
export async function federationHealth(replica: Replica): Promise<FederationHealth> {
  const settings = await loadSettings(replica);
  const [{ clock }, records] = [await replica.store.state(), await peerRecords(replica)];
  const others = settings.others.map((name) => records.get(name) ?? newPeerRecord(name));
  return {
    phase: phaseOf(settings, clock?.state, others),
    unhealthy: others.filter(({ healthy }) => !healthy).length,
    syncLagMs: Math.max(0, ...others.map((record) => lagOf(replica, record) ?? 0)),
    conflictsPending: await pendingConflicts(replica),
    holds: (await listHolds(replica)).length,
  };
}

/** Undefined before the member was first heard of. Clocks are set back, now and then. */
const lagOf = ({ clock }: Replica, { lastHeardMs, behindSinceMs }: PeerRecord): number | undefined =>
  lastHeardMs === undefined ? undefined : behindSinceMs === undefined ? 0 : Math.max(clock.nowMs() - behindSinceMs, 0);

/** `Left` for good, `Initializing` before a spec and first contact, `Syncing` while behind, then by how many peers can be reached. */
function phaseOf(settings: Settings, state: string | undefined, others: readonly PeerRecord[]): Phase {
  if (state === 'left') return 'Left';
  if (settings.spec === undefined || state === undefined) return 'Initializing';
  if (state === 'recovering') return 'Syncing';
  if (others.length > 0 && others.every(({ lastHeardMs }) => lastHeardMs === undefined)) return 'Initializing';
  const reachable = others.filter(({ healthy }) => healthy).length;
  if (others.length > 0 && reachable === 0) return 'Partitioned';
  if (reachable < others.length) return 'Degraded';
  return others.some(({ lastSyncMs }) => lastSyncMs === undefined) ? 'Syncing' : 'Healthy';
}

/** Version vectors as the documents show them: members, not incarnations. */
async function vectorsByMember(replica: Replica): Promise<(vector: VersionVector) => Readonly<Record<string, number>>> {
  const clocks = await knownClocks(replica);
  return (vector) => Object.fromEntries([...clocks].map(([member, clock]) => [member, [...writtenBy(clock).keys()].reduce((sum, log) => sum + counterOf(vector, log), 0)]));
}

function localStatus({ identity, clock }: Replica, { spec }: Settings, vectorClock: MemberStatus['vectorClock']): MemberStatus {
  return {
    name: identity.member, region: spec?.localMember.region ?? '', endpoint: spec?.localMember.endpoint ?? '', isLocal: true, healthy: true, error: undefined,
    lastSeenMs: clock.nowMs(), lastSyncMs: undefined, syncLagMs: undefined, agents: 0, vectorClock,
  };
}

function memberStatus(replica: Replica, { spec }: Settings, record: PeerRecord, vectors: (vector: VersionVector) => Readonly<Record<string, number>>): MemberStatus {
  const listed = spec?.members.find(({ name }) => name === record.member);
  return {
    name: record.member, region: listed?.region ?? '', endpoint: listed?.endpoint ?? '', isLocal: false, healthy: record.healthy, error: record.error,
    lastSeenMs: record.lastHeardMs, lastSyncMs: record.lastSyncMs,
    syncLagMs: lagOf(replica, record),
    agents: record.agents, vectorClock: record.seen === undefined ? {} : vectors(record.seen),
  };
}

const COUNT_PAGE = 500;

async function countResources(replica: Replica): Promise<number> {
  let count = 0;
  let page = await replica.store.list(undefined, COUNT_PAGE);
  for (;;) {
    for (const row of page.rows.values()) if (row.siblings.some(({ body }) => body.kind === 'live')) count += 1;
    if (page.next === undefined) return count;
    page = await replica.store.list(page.next, COUNT_PAGE);
  }
}

async function conditionsOf(replica: Replica, settings: Settings, phase: Phase, others: readonly PeerRecord[], { pending, holds }: { readonly pending: number; readonly holds: readonly Hold[] }): Promise<readonly Condition[]> {
  const unreachable = others.filter(({ healthy }) => !healthy).map(({ member, error }) => `${member}${error === undefined ? '' : ` (${error})`}`);
  // Since when is each member's lag: here it would make another condition of this at every look.
  const behind = others.filter(({ behindSinceMs }) => behindSinceMs !== undefined).map(({ member }) => member);
  const asks = new Map<Member, PeerRecord['asks']>([[replica.identity.member, settings.spec?.shared], ...others.map(({ member, asks: asked }) => [member, asked] as const)]);
  const differing = settings.inForce === undefined ? [] : disagreements(settings.inForce, asks);
  return [
    condition('Ready', phase === 'Healthy' || phase === 'Degraded', phase, `the federation is ${phase}`),
    condition('Synced', behind.length === 0 && phase !== 'Initializing', behind.length === 0 ? 'Level' : 'Behind', behind.length === 0 ? 'everything heard of is here' : `behind ${behind.join(', ')}`),
    condition('Partitioned', phase === 'Partitioned', phase === 'Partitioned' ? 'NoPeerReachable' : 'PeersReachable', unreachable.length === 0 ? 'all members are reachable' : `unreachable: ${unreachable.join(', ')}`),
    condition('ConflictsPending', pending > 0, pending > 0 ? 'WaitingForOperator' : 'None', `${pending.toString()} conflicts wait for a person`),
    ...(holds.length === 0 ? [] : [condition('MassDeleteHeld', true, 'WaitingForOperator', holds.map(({ message }) => message).join('; '))]),
    ...(differing.length === 0 ? [] : [condition('SettingsDiffer', true, 'NotEqualEverywhere', differing.map(({ member, field }) => `${member} asks for another ${field}`).join('; '))]),
    ...(await specConditions(replica)),
  ];
}

const condition = (type: string, isTrue: boolean, reason: string, message: string): Condition => ({ type, status: isTrue ? 'True' : 'False', reason, message });
