import type { ClientTls, PeerConnectionsOptions } from '../../shared/adapters/connect/index.ts';
import type { FederationSpec } from '../../shared/model/federation-spec.ts';
import type { Peers } from '../../shared/ports/peer.ts';

/** Peers by the spec in force. */
export interface FollowingPeers extends Peers {
  follow(spec: FederationSpec | undefined): void;
  close(): void;
}

/**
 * Whom a function deals with besides the store. Those that call nobody leave Connect's client out of their bundle, and those that are
 * not called either need no certificate.
 */
export interface Reach {
  readonly readsSecret: boolean;
  readonly peers: (options: PeerConnectionsOptions & { readonly tls: () => ClientTls }) => FollowingPeers;
}

const nobody: FollowingPeers = { peer: () => undefined, follow: () => undefined, close: () => undefined };

/** The store, the ledger, the bus. */
export const STATE_ONLY: Reach = { readsSecret: false, peers: () => nobody };
/** Is called, and calls no peers. */
export const CALLED: Reach = { readsSecret: true, peers: () => nobody };
