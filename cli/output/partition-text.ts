import type { FederationStatus } from '../../shared/ports/operator.ts';

/** What a region says of partitions and quorum; the wire has the same fields (`SplitBrainStatus`). */
export interface SplitBrainStatus {
  readonly partitionState: 'Healthy' | 'Suspected' | 'Confirmed' | 'Healing';
  readonly quorumMode: 'Controllers' | 'AgentAssisted';
  readonly haveQuorum: boolean;
  readonly reachablePeers: readonly string[];
  readonly unreachablePeers: readonly string[];
  readonly agentQuorum: AgentQuorum | undefined;
}
export interface AgentQuorum {
  readonly ourVotes: number;
  readonly totalVotes: number;
  readonly quorumThreshold: number;
  readonly reachableAgents: number;
  readonly totalAgents: number;
}

/** A status that may carry what its region thinks of partitions. */
export type StatusWithPartition = FederationStatus & { readonly splitBrain?: SplitBrainStatus | undefined };

export type PartitionState = SplitBrainStatus['partitionState'];

/**
 * Where the federation is in `Healthy → Suspected → Confirmed → Healing`, as far as the status says: a region that does not judge
 * partitions still tells whether it reaches all members or none.
 */
export function partitionStateOf({ splitBrain, phase, members }: StatusWithPartition): PartitionState | undefined {
  if (splitBrain !== undefined) return splitBrain.partitionState;
  if (phase === 'Partitioned') return 'Confirmed';
  return members.every(({ healthy }) => healthy) ? 'Healthy' : undefined;
}

/** The lines of the setup guide's "Monitoring Split-Brain State", in its order, below `Phase:`. */
export function partitionLines(status: StatusWithPartition): readonly string[] {
  const peers = status.members.filter(({ isLocal }) => !isLocal);
  const state = partitionStateOf(status);
  const stateLines = [
    ...(state === undefined ? [] : [`Partition State: ${state}`]),
    `Reachable Peers: ${peers.filter(({ healthy }) => healthy).length.toString()}/${peers.length.toString()}`,
  ];
  const fenced = `Writes Fenced: ${yesNo(status.writesFenced)}`;
  const readable = 'Reads Allowed: Yes';
  const { splitBrain } = status;
  const agents = splitBrain?.agentQuorum;
  if (splitBrain === undefined) return [...stateLines, fenced, readable];
  const quorum = `Have Quorum: ${yesNo(splitBrain.haveQuorum)}`;
  if (agents === undefined) return [...stateLines, fenced, readable, `Quorum Mode: ${splitBrain.quorumMode}`, quorum];
  return [
    `Quorum Mode: ${splitBrain.quorumMode}`,
    `Our Votes: ${agents.ourVotes.toString()} / ${agents.totalVotes.toString()} total`,
    `Quorum Threshold: ${agents.quorumThreshold.toString()}`,
    quorum,
    `Reachable Agents: ${agents.reachableAgents.toString()}`,
    fenced,
    ...stateLines,
    readable,
  ];
}

export const yesNo = (value: boolean): string => (value ? 'Yes' : 'No');
