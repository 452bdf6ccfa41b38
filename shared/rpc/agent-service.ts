import type { MessageInitShape } from '@bufbuild/protobuf';
import type { PollRequest, PollResponseSchema } from '../../proto/gen/novaedge/federation/v1/agent_service_pb.ts';
import { AgentService } from '../../proto/gen/novaedge/federation/v1/agent_service_codec.ts';
import { ReplicaError } from '../ports/errors.ts';
import { requireMatch } from '../wire/values.ts';
import { callerWithRole } from './call.ts';
import type { AgentCaller } from './caller.ts';
import type { Methods, Offer } from './offer.ts';
import { offer } from './offer.ts';

/** What a region does for agents. */
export interface AgentHandlers {
  poll(caller: AgentCaller, request: PollRequest, signal: AbortSignal): Promise<MessageInitShape<typeof PollResponseSchema>>;
}

/** For regions that serve no agents yet. */
export const noAgents: AgentHandlers = {
  poll: () => Promise.reject(new ReplicaError('unsupported', 'this version serves no agents yet; an agent stays with the configuration it has')),
};

const NODE = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** AgentService over handlers. An agent whose certificate names a node speaks for that node only. */
export const agentService = (handlers: AgentHandlers): Methods<typeof AgentService> => ({
  async poll(request, context) {
    const caller = callerWithRole(context, 'agent');
    requireMatch('node', request.node, NODE, 'the name of a Kubernetes node');
    if (caller.node !== undefined && caller.node !== request.node) throw new ReplicaError('refused', `node is ${request.node}, but the certificate is that of ${caller.node}`);
    return handlers.poll(caller, request, context.signal);
  },
});

/** AgentService, for agents. */
export const offerToAgents = (handlers: AgentHandlers): Offer => offer('agent', AgentService, () => agentService(handlers));
