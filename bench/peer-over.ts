import type { Member } from '../shared/model/ids.ts';
import type { Peer } from '../shared/ports/peer.ts';
import { peerHandlers } from '../shared/replica/peer-handlers.ts';
import type { Replica } from '../shared/replica/replica.ts';

/** A member that is called without a network. */
export function peerOver(replica: Replica, caller: Member): Peer {
  const handlers = peerHandlers(replica);
  return {
    member: replica.identity.member,
    pull: (request, signal) => handlers.pull(caller, request, signal),
    push: (request, signal) => handlers.push(caller, request, signal),
    heartbeat: (beatOfCaller, signal) => handlers.heartbeat(caller, beatOfCaller, signal),
    compareDigests: (request, signal) => handlers.compareDigests(caller, request, signal),
    fetchRows: (request, signal) => handlers.fetchRows(caller, request, signal),
    fetchContents: (request, signal) => handlers.fetchContents(caller, request, signal),
  };
}
