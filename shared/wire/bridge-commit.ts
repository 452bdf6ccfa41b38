import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  CommitRequest, CommitRequestSchema, CommitResponse, CommitResponseSchema, Observation as WireObservation, ObservationResult as WireResult, ObservationResultSchema, ObservationSchema,
} from '../../proto/gen/novaedge/federation/v1/bridge_service_pb.ts';
import { RefusalReason as WireReason } from '../../proto/gen/novaedge/federation/v1/bridge_service_pb.ts';
import { hashText } from '../model/content.ts';
import type { BridgeCommitRequest, BridgeCommitResponse, Observation, ObservationResult, RefusalReason } from '../ports/region.ts';
import { readIdentity, writeIdentity } from './bridge-identity.ts';
import { requireContent, sealedContent } from './content.ts';
import { DictionaryReader, DictionaryWriter } from './dictionary.ts';
import { enumWords } from './enums.ts';
import { MAX_OBJECTS } from './limits.ts';
import { readToken, requireKey, requireRequestId, requireResourceVersion, requireUid } from './names.ts';
import { optionalTarget, writeTarget } from './targets.ts';
import { cleanText, requireList, requireText } from './values.ts';
import { WireError } from './wire-error.ts';

const MAX_SESSION_CHARACTERS = 1024;

const reasons = enumWords<WireReason, RefusalReason>({
  Fenced: WireReason.FENCED, Paused: WireReason.PAUSED, TooLarge: WireReason.TOO_LARGE, NotFederated: WireReason.NOT_FEDERATED, Recovering: WireReason.RECOVERING,
  Invalid: WireReason.INVALID, NotApplied: WireReason.NOT_APPLIED, Held: WireReason.HELD, SpokeReadOnly: WireReason.SPOKE_READ_ONLY, Busy: WireReason.BUSY, Quota: WireReason.QUOTA,
});

export const writeCommitRequest = (request: BridgeCommitRequest): MessageInitShape<typeof CommitRequestSchema> => ({
  bridge: writeIdentity(request),
  session: request.session,
  requestId: request.requestId,
  observations: request.observations.map(writeObservation),
});

/** @throws WireError */
export const readCommitRequest = (message: CommitRequest): BridgeCommitRequest => ({
  ...readIdentity(message.bridge),
  session: requireText('session', message.session, MAX_SESSION_CHARACTERS),
  requestId: requireRequestId('request_id', message.requestId),
  observations: requireList('observations', message.observations, MAX_OBJECTS).map((observation, at) => readObservation(`observations[${at.toString()}]`, observation)),
});

const writeObservation = ({ key, uid, resourceVersion, token, state }: Observation): MessageInitShape<typeof ObservationSchema> => ({
  key,
  uid,
  resourceVersion,
  ...(token !== undefined && { token }),
  state: state.kind === 'live' ? { case: 'present', value: sealedContent(state.content, hashText(state.content)) } : { case: 'missing', value: { confirmed: state.confirmed } },
});

const readObservation = (field: string, { key, uid, resourceVersion, token, state }: WireObservation): Observation => ({
  key: requireKey(`${field}.key`, key),
  // A cluster may no longer know what an object that is gone was.
  uid: uid === '' && state.case === 'missing' ? uid : requireUid(`${field}.uid`, uid),
  resourceVersion: requireResourceVersion(`${field}.resource_version`, resourceVersion),
  token: readToken(token),
  state: readState(field, state),
});

/** What a content says is judged object by object by the region, so that a bad one does not hold up the others. */
function readState(field: string, state: WireObservation['state']): Observation['state'] {
  switch (state.case) {
    case 'present': return { kind: 'live', content: requireContent(`${field}.content`, state.value.content, state.value.sha256).text };
    case 'missing': return { kind: 'gone', confirmed: state.value.confirmed };
    case undefined: throw new WireError(`${field}.state`, 'is missing', 'present or missing');
  }
}

export function writeCommitResponse(response: BridgeCommitResponse): MessageInitShape<typeof CommitResponseSchema> {
  switch (response.kind) {
    case 'session-expired': return { outcome: { case: 'sessionExpired', value: {} } };
    case 'lower-epoch': return { outcome: { case: 'lowerEpoch', value: {} } };
    case 'done': {
      const dictionary = new DictionaryWriter();
      const results = response.results.map((result) => writeResult(dictionary, result));
      return { dictionary: dictionary.finish(), outcome: { case: 'done', value: { results } } };
    }
  }
}

/** @throws WireError */
export function readCommitResponse({ dictionary: sent, outcome }: CommitResponse): BridgeCommitResponse {
  switch (outcome.case) {
    case 'sessionExpired': return { kind: 'session-expired' };
    case 'lowerEpoch': return { kind: 'lower-epoch' };
    case 'done': {
      const dictionary = new DictionaryReader('dictionary', sent);
      return { kind: 'done', results: requireList('results', outcome.value.results, MAX_OBJECTS).map((result, at) => readResult(dictionary, `results[${at.toString()}]`, result)) };
    }
    case undefined: throw new WireError('outcome', 'is missing', 'done, session_expired or lower_epoch');
  }
}

const writeResult = (dictionary: DictionaryWriter, result: ObservationResult): MessageInitShape<typeof ObservationResultSchema> => ({
  key: result.key,
  ...(result.target !== undefined && { target: writeTarget(result.target) }),
  outcome: writeOutcome(dictionary, result),
});

function writeOutcome(dictionary: DictionaryWriter, result: ObservationResult): MessageInitShape<typeof ObservationResultSchema>['outcome'] & object {
  switch (result.outcome) {
    case 'committed': return { case: 'committed', value: { dot: dictionary.dot(result.dot) } };
    case 'unchanged': return { case: 'unchanged', value: {} };
    case 'refused': return { case: 'refused', value: { reason: reasons.toWire(result.reason), message: cleanText(result.message) } };
  }
}

function readResult(dictionary: DictionaryReader, field: string, { key: name, target: sent, outcome }: WireResult): ObservationResult {
  const key = requireKey(`${field}.key`, name);
  const target = optionalTarget(`${field}.target`, sent);
  switch (outcome.case) {
    case 'committed': return { key, outcome: 'committed', dot: dictionary.dot(`${field}.dot`, outcome.value.dot), target };
    case 'unchanged': return { key, outcome: 'unchanged', target };
    case 'refused': return { key, outcome: 'refused', reason: readReason(outcome.value.reason), message: requireText(`${field}.message`, outcome.value.message), target };
    case undefined: throw new WireError(`${field}.outcome`, 'is missing', 'committed, unchanged or refused');
  }
}

/** A reason that a newer region has: the object is not written and stays an exception, as with any other. */
const readReason = (value: WireReason): RefusalReason => reasons.find(value) ?? 'Invalid';
