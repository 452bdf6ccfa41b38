import type { Hash, Member } from '../model/ids.ts';
import type { Peer } from '../ports/peer.ts';
import { answerCompare, answerFetchRows } from './compare.ts';
import { receiveHeartbeat } from './heartbeat.ts';
import { answerPeer } from './pages.ts';
import { receivePush } from './push.ts';
import type { Replica } from './replica.ts';

/** Log entries in one page at most, whatever a peer asks for. */
const MAX_PULL_LIMIT = 1000;

/** A region as its peers call it: the methods of `Peer`, with the member that calls. */
export type PeerHandlers = {
  readonly [Method in Exclude<keyof Peer, 'member'>]: (caller: Member, ...args: Parameters<Peer[Method]>) => ReturnType<Peer[Method]>;
};

/** Answers peers. Everything that arrives has been authenticated and parsed; what it says is still not believed (DESIGN §10). */
export function peerHandlers(replica: Replica): PeerHandlers {
  return {
    pull: (_caller, request) => answerPeer(replica, { ...request, limit: Math.min(request.limit, MAX_PULL_LIMIT) }),
    push: (caller, request, signal) => receivePush(replica, replica.peers.peer(caller), caller, request, signal),
    heartbeat: (caller, beat) => receiveHeartbeat(replica, caller, beat),
    compareDigests: (_caller, request) => answerCompare(replica, request),
    fetchRows: (_caller, request) => answerFetchRows(replica, request),
    fetchContents: async (_caller, { wanted }) => {
      const contents = new Map<Hash, string>();
      for (const { key, hash } of wanted) {
        const text = await replica.store.content(key, hash);
        if (text !== undefined) contents.set(hash, text);
      }
      return { contents };
    },
  };
}
