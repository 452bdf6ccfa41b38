import { PeerConnections } from '../../shared/adapters/connect/peer-connections.ts';
import type { Reach } from './reach.ts';

/** Calls the peers of the spec in force, with the member's certificate. */
export const CALLS_PEERS: Reach = { readsSecret: true, peers: (options) => new PeerConnections(options) };
