import { AgentService } from '../../proto/gen/novaedge/federation/v1/agent_service_pb.ts';
import { BridgeService } from '../../proto/gen/novaedge/federation/v1/bridge_service_pb.ts';
import { OperatorService } from '../../proto/gen/novaedge/federation/v1/operator_service_pb.ts';
import { PeerService } from '../../proto/gen/novaedge/federation/v1/peer_service_pb.ts';

/** All services of the contract, by the role that calls them. */
export const SERVICES = { peer: PeerService, bridge: BridgeService, agent: AgentService, operator: OperatorService } as const;

/** Every method of a service by its local name, so that a table over all of them is complete or does not compile. */
export type PerMethod<Service extends keyof typeof SERVICES, Value> = Readonly<Record<keyof (typeof SERVICES)[Service]['method'], Value>>;
