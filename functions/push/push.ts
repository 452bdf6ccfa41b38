import { publishDeletes } from '../../shared/replica/ledger-deletes.ts';
import { peerRecords } from '../../shared/replica/known-members.ts';
import { pushTo } from '../../shared/replica/push.ts';
import { eachPeer } from '../region/each-peer.ts';
import { invoke } from '../region/invocation.ts';
import type { BusInvocation } from '../region/job.ts';
import type { LambdaHandler } from '../region/lambda.ts';
import type { Counts } from '../region/metrics.ts';
import type { OpenRegion } from '../region/open-region.ts';
import { commitOf } from './committed-event.ts';

const PEERS_AT_ONCE = 16;

/**
 * Sends every peer what a commit wrote, and what came since, and publishes the deletes among it. A peer that is known not to answer is
 * left to the schedule: every commit would wait for it. Doubled and disordered events send what the peer has already.
 */
export async function push(region: OpenRegion, { head, changes }: { readonly head: number; readonly changes: number }, signal: AbortSignal): Promise<Counts> {
  const { replica } = region;
  const records = await peerRecords(replica);
  let attempted = 0;
  const [deletesPublished, sent] = await Promise.all([
    publishDeletes(replica),
    eachPeer(region, PEERS_AT_ONCE, (peer) => {
      attempted += 1;
      return pushTo(replica, peer, Math.max(0, head - changes), signal);
    }, (member) => (records.get(member)?.failures ?? 0) === 0),
  ]);
  return { deletesPublished, pushFailures: attempted - sent.length };
}

/** The function that a commit's event starts. */
export const pushHandler = (region: OpenRegion): LambdaHandler<BusInvocation, void> => async ({ detail }, context) => {
  await invoke(region, context, detail?.['correlationId'], async (signal) => ({ counts: await push(region, commitOf(detail), signal) }));
};
