import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  ApplyResourceResponse, ApplyResourceResponseSchema, ConflictInfo as WireConflict, ConflictInfoSchema, HistoryResponse, HistoryResponse_Entry, HistoryResponseSchema,
  ResourceInfo as WireResource, ResourceInfoSchema, VersionInfo as WireVersion, VersionInfoSchema,
} from '../../proto/gen/novaedge/federation/v1/operator_service_pb.ts';
import { ApplyOutcome as WireOutcome, ConflictStatus, HistoryKind } from '../../proto/gen/novaedge/federation/v1/operator_service_pb.ts';
import type { ResourceKey } from '../model/ids.ts';
import type { ConflictInfo, HistoryEntry, Operator, ResourceInfo, VersionInfo, VersionName } from '../ports/operator.ts';
import { enumWords } from './enums.ts';
import { MAX_CONTENT_BYTES, MAX_ENTRIES, MAX_FIELD_PATHS, MAX_SIBLINGS } from './limits.ts';
import { requireHex, requireKey, requireMember } from './names.ts';
import { strategyWords } from './settings.ts';
import { big, cleanText, optionalBig, requireList, requireText, requireTimeMs } from './values.ts';
import { WireError } from './wire-error.ts';

const conflictStatuses = enumWords<ConflictStatus, ConflictInfo['status']>({ pending: ConflictStatus.PENDING, decided: ConflictStatus.DECIDED });
const historyKinds = enumWords<HistoryKind, HistoryEntry['what']>({
  written: HistoryKind.WRITTEN, deleted: HistoryKind.DELETED, superseded: HistoryKind.SUPERSEDED, touched: HistoryKind.TOUCHED,
});
const outcomes = enumWords<WireOutcome, Applied['outcome']>({ created: WireOutcome.CREATED, configured: WireOutcome.CONFIGURED, unchanged: WireOutcome.UNCHANGED });

/** A manifest as people read it: a content, re-indented. */
const MAX_MANIFEST_CHARACTERS = 2 * MAX_CONTENT_BYTES;

/** A manifest on its way in. @throws WireError */
export function requireManifestText(field: string, text: string): string {
  if (text.length > MAX_MANIFEST_CHARACTERS) throw new WireError(field, `has ${text.length.toString()} characters`, `at most ${MAX_MANIFEST_CHARACTERS.toString()}`);
  return text;
}

export const writeResource = (resource: ResourceInfo): MessageInitShape<typeof ResourceInfoSchema> => ({
  key: resource.key,
  manifest: resource.manifest,
  hash: resource.hash,
  versions: resource.versions.map(writeVersion),
  ...(resource.conflict !== undefined && { conflict: conflictStatuses.toWire(resource.conflict) }),
});

/** @throws WireError */
export const readResource = (field: string, message: WireResource): ResourceInfo => ({
  key: requireKey(`${field}.key`, message.key),
  manifest: requireManifestText(`${field}.manifest`, message.manifest),
  hash: requireHex(`${field}.hash`, message.hash),
  versions: requireList(`${field}.versions`, message.versions, MAX_SIBLINGS).map((version, at) => readVersion(`${field}.versions[${at.toString()}]`, version)),
  conflict: message.conflict === undefined ? undefined : conflictStatuses.toModel(`${field}.conflict`, message.conflict),
});

const writeVersion = (version: VersionInfo): MessageInitShape<typeof VersionInfoSchema> => ({ ...version, writtenAtMs: big(version.writtenAtMs) });

const readVersion = (field: string, message: WireVersion): VersionInfo => ({
  version: requireText(`${field}.version`, message.version),
  member: requireMember(`${field}.member`, message.member),
  isLocal: message.isLocal,
  writtenAtMs: requireTimeMs(`${field}.written_at_ms`, message.writtenAtMs),
  origin: requireText(`${field}.origin`, message.origin),
  deleted: message.deleted,
  hash: message.hash === undefined ? undefined : requireHex(`${field}.hash`, message.hash),
  manifest: message.manifest === undefined ? undefined : requireManifestText(`${field}.manifest`, message.manifest),
});

export const writeConflict = (conflict: ConflictInfo): MessageInitShape<typeof ConflictInfoSchema> => ({
  key: conflict.key,
  status: conflictStatuses.toWire(conflict.status),
  strategy: strategyWords.toWire(conflict.strategy),
  detectedAtMs: big(conflict.detectedAtMs),
  overlapping: conflict.overlapping.map((path) => cleanText(path)),
  versions: conflict.versions.map(writeVersion),
  ...(conflict.winner !== undefined && { winner: conflict.winner.version, winnerMember: conflict.winner.member }),
  why: cleanText(conflict.why),
});

/** @throws WireError */
export const readConflict = (field: string, message: WireConflict): ConflictInfo => ({
  key: requireKey(`${field}.key`, message.key),
  status: conflictStatuses.toModel(`${field}.status`, message.status),
  strategy: strategyWords.toModel(`${field}.strategy`, message.strategy),
  detectedAtMs: requireTimeMs(`${field}.detected_at_ms`, message.detectedAtMs),
  overlapping: requireList(`${field}.overlapping`, message.overlapping, MAX_FIELD_PATHS).map((path, at) => requireText(`${field}.overlapping[${at.toString()}]`, path)),
  versions: requireList(`${field}.versions`, message.versions, MAX_SIBLINGS).map((version, at) => readVersion(`${field}.versions[${at.toString()}]`, version)),
  winner: readWinner(field, message),
  why: requireText(`${field}.why`, message.why),
});

/** A region that does not say whose version the winner is yet may mean any of that number. */
function readWinner(field: string, { winner, winnerMember, versions }: WireConflict): VersionName | undefined {
  const member = winnerMember ?? versions.find(({ version }) => version === winner)?.member;
  if (winner === undefined || member === undefined) return undefined;
  return { version: requireText(`${field}.winner`, winner), member: requireMember(`${field}.winner_member`, member) };
}

export const writeHistory = (entries: readonly HistoryEntry[]): MessageInitShape<typeof HistoryResponseSchema> => ({
  entries: entries.map((entry) => ({ version: entry.version, member: entry.member, committedAtMs: optionalBig(entry.committedAtMs), what: historyKinds.toWire(entry.what) })),
});

/** @throws WireError */
export const readHistory = ({ entries }: HistoryResponse): readonly HistoryEntry[] =>
  requireList('entries', entries, MAX_ENTRIES).map((entry, at) => readHistoryEntry(`entries[${at.toString()}]`, entry));

const readHistoryEntry = (field: string, entry: HistoryResponse_Entry): HistoryEntry => ({
  version: requireText(`${field}.version`, entry.version),
  member: requireMember(`${field}.member`, entry.member),
  committedAtMs: entry.committedAtMs === undefined ? undefined : requireTimeMs(`${field}.committed_at_ms`, entry.committedAtMs),
  what: historyKinds.toModel(`${field}.what`, entry.what),
});

type Applied = Awaited<ReturnType<Operator['apply']>>;

export const writeApplied = ({ key, version, outcome }: Applied): MessageInitShape<typeof ApplyResourceResponseSchema> =>
  ({ key, version, outcome: outcomes.toWire(outcome) });

/** @throws WireError */
export const readApplied = ({ key, version, outcome }: ApplyResourceResponse): { readonly key: ResourceKey; readonly version: string; readonly outcome: Applied['outcome'] } =>
  ({ key: requireKey('key', key), version: requireText('version', version), outcome: outcomes.toModel('outcome', outcome) });
