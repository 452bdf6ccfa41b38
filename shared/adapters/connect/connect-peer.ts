import { PeerService } from '../../../proto/gen/novaedge/federation/v1/peer_service_codec.ts';
import type { Member } from '../../model/ids.ts';
import type { Compacted, CompareRequest, CompareResponse, FetchContentsRequest, FetchContentsResponse, FetchRowsRequest, FetchRowsResponse, Heartbeat, Page, Peer, PullRequest, PushRequest, PushResult } from '../../ports/peer.ts';
import { readCompareResponse, writeCompareRequest } from '../../wire/compare-messages.ts';
import { readHeartbeat, writeHeartbeat } from '../../wire/heartbeat.ts';
import {
  readFetchContentsResponse, readFetchRowsResponse, readPullResponse, readPushResult, writeFetchContentsRequest, writeFetchRowsRequest, writePullRequest, writePushRequest,
} from '../../wire/peer-messages.ts';
import { WireError } from '../../wire/wire-error.ts';
import { callServer } from './call.ts';
import type { ClientTls } from './connection.ts';
import { Connection } from './connection.ts';
import type { CallOptions, ClientOf } from './unary-client.ts';

export interface ConnectPeerOptions {
  readonly federationId: string;
  readonly member: Member;
  /** `host:port` as in the federation object. */
  readonly endpoint: string;
  readonly tls: () => ClientTls;
  readonly compression?: boolean;
  /** `sync.timeout`. Default 30 s. */
  readonly callTimeoutMs?: number;
  /** `healthCheck.timeout`. Default 5 s. */
  readonly heartbeatTimeoutMs?: number;
  /** Told when the peer refuses our certificate, or its own is refused here. */
  readonly onRefused?: (() => void) | undefined;
}

/** The guides' defaults. */
const CALL_TIMEOUT_MS = 30_000;
const HEARTBEAT_TIMEOUT_MS = 5000;

/** Another member over Connect. What it answers is checked as strictly as what comes in. */
export class ConnectPeer implements Peer {
  readonly member: Member;
  readonly #federationId: string;
  readonly #connection: Connection;
  readonly #callTimeoutMs: number;
  readonly #heartbeatTimeoutMs: number;

  /** @throws RangeError for an endpoint that is none */
  constructor({ federationId, member, endpoint, tls, compression, callTimeoutMs = CALL_TIMEOUT_MS, heartbeatTimeoutMs = HEARTBEAT_TIMEOUT_MS, onRefused }: ConnectPeerOptions) {
    this.member = member;
    this.#federationId = federationId;
    this.#connection = new Connection({ endpoint, tls, compression, onRefused, expected: { federationId, member } });
    this.#callTimeoutMs = callTimeoutMs;
    this.#heartbeatTimeoutMs = heartbeatTimeoutMs;
  }

  pull(request: PullRequest, signal: AbortSignal): Promise<Page | Compacted> {
    return this.#call(signal, async (client, options) => {
      const answer = readPullResponse(await client.pull(writePullRequest(request), options));
      if (answer.kind === 'page') this.#requireMember('page.from', answer.from);
      return answer;
    });
  }

  push(request: PushRequest, signal: AbortSignal): Promise<PushResult> {
    return this.#call(signal, async (client, options) => readPushResult(await client.push(writePushRequest(request), options)));
  }

  heartbeat(beat: Heartbeat, signal: AbortSignal): Promise<Heartbeat> {
    return this.#call(signal, async (client, options) => {
      const { heartbeat } = await client.heartbeat({ heartbeat: writeHeartbeat(beat) }, options);
      const answer = readHeartbeat('heartbeat', heartbeat);
      this.#requireMember('heartbeat.member', answer.member);
      if (answer.federationId !== this.#federationId) throw new WireError('heartbeat.federation_id', `is ${answer.federationId}`, this.#federationId);
      return answer;
    }, this.#heartbeatTimeoutMs);
  }

  compareDigests(request: CompareRequest, signal: AbortSignal): Promise<CompareResponse> {
    return this.#call(signal, async (client, options) => readCompareResponse(await client.compareDigests(writeCompareRequest(request), options)));
  }

  fetchRows(request: FetchRowsRequest, signal: AbortSignal): Promise<FetchRowsResponse> {
    return this.#call(signal, async (client, options) => readFetchRowsResponse(await client.fetchRows(writeFetchRowsRequest(request), options)));
  }

  fetchContents(request: FetchContentsRequest, signal: AbortSignal): Promise<FetchContentsResponse> {
    return this.#call(signal, async (client, options) => readFetchContentsResponse(await client.fetchContents(writeFetchContentsRequest(request), options)));
  }

  /** Ends its connections. */
  close(): void {
    this.#connection.close();
  }

  #call<T>(signal: AbortSignal, work: (client: ClientOf<typeof PeerService>, options: CallOptions) => Promise<T>, timeoutMs = this.#callTimeoutMs): Promise<T> {
    return callServer(this.member, timeoutMs, signal, (options) => work(this.#connection.client(PeerService), options));
  }

  /** A member speaks in its own name; what it forwards of others stands in rows and segments. */
  #requireMember(field: string, named: Member): void {
    if (named !== this.member) throw new WireError(field, `is ${named}`, this.member);
  }
}
