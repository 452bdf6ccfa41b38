import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  BridgeIdentity as WireIdentity, BridgeIdentitySchema, BridgeServicePullRequest, BridgeServicePullRequestSchema, BridgeServicePullResponse, BridgeServicePullResponseSchema,
  CompareRequest, CompareRequestSchema, CompareResponse, CompareResponseSchema, ListedObject as WireListed,
  PutFederationRequest as WirePutRequest, PutFederationRequestSchema, PutFederationResponse as WirePutResponse, PutFederationResponseSchema,
  ReportAppliedRequest as WireReportAppliedRequest, ReportAppliedRequestSchema, ReportStatusRequest as WireReportStatusRequest, ReportStatusRequestSchema,
  ReportStatusResponse as WireReportStatusResponse, ReportStatusResponseSchema, ViewAtRequest as WireViewAtRequest, ViewAtRequestSchema, ViewAtResponse, ViewAtResponseSchema,
} from '../../proto/gen/novaedge/federation/v1/bridge_service_pb.ts';
import { MAX_TOKEN_BYTES } from '../model/token.ts';
import type {
  ApplyException, BridgeCompareRequest, BridgeCompareResponse, BridgeIdentity, BridgePullRequest, BridgePullResponse, ListedObject,
  PutFederationRequest, PutFederationResponse, ReportAppliedRequest, ReportStatusRequest, ReportStatusResponse, Target, ViewAtRequest,
} from '../ports/region.ts';
import { MAX_PULL_WAIT_MS } from '../ports/region.ts';
import { readConditions, writeConditions } from './conditions.ts';
import { DictionaryReader, DictionaryWriter } from './dictionary.ts';
import { MAX_OBJECTS } from './limits.ts';
import { hashBytes, optionalKey, readToken, requireClusterId, requireFederationId, requireHash, requireKey, requireMember, requireResourceVersion, requireUid } from './names.ts';
import { modeWords } from './settings.ts';
import { optionalTarget, readTargets, writeTarget } from './targets.ts';
import { big, cleanText, optionalText, requireDocument, requireList, requireNumber, requireSet, requireText } from './values.ts';
