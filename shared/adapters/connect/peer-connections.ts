import { isInDomains } from '../../model/endpoint.ts';
import type { FederationSpec, RemoteMember } from '../../model/federation-spec.ts';
import type { Member } from '../../model/ids.ts';
import type { Peer, Peers } from '../../ports/peer.ts';
import type { ClientTls } from './connection.ts';
import { ConnectPeer } from './connect-peer.ts';

export interface PeerConnectionsOptions {
  readonly federationId: string;
  /** Asked before every call: whoever rotates certificates answers with new ones. */
  readonly tls: () => ClientTls;
  /** Domains that endpoints may be in; empty or left out: any. Others are not called. */
  readonly domains?: readonly string[];
  /** Told when a peer refused this member's certificate, or its own was refused here. */
  readonly onRefused?: () => void;
}

/** Connections to the members that the spec in force lists; a changed endpoint makes a new one. */
export class PeerConnections implements Peers {
  readonly #options: PeerConnectionsOptions;
  readonly #connections = new Map<Member, { readonly name: string; readonly peer: ConnectPeer }>();
  #spec: FederationSpec | undefined;

  constructor(options: PeerConnectionsOptions) { this.#options = options; }

  /** Takes over what the spec says of its members. */
  follow(spec: FederationSpec | undefined): void { this.#spec = spec; }

  peer(member: Member): Peer | undefined {
    const listed = this.#spec?.members.find(({ name }) => name === member);
    if (listed === undefined || this.#spec === undefined) return undefined;
    if (!isInDomains(listed.endpoint, this.#options.domains ?? [])) return undefined;
    const { sync: { compression, timeoutMs }, healthCheck } = this.#spec;
    const name = JSON.stringify([listed.endpoint, listed.tls, compression, timeoutMs, healthCheck.timeoutMs]);
    const known = this.#connections.get(member);
    if (known?.name === name) return known.peer;
    known?.peer.close();
    const peer = new ConnectPeer({
      federationId: this.#options.federationId, member, endpoint: listed.endpoint, tls: () => this.#tlsOf(listed), compression,
      callTimeoutMs: timeoutMs, heartbeatTimeoutMs: healthCheck.timeoutMs, onRefused: this.#options.onRefused,
    });
    this.#connections.set(member, { name, peer });
    return peer;
  }

  close(): void { for (const { peer } of this.#connections.values()) peer.close(); }

  #tlsOf({ tls }: RemoteMember): ClientTls {
    return { ...this.#options.tls(), serverName: tls.serverName, insecureSkipVerify: tls.insecureSkipVerify };
  }
}
