import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  PutFederationRequest as WirePutRequest, PutFederationRequestSchema, PutFederationResponse as WirePutResponse, PutFederationResponseSchema,
  ReportStatusRequest as WireStatusRequest, ReportStatusRequestSchema, ReportStatusResponse as WireStatusResponse, ReportStatusResponseSchema,
} from '../../proto/gen/novaedge/federation/v1/bridge_service_pb.ts';
import type { PutFederationRequest, PutFederationResponse, ReportStatusRequest, ReportStatusResponse } from '../ports/region.ts';
import { readIdentity, writeIdentity } from './bridge-identity.ts';
import { readConditions, writeConditions } from './conditions.ts';
import { requireFederationId, requireMember } from './names.ts';
import { modeWords, readMarks } from './settings.ts';
import { big, cleanText, optionalText, requireDocument, requireList, requireNumber, requireSet, requireText } from './values.ts';

/** The longest status hash, filter hash or version text. */
const SHORT_TEXT = 256;

export const writePutFederationRequest = (request: PutFederationRequest): MessageInitShape<typeof PutFederationRequestSchema> => ({
  bridge: writeIdentity(request),
  ...(request.manifest !== undefined && { manifest: request.manifest }),
  generation: big(request.generation),
  schemaGaps: [...request.schemaGaps],
});

/** @throws WireError */
export const readPutFederationRequest = (message: WirePutRequest): PutFederationRequest => ({
  ...readIdentity(message.bridge),
  manifest: message.manifest === undefined ? undefined : requireDocument('manifest', message.manifest),
  generation: requireNumber('generation', message.generation),
  schemaGaps: readTexts('schema_gaps', message.schemaGaps),
});

export const writePutFederationResponse = (response: PutFederationResponse): MessageInitShape<typeof PutFederationResponseSchema> => ({
  ...response,
  mode: modeWords.toWire(response.mode),
  filter: { resourceTypes: [...response.filter.resourceTypes], excludeNamespaces: [...response.filter.excludeNamespaces], ownershipMarks: [...response.filter.ownershipMarks] },
  conditions: writeConditions(response.conditions),
});

/** @throws WireError */
export function readPutFederationResponse(message: WirePutResponse): PutFederationResponse {
  const filter = requireSet('filter', message.filter, 'the filter in force');
  return {
    accepted: message.accepted,
    member: requireMember('member', message.member),
    federationId: requireFederationId('federation_id', message.federationId),
    paused: message.paused,
    mode: modeWords.toModel('mode', message.mode),
    isHub: message.isHub,
    filter: { resourceTypes: readTexts('filter.resource_types', filter.resourceTypes), excludeNamespaces: readTexts('filter.exclude_namespaces', filter.excludeNamespaces), ownershipMarks: readMarks('filter.ownership_marks', filter.ownershipMarks) },
    conditions: readConditions('conditions', message.conditions),
    cleanUp: message.cleanUp,
  };
}

type StatusRequest = ReportStatusRequest & { readonly ifNot: string | undefined };

export const writeReportStatusRequest = (request: StatusRequest): MessageInitShape<typeof ReportStatusRequestSchema> => ({
  bridge: writeIdentity(request),
  objects: big(request.objects),
  dirty: big(request.dirty),
  version: cleanText(request.version, SHORT_TEXT),
  ...(request.ifNot !== undefined && { ifNot: request.ifNot }),
});

/** @throws WireError */
export const readReportStatusRequest = (message: WireStatusRequest): StatusRequest => ({
  ...readIdentity(message.bridge),
  objects: requireNumber('objects', message.objects),
  dirty: requireNumber('dirty', message.dirty),
  version: requireText('version', message.version, SHORT_TEXT),
  ifNot: optionalText('if_not', message.ifNot, SHORT_TEXT),
});

export const writeReportStatusResponse = ({ status, statusHash }: ReportStatusResponse): MessageInitShape<typeof ReportStatusResponseSchema> =>
  ({ statusHash, ...(status !== undefined && { status }) });

/** @throws WireError */
export const readReportStatusResponse = ({ status, statusHash }: WireStatusResponse): ReportStatusResponse => ({
  status: status === undefined ? undefined : requireDocument('status', status),
  statusHash: requireText('status_hash', statusHash, SHORT_TEXT),
});

const readTexts = (field: string, texts: readonly string[]): readonly string[] =>
  requireList(field, texts).map((text, at) => requireText(`${field}[${at.toString()}]`, text));
