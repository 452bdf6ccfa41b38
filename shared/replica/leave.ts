import { covers } from '../model/version-vector.ts';
import type { VersionVector } from '../model/version-vector.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { LeaveAnswer, LeaveObstacle, LeaveRequest } from '../ports/operator.ts';
import type { RegionState } from '../ports/store.ts';
import { readClusterFacts } from './bridge-record.ts';
import { countBelongings, noteDeparture, readDeparture } from './departure.ts';
import { newPeerRecord, peerRecords } from './known-members.ts';
import type { PeerRecord } from './known-members.ts';
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
 * row says so, and never anything after. Not before everybody has said to have all that is here, unless it is forced. Nobody is called: the
 * others have it from the ledger, and from the answer to their next heartbeat. Its region goes on answering, and follows nobody.
 *
 * @param request `confirm`: this member's name; undefined only tells what would be done
 * @throws ReplicaError `invalid` for another name; `initializing`, `recovering`; `busy`
 */
export async function leave(replica: Replica, { confirm, force, cleanUp }: LeaveRequest): Promise<LeaveAnswer> {
  const { member } = replica.identity;
  if (confirm !== undefined && confirm !== member) throw new ReplicaError('invalid', `confirm: is ${JSON.stringify(confirm)}, expected the name of the member that leaves, ${JSON.stringify(member)}`);
  const said = await saySo(replica, { isMeant: confirm !== undefined, force });
  if (said.left && confirm !== undefined) {
    await noteDeparture(replica, { cleanUp });
    await settleSharedSettings(replica);
    await replica.events.publish({ kind: 'SpecChanged' });
  }
  const departure = await readDeparture(replica);
  return { ...said, cleanUp: departure?.cleanUp ?? 'not-asked', ...await countBelongings(replica, EXAMPLES) };
}

/** Says the last word, unless something stands against it. */
async function saySo(replica: Replica, { isMeant, force }: { readonly isMeant: boolean; readonly force: boolean }): Promise<Pick<LeaveAnswer, 'left' | 'obstacles'>> {
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    const state = await replica.store.state();
    if (state.clock?.state === 'left') return { left: true, obstacles: [] };
    const clock = requireServing(state);
    const obstacles = await obstaclesOf(replica, state);
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

/** What would be lost, or missed, by leaving now, as far as the others have told. */
async function obstaclesOf(replica: Replica, state: RegionState): Promise<readonly LeaveObstacle[]> {
  const seen = seenOf(state);
  const [{ others, inForce }, records, { exceptions }] = [await loadSettings(replica), await peerRecords(replica), await readClusterFacts(replica)];
  const unsent = [...exceptions.values()].filter(({ kind }) => kind === 'not-sent');
  return [
    ...others.map((member) => lackOf(records.get(member) ?? newPeerRecord(member), seen)).filter((lack) => lack !== undefined),
    ...(unsent.length === 0 ? [] : [{ reason: 'NotSent', message: `what was done to ${unsent.length.toString()} of its cluster's objects was not sent (${[...new Set(unsent.map(({ reason }) => reason))].join(', ')}), ${unsent[0]?.key ?? ''} among them: novactl federation status --verbose` } as const]),
    ...(inForce?.mode === 'hub-spoke' && replica.identity.hub === replica.identity.member ? [{ reason: 'IsHub', message: 'it is the hub: nobody else may change the objects of the federation, so change spec.mode at the hub first' } as const] : []),
  ];
}

function lackOf({ member, clock, seen: theirs, healthy, error }: PeerRecord, here: VersionVector): LeaveObstacle | undefined {
  if (clock?.state === 'recovering') return { reason: 'Recovering', member, message: `${member} has lost its state and recovers it from the others, this one among them` };
  if (theirs !== undefined && covers(theirs, here)) return undefined;
  if (!healthy) return { reason: 'NotHeard', member, message: `${member} cannot be heard, so that nobody knows whether it has everything${error === undefined ? '' : `: ${error}`}` };
  return { reason: 'NotLevel', member, message: `${member} has not said yet that it has ${countMissing(here, theirs).toString()} of the changes that are here` };
}

const countMissing = (here: VersionVector, there: VersionVector | undefined): number =>
  [...here].reduce((sum, [log, counter]) => sum + Math.max(0, counter - (there?.get(log) ?? 0)), 0);

