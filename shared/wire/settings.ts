import type { MessageInitShape } from '@bufbuild/protobuf';
import type { SharedSettings as WireSettings, SharedSettingsSchema, SplitBrain as WireSplitBrain } from '../../proto/gen/novaedge/federation/v1/member_pb.ts';
import { Mode as WireMode, QuorumMode, Strategy as WireStrategy } from '../../proto/gen/novaedge/federation/v1/member_pb.ts';
import { OWNERSHIP_MARKS } from '../model/federated-part.ts';
import type { Mode, SharedSettings, SplitBrain } from '../model/shared-settings.ts';
import type { Strategy } from '../model/view.ts';
import { enumWords } from './enums.ts';
import { big, requireList, requireNumber, requireSet, requireText, requireTimeMs } from './values.ts';

export const modeWords = enumWords<WireMode, Mode>({ 'hub-spoke': WireMode.HUB_SPOKE, mesh: WireMode.MESH, unified: WireMode.UNIFIED });
export const strategyWords = enumWords<WireStrategy, Strategy>({ LastWriterWins: WireStrategy.LAST_WRITER_WINS, Merge: WireStrategy.MERGE, Manual: WireStrategy.MANUAL });
const quorumWords = enumWords<QuorumMode, SplitBrain['quorumMode']>({ Controllers: QuorumMode.CONTROLLERS, AgentAssisted: QuorumMode.AGENT_ASSISTED });

export const writeSettings = ({ mode, strategy, splitBrain, tombstoneTtlMs, ownershipMarks }: SharedSettings): MessageInitShape<typeof SharedSettingsSchema> => ({
  mode: modeWords.toWire(mode),
  strategy: strategyWords.toWire(strategy),
  splitBrain: {
    ...splitBrain,
    quorumMode: quorumWords.toWire(splitBrain.quorumMode),
    partitionTimeoutMs: big(splitBrain.partitionTimeoutMs),
    healingGracePeriodMs: big(splitBrain.healingGracePeriodMs),
  },
  tombstoneTtlMs: big(tombstoneTtlMs),
  ownershipMarks: [...ownershipMarks],
});

/** @throws WireError */
export const readSettings = (field: string, message: WireSettings): SharedSettings => ({
  mode: modeWords.toModel(`${field}.mode`, message.mode),
  strategy: strategyWords.toModel(`${field}.strategy`, message.strategy),
  splitBrain: readSplitBrain(`${field}.split_brain`, requireSet(`${field}.split_brain`, message.splitBrain, 'the split-brain settings')),
  tombstoneTtlMs: requireTimeMs(`${field}.tombstone_ttl_ms`, message.tombstoneTtlMs),
  ownershipMarks: readMarks(`${field}.ownership_marks`, message.ownershipMarks),
});

/** Marks that stay in their cluster. A sender that knows of no list means the default. @throws WireError */
export const readMarks = (field: string, marks: readonly string[]): readonly string[] =>
  marks.length === 0 ? OWNERSHIP_MARKS : requireList(field, marks).map((mark, at) => requireText(`${field}[${at.toString()}]`, mark));

const readSplitBrain = (field: string, message: WireSplitBrain): SplitBrain => ({
  enabled: message.enabled,
  quorumMode: quorumWords.toModel(`${field}.quorum_mode`, message.quorumMode),
  quorumRequired: message.quorumRequired,
  fencingEnabled: message.fencingEnabled,
  ...(message.quorumSize === undefined ? {} : { quorumSize: requireNumber(`${field}.quorum_size`, message.quorumSize, { min: 1 }) }),
  partitionTimeoutMs: requireTimeMs(`${field}.partition_timeout_ms`, message.partitionTimeoutMs),
  healingGracePeriodMs: requireTimeMs(`${field}.healing_grace_period_ms`, message.healingGracePeriodMs),
  autoResolveOnHeal: message.autoResolveOnHeal,
  controllerWeight: message.controllerWeight,
  agentWeight: message.agentWeight,
  minAgentsForQuorum: message.minAgentsForQuorum,
});
