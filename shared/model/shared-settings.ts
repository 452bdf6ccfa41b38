import type { Strategy } from './view.ts';

/** Settings that must be equal everywhere; they travel with the heartbeat, and in force is what the majority asks for (DESIGN §4). */
export interface SharedSettings {
  readonly mode: Mode;
  readonly strategy: Strategy;
  readonly splitBrain: SplitBrain;
  readonly tombstoneTtlMs: number;
  /** Labels and annotations that stay in their cluster (`OWNERSHIP_MARKS`): what one member keeps local, another must not send. */
  readonly ownershipMarks: readonly string[];
}

export type Mode = 'hub-spoke' | 'mesh' | 'unified';
export const MODES = ['hub-spoke', 'mesh', 'unified'] as const satisfies readonly Mode[];

/** Split-brain protection with the guides' two spellings read into one meaning (DESIGN §6). */
export interface SplitBrain {
  readonly enabled: boolean;
  readonly quorumMode: 'Controllers' | 'AgentAssisted';
  readonly quorumRequired: boolean;
  readonly fencingEnabled: boolean;
  readonly quorumSize?: number;
  readonly partitionTimeoutMs: number;
  readonly healingGracePeriodMs: number;
  readonly autoResolveOnHeal: boolean;
  readonly controllerWeight: number;
  readonly agentWeight: number;
  readonly minAgentsForQuorum: number;
}
