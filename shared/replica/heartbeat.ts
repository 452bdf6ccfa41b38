import { isDeepStrictEqual } from 'node:util';
import type { ClockRow } from '../model/clock-row.ts';
import { incarnationsOf, isNewer } from '../model/clock-row.ts';
import type { FederationSpec } from '../model/federation-spec.ts';
import type { Member } from '../model/ids.ts';
import { noReports, noteReport } from '../model/stability.ts';
import { covers } from '../model/version-vector.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { Heartbeat, Peer } from '../ports/peer.ts';
import { noteHubSpec, ownHubSpec } from './hub-spec.ts';
import { knownLogs, peerRecords, updatePeerRecord } from './known-members.ts';
import type { PeerRecord } from './known-members.ts';
import { patient } from './patient-peer.ts';
import { seenOf } from './position.ts';
import type { Replica } from './replica.ts';
import { loadSettings } from './settings.ts';
import { settleSharedSettings } from './shared-settings.ts';
import { distrustVector, reportMisbehaviour, trustFacts } from './trust.ts';

/** Health of a peer, where no spec says otherwise (the documents' defaults). */
const DEFAULT_THRESHOLDS = { failureThreshold: 3, successThreshold: 1 };

/** This member's side of a heartbeat. @throws ReplicaError `initializing` before the first incarnation */
export async function ownHeartbeat(replica: Replica): Promise<Heartbeat> {
  const state = await replica.store.state();
  if (state.clock === undefined) throw new ReplicaError('initializing', 'this region has not started yet');
  const settings = await loadSettings(replica);
  const records = await peerRecords(replica);
  return {
    federationId: replica.identity.federationId,
    member: replica.identity.member,
    clock: state.clock,
    seen: seenOf(state),
    asks: settings.spec?.shared,
    sentAtMs: replica.clock.nowMs(),
    agents: 0,
    reaches: [...records.values()].filter(({ healthy }) => healthy).map(({ member }) => member),
    hubSpec: await ownHubSpec(replica),
  };
}

/** Exchanges heartbeats with a peer and takes note of whether it answered. */
export async function beat(replica: Replica, called: Peer, signal: AbortSignal): Promise<'answered' | 'failed'> {
  const peer = patient(replica, called);
  try {
    await noteHeartbeat(replica, peer.member, await peer.heartbeat(await ownHeartbeat(replica), signal), true);
    return 'answered';
  } catch (error) {
    await noteFailure(replica, peer.member, error instanceof Error ? error.message : String(error));
    return 'failed';
  }
}

/** Answers a peer's heartbeat with this member's. That it called says nothing of whether it can be called. */
export async function receiveHeartbeat(replica: Replica, caller: Member, theirs: Heartbeat): Promise<Heartbeat> {
  const mine = await ownHeartbeat(replica);
  await noteHeartbeat(replica, caller, theirs, false);
  return mine;
}

/** @param isAnswer whether it came as the answer to a call, which says that the member can be called */
async function noteHeartbeat(replica: Replica, member: Member, theirs: Heartbeat, isAnswer: boolean): Promise<void> {
  if (theirs.federationId !== replica.identity.federationId) throw new ReplicaError('refused', `${member} belongs to federation "${theirs.federationId}", this is "${replica.identity.federationId}"`);
  if (theirs.member !== member || theirs.clock.member !== member) throw new ReplicaError('refused', `${member} sent the heartbeat of ${theirs.member}`);
  const nowMs = replica.clock.nowMs();
  const state = await replica.store.state();
  const seen = seenOf(state);
  const facts = await trustFacts(replica, state);
  const foreign = incarnationsOf(theirs.clock).find((log) => (facts.logs.get(log)?.owner ?? member) !== member);
  if (foreign !== undefined) {
    await reportMisbehaviour(replica, member, `its clock row claims ${foreign}, which is an incarnation of another member`);
    throw new ReplicaError('refused', `${member} claims incarnation ${foreign}, which is another member's`);
  }
  const distrust = distrustVector({ ...facts, logs: new Map([...facts.logs, ...knownLogs(new Map([[member, theirs.clock]]))]) }, theirs.seen);
  if (distrust?.kind === 'refuse') await reportMisbehaviour(replica, member, distrust.reason);
  const thresholds = await healthThresholds(replica);
  const { before, after } = await updatePeerRecord(replica, member, (record) => {
    const counted = isAnswer ? withAnswer(record, undefined, thresholds) : record;
    if (record.clock !== undefined && isOutdated(theirs.clock, record.clock)) return counted;
    return {
      ...counted,
      clock: record.clock === undefined || isNewer(theirs.clock, record.clock) || theirs.clock.incarnation === record.clock.incarnation ? theirs.clock : record.clock,
      seen: theirs.seen,
      // A member that recovers reports less than it did: what it said before its loss counts no longer.
      // What cannot be believed yet is not waited for: it might never come, and nothing would be collected again.
      reports: theirs.clock.state === 'recovering' ? noReports : distrust === undefined ? noteReport(record.reports, theirs.seen, seen) : record.reports,
      asks: theirs.asks,
      agents: theirs.agents,
      lastHeardMs: nowMs,
      behindSinceMs: covers(seen, theirs.seen) ? undefined : (record.behindSinceMs ?? nowMs),
    };
  });
  const isOtherSpec = await noteHubSpec(replica, member, theirs.hubSpec);
  if (isOtherSpec) await replica.events.publish({ kind: 'SpecChanged' });
  const isLastWord = after.clock?.state === 'left' && before.clock?.state !== 'left';
  if (isOtherSpec || isLastWord || !isDeepStrictEqual(before.asks, after.asks)) await settleSharedSettings(replica);
  await announceHealth(replica, before, after);
}

/**
 * Whether a heartbeat comes late: its sender has lost state since, and its report with it, or has left. An incarnation that recovers
 * serves no more.
 */
const isOutdated = (theirs: ClockRow, known: ClockRow): boolean =>
  known.closed.has(theirs.incarnation) || (known.incarnation === theirs.incarnation && known.state !== 'serving' && theirs.state === 'serving');

async function noteFailure(replica: Replica, member: Member, error: string): Promise<void> {
  const thresholds = await healthThresholds(replica);
  const { before, after } = await updatePeerRecord(replica, member, (record) => withAnswer(record, error, thresholds));
  await announceHealth(replica, before, after);
}

type Thresholds = Pick<FederationSpec['healthCheck'], 'failureThreshold' | 'successThreshold'>;
const healthThresholds = async (replica: Replica): Promise<Thresholds> => (await loadSettings(replica)).spec?.healthCheck ?? DEFAULT_THRESHOLDS;

/** A record after one more call that was answered, or failed. */
function withAnswer(record: PeerRecord, error: string | undefined, { failureThreshold, successThreshold }: Thresholds): PeerRecord {
  const failures = error === undefined ? 0 : record.failures + 1;
  const successes = error === undefined ? record.successes + 1 : 0;
  return { ...record, failures, successes, healthy: record.healthy ? failures < failureThreshold : successes >= successThreshold, error };
}

async function announceHealth(replica: Replica, before: PeerRecord, after: PeerRecord): Promise<void> {
  const { member } = after;
  if (before.healthy && !after.healthy) await replica.events.publish({ kind: 'MemberUnhealthy', member, reason: after.error ?? 'unknown' });
  if (!before.healthy && after.healthy) await replica.events.publish({ kind: 'MemberHealthy', member });
}
