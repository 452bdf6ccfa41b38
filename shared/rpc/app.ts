import type { Operator } from '../ports/operator.ts';
import type { Region } from '../ports/region.ts';
import type { AgentHandlers } from './agent-service.ts';
import { offerToAgents } from './agent-service.ts';
import { offerToBridges } from './bridge-service.ts';
import type { CallServer, CallServerOptions } from './call-server.ts';
import { createCallServer } from './call-server.ts';
import { offerExchangeToOperators } from './operator-exchange-service.ts';
import { offerToOperators } from './operator-service.ts';
import type { PeerHandlers } from './peer-service.ts';
import { offerToPeers } from './peer-service.ts';
import { jsonCoding } from './json-coding.ts';

/** What a program serves. A service without handlers is not offered there. */
export interface Handlers { readonly peer?: PeerHandlers; readonly bridge?: Region; readonly agent?: AgentHandlers; readonly operator?: Operator }

export interface AppOptions extends Omit<CallServerOptions, 'offers'> {
  /** The services offered: those that have handlers. */
  readonly handlers: Handlers;
}

/** All the services that there are handlers for, with messages in binary and in JSON: for programs whose size does not matter (see offer.ts). */
export function createApp({ handlers: { peer, bridge, agent, operator }, ...options }: AppOptions): CallServer {
  const offers = [peer && offerToPeers(peer), bridge && offerToBridges(bridge), agent && offerToAgents(agent), operator && offerToOperators(operator), operator && offerExchangeToOperators(operator)];
  return createCallServer({ json: jsonCoding, ...options, offers: offers.filter((offered) => offered !== undefined) });
}
