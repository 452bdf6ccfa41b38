import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Target as WireTarget, TargetSchema } from '../../proto/gen/novaedge/federation/v1/bridge_service_pb.ts';
import { MAX_TOKEN_BYTES } from '../model/token.ts';
import type { Target } from '../ports/region.ts';
import { requireManifest, sealedContent } from './content.ts';
import { MAX_OBJECTS } from './limits.ts';
import { hashBytes, requireHash, requireKey } from './names.ts';
import { requireList, requireText } from './values.ts';
import { WireError } from './wire-error.ts';

/** What a cluster should show, on its way out. */
export const writeTarget = ({ key, show, before }: Target): MessageInitShape<typeof TargetSchema> => ({
  key,
  show: show.kind === 'live' ? { case: 'live', value: { ...sealedContent(show.content, show.hash), token: show.token } } : { case: 'gone', value: {} },
  ...(before.kind === 'live' && { beforeSha256: hashBytes(before.hash) }),
});

/** @throws WireError */
export const readTarget = (field: string, { key, show, beforeSha256 }: WireTarget): Target => ({
  key: requireKey(`${field}.key`, key),
  show: readShow(`${field}.show`, show),
  before: beforeSha256 === undefined ? { kind: 'nothing' } : { kind: 'live', hash: requireHash(`${field}.before_sha256`, beforeSha256) },
});

function readShow(field: string, show: WireTarget['show']): Target['show'] {
  switch (show.case) {
    case 'gone': return { kind: 'gone' };
    case 'live': {
      const { hash, text } = requireManifest(`${field}.content`, show.value.content, show.value.sha256);
      return { kind: 'live', hash, content: text, token: requireText(`${field}.token`, show.value.token, MAX_TOKEN_BYTES) };
    }
    case undefined: throw new WireError(field, 'is missing', 'live or gone');
  }
}

/** @throws WireError */
export const readTargets = (field: string, targets: readonly WireTarget[]): readonly Target[] =>
  requireList(field, targets, MAX_OBJECTS).map((target, at) => readTarget(`${field}[${at.toString()}]`, target));

/** @throws WireError */
export const optionalTarget = (field: string, target: WireTarget | undefined): Target | undefined =>
  target === undefined ? undefined : readTarget(field, target);
