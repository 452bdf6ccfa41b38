import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ReconcileResponse, ReconcileResponseSchema, SyncNowResponse, SyncNowResponseSchema } from '../../proto/gen/novaedge/federation/v1/operator_service_pb.ts';
import type { Operator } from '../ports/operator.ts';
import { MAX_MEMBERS } from './limits.ts';
import { requireMember } from './names.ts';
import { big, cleanText, optionalText, requireList, requireNumber, requireText } from './values.ts';

type SyncResults = Awaited<ReturnType<Operator['syncNow']>>;
type ReconcileResults = Awaited<ReturnType<Operator['reconcile']>>;

export const writeSyncResults = (results: SyncResults): MessageInitShape<typeof SyncNowResponseSchema> =>
  ({ results: results.map(({ peer, outcome, changes, reason }) => ({ peer, outcome: cleanText(outcome), changes: big(changes), ...(reason !== undefined && { reason: cleanText(reason) }) })) });

/** @throws WireError */
export const readSyncResults = ({ results }: SyncNowResponse): SyncResults =>
  requireList('results', results, MAX_MEMBERS).map(({ peer, outcome, changes, reason }, at) => ({
    peer: requireMember(`results[${at.toString()}].peer`, peer),
    outcome: requireText(`results[${at.toString()}].outcome`, outcome),
    changes: requireNumber(`results[${at.toString()}].changes`, changes),
    reason: optionalText(`results[${at.toString()}].reason`, reason),
  }));

export const writeReconcileResults = (results: ReconcileResults): MessageInitShape<typeof ReconcileResponseSchema> =>
  ({ results: results.map(({ peer, outcome, repaired, reason }) => ({ peer, outcome: cleanText(outcome), repaired: big(repaired), ...(reason !== undefined && { reason: cleanText(reason) }) })) });

/** @throws WireError */
export const readReconcileResults = ({ results }: ReconcileResponse): ReconcileResults =>
  requireList('results', results, MAX_MEMBERS).map(({ peer, outcome, repaired, reason }, at) => ({
    peer: requireMember(`results[${at.toString()}].peer`, peer),
    outcome: requireText(`results[${at.toString()}].outcome`, outcome),
    repaired: requireNumber(`results[${at.toString()}].repaired`, repaired),
    reason: optionalText(`results[${at.toString()}].reason`, reason),
  }));
