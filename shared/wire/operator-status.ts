import type { MessageInitShape } from '@bufbuild/protobuf';
import type { FederationStatus as WireStatus, FederationStatusSchema, MemberStatus as WireMember, MemberStatusSchema } from '../../proto/gen/novaedge/federation/v1/operator_service_pb.ts';
import { Phase as WirePhase } from '../../proto/gen/novaedge/federation/v1/operator_service_pb.ts';
import type { FederationStatus, MemberStatus, Phase } from '../ports/operator.ts';
import { readExceptions } from './bridge-pull.ts';
import { readConditions, writeConditions } from './conditions.ts';
import { enumWords } from './enums.ts';
import { MAX_LOGS, MAX_MEMBERS } from './limits.ts';
import { requireFederationId, requireMember } from './names.ts';
import { readHold, writeHold } from './operator-holds.ts';
import { strategyWords } from './settings.ts';
import { big, cleanText, optionalBig, optionalText, requireList, requireNumber, requireText, requireTimeMs } from './values.ts';

const phases = enumWords<WirePhase, Phase>({
  Initializing: WirePhase.INITIALIZING, Syncing: WirePhase.SYNCING, Healthy: WirePhase.HEALTHY, Degraded: WirePhase.DEGRADED, Partitioned: WirePhase.PARTITIONED, Left: WirePhase.LEFT,
});

/** A federation's status on its way out. */
export const writeStatus = (status: FederationStatus): MessageInitShape<typeof FederationStatusSchema> => ({
  federationId: status.federationId,
  localMember: status.localMember,
  phase: phases.toWire(status.phase),
  mode: status.mode,
  strategy: strategyWords.toWire(status.strategy),
  members: status.members.map(writeMember),
  conflictsPending: big(status.conflictsPending),
  resources: big(status.resources),
  exceptions: status.exceptions.map(({ key, reason, message }) => ({ key, reason: cleanText(reason), message: cleanText(message) })),
  conditions: writeConditions(status.conditions),
  merkleRoot: status.merkleRoot,
  localVectorClock: writeClock(status.localVectorClock),
  writesFenced: status.writesFenced,
  recovering: status.recovering,
  lastSyncMs: optionalBig(status.lastSyncMs),
  observedGeneration: big(status.observedGeneration),
  holds: status.holds.map(writeHold),
});

/** @throws WireError */
export const readStatus = (field: string, message: WireStatus): FederationStatus => ({
  federationId: requireFederationId(`${field}.federation_id`, message.federationId),
  localMember: requireMember(`${field}.local_member`, message.localMember),
  phase: phases.toModel(`${field}.phase`, message.phase),
  mode: requireText(`${field}.mode`, message.mode),
  strategy: strategyWords.toModel(`${field}.strategy`, message.strategy),
  members: requireList(`${field}.members`, message.members, MAX_MEMBERS).map((member, at) => readMember(`${field}.members[${at.toString()}]`, member)),
  conflictsPending: requireNumber(`${field}.conflicts_pending`, message.conflictsPending),
  resources: requireNumber(`${field}.resources`, message.resources),
  exceptions: readExceptions(`${field}.exceptions`, message.exceptions),
  conditions: readConditions(`${field}.conditions`, message.conditions),
  merkleRoot: requireText(`${field}.merkle_root`, message.merkleRoot),
  localVectorClock: readClock(`${field}.local_vector_clock`, message.localVectorClock),
  writesFenced: message.writesFenced,
  recovering: message.recovering,
  lastSyncMs: optionalTimeMs(`${field}.last_sync_ms`, message.lastSyncMs),
  observedGeneration: requireNumber(`${field}.observed_generation`, message.observedGeneration),
  holds: requireList(`${field}.holds`, message.holds).map((hold, at) => readHold(`${field}.holds[${at.toString()}]`, hold)),
});

const writeMember = (member: MemberStatus): MessageInitShape<typeof MemberStatusSchema> => ({
  ...member,
  ...(member.error !== undefined && { error: cleanText(member.error) }),
  lastSeenMs: optionalBig(member.lastSeenMs),
  lastSyncMs: optionalBig(member.lastSyncMs),
  syncLagMs: optionalBig(member.syncLagMs),
  agents: big(member.agents),
  vectorClock: writeClock(member.vectorClock),
});

const readMember = (field: string, message: WireMember): MemberStatus => ({
  name: requireMember(`${field}.name`, message.name),
  region: requireText(`${field}.region`, message.region),
  endpoint: requireText(`${field}.endpoint`, message.endpoint),
  isLocal: message.isLocal,
  healthy: message.healthy,
  error: optionalText(`${field}.error`, message.error),
  lastSeenMs: optionalTimeMs(`${field}.last_seen_ms`, message.lastSeenMs),
  lastSyncMs: optionalTimeMs(`${field}.last_sync_ms`, message.lastSyncMs),
  syncLagMs: message.syncLagMs === undefined ? undefined : requireNumber(`${field}.sync_lag_ms`, message.syncLagMs),
  agents: requireNumber(`${field}.agents`, message.agents),
  vectorClock: readClock(`${field}.vector_clock`, message.vectorClock),
});

const optionalTimeMs = (field: string, value: bigint | undefined): number | undefined => (value === undefined ? undefined : requireTimeMs(field, value));

const writeClock = (clock: Readonly<Record<string, number>>): Record<string, bigint> =>
  Object.fromEntries(Object.entries(clock).map(([name, counter]) => [name, big(counter)]));

function readClock(field: string, clock: Readonly<Record<string, bigint>>): Readonly<Record<string, number>> {
  const entries = requireList(field, Object.entries(clock), MAX_LOGS);
  return Object.fromEntries(entries.map(([name, counter]) => [requireText(field, name, 64), requireNumber(`${field}.${name}`, counter)]));
}
