export type { ClientTls } from './connection.ts';
export type { ConnectOperatorOptions } from './connect-operator.ts';
export { ConnectOperator } from './connect-operator.ts';
export type { ConnectPeerOptions } from './connect-peer.ts';
export { ConnectPeer } from './connect-peer.ts';
export type { ConnectRegionOptions } from './connect-region.ts';
export { ConnectRegion } from './connect-region.ts';
export { endpointUrl } from './endpoint.ts';
