import { covers } from '../model/version-vector.ts';
import type { VersionVector } from '../model/version-vector.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { LeaveAnswer, LeaveObstacle, LeaveRequest } from '../ports/operator.ts';
import type { Peer } from '../ports/peer.ts';
import type { RegionState } from '../ports/store.ts';
import { readClusterFacts } from './bridge-record.ts';
import { countBelongings, noteDeparture, readDeparture } from './departure.ts';
import { beat } from './heartbeat.ts';
import { listHolds } from './holds.ts';
import { peerRecord } from './known-members.ts';
import { publishDeletes } from './ledger-deletes.ts';
import { seenOf } from './position.ts';
import { moving } from './quiet.ts';
import { newLocal, requireServing } from './recover.ts';
import type { Replica } from './replica.ts';
import { loadSettings } from './settings.ts';
import { settleSharedSettings } from './shared-settings.ts';

/** Times that commits of others may get in between before whoever asked has to ask again. */
const MAX_TRIES = 5;
/** Objects named in an answer. */
const EXAMPLES = 1000;

/**
 * Takes this member out of the federation, or tells what stands against it (docs/decisions/0017-the-last-word-of-a-member.md): its clock
 * row says so, and never anything after. Not before everybody has all that is here, unless it is forced. Its region goes on answering, and
 * follows nobody.
 *
 * @param request `confirm`: this member's name; undefined only tells what would be done
 * @throws ReplicaError `invalid` for another name; `initializing`, `recovering`; `busy`
 */
export async function leave(replica: Replica, { confirm, force, cleanUp }: LeaveRequest, signal: AbortSignal): Promise<LeaveAnswer> {
  const { member } = replica.identity;
  if (confirm !== undefined && confirm !== member) throw new ReplicaError('invalid', `confirm: is ${JSON.stringify(confirm)}, expected the name of the member that leaves, ${JSON.stringify(member)}`);
  const peers = await peersLeft(replica);
  const said = await saySo(replica, peers, { isMeant: confirm !== undefined, force }, signal);
  if (said.left && confirm !== undefined) {
    await noteDeparture(replica, { cleanUp });
    await settleSharedSettings(replica);
    // Whoever does not hear it has it from the ledger.
    await Promise.all(peers.map((peer) => beat(replica, peer, signal)));
    await replica.events.publish({ kind: 'SpecChanged' });
  }
  const departure = await readDeparture(replica);
  return { ...said, cleanUp: departure?.cleanUp ?? 'not-asked', ...await countBelongings(replica, EXAMPLES) };
}

/** Says the last word, unless something stands against it. */
async function saySo(replica: Replica, peers: readonly Peer[], { isMeant, force }: { readonly isMeant: boolean; readonly force: boolean }, signal: AbortSignal): Promise<Pick<LeaveAnswer, 'left' | 'obstacles'>> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const state = await replica.store.state();
    if (state.clock?.state === 'left') return { left: true, obstacles: [] };
    const clock = requireServing(state);
    const obstacles = await obstaclesOf(replica, peers, state, signal);
    if (!isMeant || (obstacles.length > 0 && !force)) return { left: false, obstacles };
    await publishDeletes(replica);
    const outcome = await moving(replica, () => replica.store.startIncarnation({
      if: { incarnation: clock.incarnation, head: clock.head, state: clock.state },
      clock: { ...clock, state: 'left' },
      local: newLocal(replica),
      others: undefined,
      segments: [],
    }));
    if (outcome !== 'ok') continue;
    replica.logger.warn('left-federation', { member: clock.member, incarnation: clock.incarnation, head: clock.head, forced: obstacles.length > 0 });
    return { left: true, obstacles };
  }
  throw new ReplicaError('busy', `${replica.identity.member} was written to whenever it was about to leave, ${MAX_TRIES.toString()} times; pause it (spec.paused: true), or delete its NovaEdgeFederation, and try again`);
}

async function peersLeft(replica: Replica): Promise<readonly Peer[]> {
  const { spec, left } = await loadSettings(replica);
  const others = (spec?.members ?? []).map(({ name }) => name).filter((name) => !left.includes(name));
  return others.map((name) => replica.peers.peer(name)).filter((peer) => peer !== undefined);
}

/** What would be lost, or missed, by leaving now. */
async function obstaclesOf(replica: Replica, peers: readonly Peer[], state: RegionState, signal: AbortSignal): Promise<readonly LeaveObstacle[]> {
  const seen = seenOf(state);
  const [lacking, { exceptions }, holds, { inForce }] = [
    (await Promise.all(peers.map((peer) => lackOf(replica, peer, seen, signal)))).filter((lack) => lack !== undefined),
    await readClusterFacts(replica), await listHolds(replica), await loadSettings(replica),
  ];
  const unsent = [...exceptions.values()].filter(({ kind }) => kind === 'not-sent').map(({ key }) => key);
  return [
    ...lacking,
    ...holds.map(({ message }): LeaveObstacle => ({ reason: 'MassDeleteHeld', message })),
    ...(unsent.length === 0 ? [] : [{ reason: 'NotSent', message: `edits of ${unsent.length.toString()} objects in the cluster were not sent, ${unsent[0] ?? ''} among them: see novactl federation status` } as const]),
    ...(inForce?.mode === 'hub-spoke' && replica.identity.hub === replica.identity.member ? [{ reason: 'IsHub', message: 'it is the hub: nobody else may change the objects of the federation, so change spec.mode at the hub first' } as const] : []),
  ];
}

async function lackOf(replica: Replica, peer: Peer, seen: VersionVector, signal: AbortSignal): Promise<LeaveObstacle | undefined> {
  const { member } = peer;
  const answer = await beat(replica, peer, signal);
  const { seen: theirs, clock, error } = await peerRecord(replica, member);
  if (answer !== 'answered') return { reason: 'NotReachable', member, message: `${member} does not answer, so that nobody knows whether it has everything: ${error ?? 'unknown'}` };
  if (clock?.state === 'recovering') return { reason: 'Recovering', member, message: `${member} has lost its state and recovers it from the others, this one among them` };
  if (theirs !== undefined && covers(theirs, seen)) return undefined;
  return { reason: 'NotLevel', member, message: `${member} lacks ${countMissing(seen, theirs).toString()} of the changes that are here` };
}

const countMissing = (here: VersionVector, there: VersionVector | undefined): number =>
  [...here].reduce((sum, [log, counter]) => sum + Math.max(0, counter - (there?.get(log) ?? 0)), 0);

