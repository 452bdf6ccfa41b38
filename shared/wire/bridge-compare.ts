import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  CompareRequest, CompareRequestSchema, CompareResponse, CompareResponseSchema, ListedObject as WireListed, ViewAtRequest as WireViewAtRequest, ViewAtRequestSchema,
  ViewAtResponse, ViewAtResponseSchema,
} from '../../proto/gen/novaedge/federation/v1/bridge_service_pb.ts';
import type { ResourceKey } from '../model/ids.ts';
import { MAX_TOKEN_BYTES } from '../model/token.ts';
import type { BridgeCompareRequest, BridgeCompareResponse, BridgeIdentity, ListedObject, Target } from '../ports/region.ts';
import { readIdentity, writeIdentity } from './bridge-identity.ts';
import { MAX_OBJECTS } from './limits.ts';
import { hashBytes, optionalKey, readToken, requireHash, requireKey, requireResourceVersion, requireUid } from './names.ts';
import { optionalTarget, readTargets, writeTarget } from './targets.ts';
import { requireList, requireText } from './values.ts';

export const writeBridgeCompareRequest = (request: BridgeCompareRequest): MessageInitShape<typeof CompareRequestSchema> => ({
  bridge: writeIdentity(request),
  ...(request.after !== undefined && { after: request.after }),
  ...(request.upTo !== undefined && { upTo: request.upTo }),
  listResourceVersion: request.listResourceVersion,
  objects: request.objects.map(({ key, uid, resourceVersion, hash, token }) => ({ key, uid, resourceVersion, sha256: hashBytes(hash), ...(token !== undefined && { token }) })),
});

/** @throws WireError */
export const readBridgeCompareRequest = (message: CompareRequest): BridgeCompareRequest => ({
  ...readIdentity(message.bridge),
  after: optionalKey('after', message.after),
  upTo: optionalKey('up_to', message.upTo),
  listResourceVersion: requireResourceVersion('list_resource_version', message.listResourceVersion),
  objects: requireList('objects', message.objects, MAX_OBJECTS).map((object, at) => readListed(`objects[${at.toString()}]`, object)),
});

const readListed = (field: string, { key, uid, resourceVersion, sha256, token }: WireListed): ListedObject => ({
  key: requireKey(`${field}.key`, key),
  uid: requireUid(`${field}.uid`, uid),
  resourceVersion: requireResourceVersion(`${field}.resource_version`, resourceVersion),
  hash: requireHash(`${field}.sha256`, sha256),
  token: readToken(token),
});

export const writeBridgeCompareResponse = ({ send, apply, readTo }: BridgeCompareResponse): MessageInitShape<typeof CompareResponseSchema> =>
  ({ send: [...send], apply: apply.map(writeTarget), ...(readTo !== undefined && { readTo }) });

/** @throws WireError */
export const readBridgeCompareResponse = ({ send, apply, readTo }: CompareResponse): BridgeCompareResponse => ({
  send: requireList('send', send, MAX_OBJECTS).map((key, at) => requireKey(`send[${at.toString()}]`, key)),
  apply: readTargets('apply', apply),
  readTo: optionalKey('read_to', readTo),
});

/** What a bridge asks the view at. */
export type ViewAtRequest = BridgeIdentity & { readonly key: ResourceKey; readonly token: string };

export const writeViewAtRequest = (request: ViewAtRequest): MessageInitShape<typeof ViewAtRequestSchema> => ({ bridge: writeIdentity(request), key: request.key, token: request.token });

/** @throws WireError */
export const readViewAtRequest = (message: WireViewAtRequest): ViewAtRequest =>
  ({ ...readIdentity(message.bridge), key: requireKey('key', message.key), token: requireText('token', message.token, MAX_TOKEN_BYTES) });

export const writeViewAtResponse = (target: Target | undefined): MessageInitShape<typeof ViewAtResponseSchema> => (target === undefined ? {} : { target: writeTarget(target) });

/** @throws WireError */
export const readViewAtResponse = ({ target }: ViewAtResponse): Target | undefined => optionalTarget('target', target);
