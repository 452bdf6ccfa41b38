import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  CleanUpRequest as WireRequest, CleanUpRequestSchema, CleanUpResponse as WireResponse, CleanUpResponseSchema,
} from '../../proto/gen/novaedge/federation/v1/bridge_service_pb.ts';
import type { CleanUpRequest, CleanUpResponse } from '../ports/region.ts';
import { readIdentity, writeIdentity } from './bridge-identity.ts';
import { MAX_OBJECTS } from './limits.ts';
import { optionalKey, requireKey } from './names.ts';
import { readTargets, writeTarget } from './targets.ts';
import { cleanText, optionalText, requireList } from './values.ts';

export const writeCleanUpRequest = ({ done, after, ...identity }: CleanUpRequest): MessageInitShape<typeof CleanUpRequestSchema> => ({
  bridge: writeIdentity(identity),
  done: done.map(({ key, kept }) => ({ key, ...(kept !== undefined && { kept: cleanText(kept) }) })),
  ...(after !== undefined && { after }),
});

/** @throws WireError */
export const readCleanUpRequest = ({ bridge, done, after }: WireRequest): CleanUpRequest => ({
  ...readIdentity(bridge),
  done: requireList('done', done, MAX_OBJECTS).map(({ key, kept }, at) => ({ key: requireKey(`done[${at.toString()}].key`, key), kept: optionalText(`done[${at.toString()}].kept`, kept) })),
  after: optionalKey('after', after),
});

export const writeCleanUpResponse = ({ remove, next }: CleanUpResponse): MessageInitShape<typeof CleanUpResponseSchema> =>
  ({ remove: remove.map(writeTarget), ...(next !== undefined && { next }) });

/** @throws WireError */
export const readCleanUpResponse = ({ remove, next }: WireResponse): CleanUpResponse => ({ remove: readTargets('remove', remove), next: optionalKey('next', next) });
