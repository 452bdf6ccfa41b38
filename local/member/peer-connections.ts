import { ConnectPeer } from '../../shared/adapters/connect/index.ts';
import type { ClientTls } from '../../shared/adapters/connect/index.ts';
import type { FederationSpec, RemoteMember } from '../../shared/model/federation-spec.ts';
import type { Member } from '../../shared/model/ids.ts';
import type { Peer, Peers } from '../../shared/ports/peer.ts';

/** Connections to the members that the spec in force lists; a changed endpoint makes a new one. */
export class PeerConnections implements Peers {
  readonly #federationId: string;
  readonly #tls: ClientTls;
  readonly #connections = new Map<Member, { readonly name: string; readonly peer: ConnectPeer }>();
  #spec: FederationSpec | undefined;

  constructor(federationId: string, tls: ClientTls) {
    this.#federationId = federationId;
    this.#tls = tls;
  }

  /** Takes over what the spec says of its members. */
  follow(spec: FederationSpec | undefined): void { this.#spec = spec; }

  peer(member: Member): Peer | undefined {
    const listed = this.#spec?.members.find(({ name }) => name === member);
    if (listed === undefined || this.#spec === undefined) return undefined;
    const { sync: { compression, timeoutMs }, healthCheck } = this.#spec;
    const name = JSON.stringify([listed.endpoint, listed.tls, compression, timeoutMs, healthCheck.timeoutMs]);
    const known = this.#connections.get(member);
    if (known?.name === name) return known.peer;
    known?.peer.close();
    const peer = new ConnectPeer({
      federationId: this.#federationId, member, endpoint: listed.endpoint, tls: () => this.#tlsOf(listed), compression,
      callTimeoutMs: timeoutMs, heartbeatTimeoutMs: healthCheck.timeoutMs,
    });
    this.#connections.set(member, { name, peer });
    return peer;
  }

  close(): void { for (const { peer } of this.#connections.values()) peer.close(); }

  #tlsOf({ tls }: RemoteMember): ClientTls {
    return { ...this.#tls, serverName: tls.serverName, insecureSkipVerify: tls.insecureSkipVerify };
  }
}
