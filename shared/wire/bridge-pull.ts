import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  ApplyException as WireException, BridgeServicePullRequest, BridgeServicePullRequestSchema, BridgeServicePullResponse, BridgeServicePullResponseSchema,
  ReportAppliedRequest as WireAppliedRequest, ReportAppliedRequestSchema,
} from '../../proto/gen/novaedge/federation/v1/bridge_service_pb.ts';
import { ApplyExceptionKind as WireKind } from '../../proto/gen/novaedge/federation/v1/bridge_service_pb.ts';
import type { ApplyException, ExceptionKind, BridgePullRequest, BridgePullResponse, ReportAppliedRequest } from '../ports/region.ts';
import { MAX_PULL_WAIT_MS } from '../ports/region.ts';
import { readIdentity, writeIdentity } from './bridge-identity.ts';
import { DictionaryReader, DictionaryWriter } from './dictionary.ts';
import { enumWords } from './enums.ts';
import { MAX_OBJECTS } from './limits.ts';
import { requireKey, requireResourceVersion } from './names.ts';
import { readTargets, writeTarget } from './targets.ts';
import { cleanText, optionalText, requireList, requireNumber, requireText } from './values.ts';

/** A session or a hash: both are made by the region. */
const SHORT_TEXT = 1024;

export function writeBridgePullRequest(request: BridgePullRequest): MessageInitShape<typeof BridgeServicePullRequestSchema> {
  const dictionary = new DictionaryWriter();
  const since = request.since === undefined ? undefined : dictionary.vector(request.since);
  return { bridge: writeIdentity(request), limit: request.limit, waitMs: request.waitMs, dictionary: dictionary.finish(), ...(since !== undefined && { since }) };
}

/** @throws WireError */
export function readBridgePullRequest(message: BridgeServicePullRequest): BridgePullRequest {
  const dictionary = new DictionaryReader('dictionary', message.dictionary);
  return {
    ...readIdentity(message.bridge),
    since: message.since === undefined ? undefined : dictionary.vector('since', message.since),
    limit: requireNumber('limit', message.limit, { min: 1, max: MAX_OBJECTS }),
    waitMs: requireNumber('wait_ms', message.waitMs, { max: MAX_PULL_WAIT_MS }),
  };
}

export function writeBridgePullResponse(response: BridgePullResponse): MessageInitShape<typeof BridgeServicePullResponseSchema> {
  const dictionary = new DictionaryWriter();
  const upTo = dictionary.vector(response.upTo);
  return {
    dictionary: dictionary.finish(), session: response.session, compacted: response.kind === 'compacted', targets: response.targets.map(writeTarget), upTo, more: response.more,
  };
}

/** @throws WireError */
export function readBridgePullResponse(message: BridgeServicePullResponse): BridgePullResponse {
  const dictionary = new DictionaryReader('dictionary', message.dictionary);
  return {
    session: requireText('session', message.session, SHORT_TEXT),
    kind: message.compacted ? 'compacted' : 'page',
    targets: readTargets('targets', message.targets),
    upTo: dictionary.vector('up_to', message.upTo),
    more: message.more,
  };
}

export function writeReportAppliedRequest(request: ReportAppliedRequest): MessageInitShape<typeof ReportAppliedRequestSchema> {
  const dictionary = new DictionaryWriter();
  const applied = dictionary.vector(request.applied);
  return {
    bridge: writeIdentity(request),
    dictionary: dictionary.finish(),
    applied,
    exceptions: request.exceptions.map(({ key, kind, reason, message }) => ({ key, kind: exceptionKinds.toWire(kind), reason: cleanText(reason), message: cleanText(message) })),
    cleared: [...request.cleared],
    ...(request.listResourceVersion !== undefined && { listResourceVersion: request.listResourceVersion }),
    ...(request.filterHash !== undefined && { filterHash: request.filterHash }),
  };
}

/** @throws WireError */
export function readReportAppliedRequest(message: WireAppliedRequest): ReportAppliedRequest {
  const dictionary = new DictionaryReader('dictionary', message.dictionary);
  return {
    ...readIdentity(message.bridge),
    applied: dictionary.vector('applied', message.applied),
    exceptions: readExceptions('exceptions', message.exceptions).map((exception, at) => ({ ...exception, kind: kindOf(message.exceptions[at]) })),
    cleared: requireList('cleared', message.cleared, MAX_OBJECTS).map((key, at) => requireKey(`cleared[${at.toString()}]`, key)),
    listResourceVersion: message.listResourceVersion === undefined ? undefined : requireResourceVersion('list_resource_version', message.listResourceVersion),
    filterHash: optionalText('filter_hash', message.filterHash, SHORT_TEXT),
  };
}

const exceptionKinds = enumWords<WireKind, ExceptionKind>({ 'not-shown': WireKind.NOT_SHOWN, 'not-sent': WireKind.NOT_SENT });

/** A bridge that does not say is believed the less. */
const kindOf = (exception: WireException | undefined): ExceptionKind => (exception === undefined ? undefined : exceptionKinds.find(exception.kind)) ?? 'not-shown';

/** @throws WireError */
export const readExceptions = (field: string, exceptions: readonly { readonly key: string; readonly reason: string; readonly message: string }[]): readonly Omit<ApplyException, 'kind'>[] =>
  requireList(field, exceptions, MAX_OBJECTS).map(({ key, reason, message }, at) => ({
    key: requireKey(`${field}[${at.toString()}].key`, key),
    reason: requireText(`${field}[${at.toString()}].reason`, reason),
    message: requireText(`${field}[${at.toString()}].message`, message),
  }));
