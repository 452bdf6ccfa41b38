import type { Member } from '../model/ids.ts';
import type { Compacted, CompareRequest, CompareResponse, FetchContentsRequest, FetchContentsResponse, FetchRowsRequest, FetchRowsResponse, Heartbeat, Page, Peer, PullRequest, PushRequest, PushResult } from '../ports/peer.ts';
import { withDeadline } from './deadline.ts';
import type { Replica } from './replica.ts';
import { loadSettings } from './settings.ts';

/**
 * A peer with a time limit on every call, by the spec (`healthCheck.timeout` for heartbeats, `sync.timeout` for the rest) or, before
 * there is one, by `limits.peerTimeoutMs`. It holds whatever the adapter does: a call that ignores its signal is no longer waited for.
 */
export const patient = (replica: Replica, peer: Peer): Peer => (peer instanceof PatientPeer ? peer : new PatientPeer(replica, peer));

class PatientPeer implements Peer {
  readonly member: Member;
  readonly #replica: Replica;
  readonly #peer: Peer;

  constructor(replica: Replica, peer: Peer) {
    this.member = peer.member;
    this.#replica = replica;
    this.#peer = peer;
  }

  pull(request: PullRequest, signal: AbortSignal): Promise<Page | Compacted> { return this.#call('pull', signal, (inner) => this.#peer.pull(request, inner)); }
  push(request: PushRequest, signal: AbortSignal): Promise<PushResult> { return this.#call('push', signal, (inner) => this.#peer.push(request, inner)); }
  heartbeat(beat: Heartbeat, signal: AbortSignal): Promise<Heartbeat> { return this.#call('heartbeat', signal, (inner) => this.#peer.heartbeat(beat, inner)); }
  compareDigests(request: CompareRequest, signal: AbortSignal): Promise<CompareResponse> { return this.#call('compareDigests', signal, (inner) => this.#peer.compareDigests(request, inner)); }
  fetchRows(request: FetchRowsRequest, signal: AbortSignal): Promise<FetchRowsResponse> { return this.#call('fetchRows', signal, (inner) => this.#peer.fetchRows(request, inner)); }
  fetchContents(request: FetchContentsRequest, signal: AbortSignal): Promise<FetchContentsResponse> { return this.#call('fetchContents', signal, (inner) => this.#peer.fetchContents(request, inner)); }

  /** @throws DeadlineError */
  async #call<Answer>(method: Exclude<keyof Peer, 'member'>, signal: AbortSignal, call: (inner: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const { spec } = await loadSettings(this.#replica);
    const given = method === 'heartbeat' ? spec?.healthCheck.timeoutMs : spec?.sync.timeoutMs;
    return withDeadline(this.#replica.clock, given ?? this.#replica.limits.peerTimeoutMs, signal, `${this.member} (${method})`, call);
  }
}
