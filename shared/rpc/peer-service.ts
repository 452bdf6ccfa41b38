import { PeerService } from '../../proto/gen/novaedge/federation/v1/peer_service_codec.ts';
import type { Member } from '../model/ids.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { Heartbeat, Peer } from '../ports/peer.ts';
import { readCompareRequest, writeCompareResponse } from '../wire/compare-messages.ts';
import { readHeartbeat, writeHeartbeat } from '../wire/heartbeat.ts';
import {
  readFetchContentsRequest, readFetchRowsRequest, readPullRequest, readPushRequest, writeFetchContentsResponse, writeFetchRowsResponse, writePullResponse, writePushResult,
} from '../wire/peer-messages.ts';
import { callerWithRole } from './call.ts';
import type { Methods, Offer } from './offer.ts';
import { offer } from './offer.ts';

/** What a member does for its peers: the calls of `Peer` from the other side, with the member that calls. */
export type PeerHandlers = {
  readonly [Call in Exclude<keyof Peer, 'member'>]: (caller: Member, ...call: Parameters<Peer[Call]>) => ReturnType<Peer[Call]>;
};

/** PeerService over handlers. Who may call is decided before; that a caller speaks in its own name, here. */
export const peerService = (handlers: PeerHandlers, federationId: string): Methods<typeof PeerService> => ({
  async pull(request, context) {
    return writePullResponse(await handlers.pull(memberOf(context), readPullRequest(request), context.signal));
  },
  async push(message, context) {
    const caller = memberOf(context);
    const request = readPushRequest(message);
    requireOwnName('from', request.kind === 'page' ? request.page.from : request.from, caller);
    return writePushResult(await handlers.push(caller, request, context.signal));
  },
  async heartbeat(request, context) {
    const caller = memberOf(context);
    const beat = readHeartbeat('heartbeat', request.heartbeat);
    requireOwnName('heartbeat.member', beat.member, caller);
    requireFederation(beat, federationId);
    return { heartbeat: writeHeartbeat(await handlers.heartbeat(caller, beat, context.signal)) };
  },
  async compareDigests(request, context) {
    return writeCompareResponse(await handlers.compareDigests(memberOf(context), readCompareRequest(request), context.signal));
  },
  async fetchRows(request, context) {
    return writeFetchRowsResponse(await handlers.fetchRows(memberOf(context), readFetchRowsRequest(request), context.signal));
  },
  async fetchContents(request, context) {
    return writeFetchContentsResponse(await handlers.fetchContents(memberOf(context), readFetchContentsRequest(request), context.signal));
  },
});

/** PeerService, for peers. */
export const offerToPeers = (handlers: PeerHandlers): Offer => offer('peer', PeerService, (federationId) => peerService(handlers, federationId));

const memberOf = (context: Parameters<typeof callerWithRole>[0]): Member => callerWithRole(context, 'peer').member;

function requireOwnName(field: string, named: Member, caller: Member): void {
  if (named !== caller) throw new ReplicaError('refused', `${field} is ${named}, but the certificate is that of ${caller}: a member speaks in its own name only`);
}

function requireFederation(beat: Heartbeat, federationId: string): void {
  if (beat.federationId !== federationId) throw new ReplicaError('refused', `heartbeat.federation_id is ${beat.federationId}, this is ${federationId}: set spec.federationID alike in all members`);
}
