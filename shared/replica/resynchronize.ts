import type { ResourceKey } from '../model/ids.ts';
import type { Incarnation } from '../model/ids.ts';
import { zeroStamp } from '../model/stamp.ts';
import { isLocalLog } from '../model/ids.ts';
import { counterOf, mergeVectors } from '../model/version-vector.ts';
import type { VersionVector } from '../model/version-vector.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { Peer } from '../ports/peer.ts';
import { compareSummaries, repairDifferences, takeRows } from './compare.ts';
import { moving } from './quiet.ts';
import type { Replica } from './replica.ts';
import { distrustVector, reportMisbehaviour, trustFacts, vouchedFor } from './trust.ts';

/** Pages of unindexed rows in one resynchronization: of 500 rows read each, so fifty million. */
const MAX_PAGES = 100_000;
/** Attempts to move `seen` while other handlers move it too. */
const ADVANCE_ATTEMPTS = 10;

/**
 * Catches up with a peer without its log, as a Kubernetes watcher relists after 410 Gone (DESIGN §3): the peer's `seen` is read
 * first, then everything is compared by the Merkle index, then every row taken that the index does not show, and only then is that `seen`
 * joined and the logs' floors set there.
 *
 * @throws when the peer stops answering; what was joined by then stays and does no harm
 */
export async function resynchronize(replica: Replica, peer: Peer, signal: AbortSignal): Promise<number> {
  const peerSeen = await seenOfPeer(replica, peer, signal);
  const compared = await compareSummaries(replica, peer, signal);
  const pulled = compared.kind === 'same' ? 0 : (await repairDifferences(replica, peer, compared, { pull: true, push: false, limit: Infinity }, signal)).pulled;
  const unindexed = await takeUnindexedRows(replica, peer, signal);
  await joinSeen(replica, peerSeen);
  replica.logger.info('resynchronized', { member: peer.member, repaired: pulled, unindexed });
  return pulled + unindexed;
}

/** What the peer had seen before anything of it is compared. */
async function seenOfPeer(replica: Replica, peer: Peer, signal: AbortSignal): Promise<VersionVector> {
  const answer = await peer.compareDigests({ kind: 'summary', summary: '' }, signal);
  if (answer.kind !== 'different') throw new ReplicaError('unavailable', `${peer.member} answered a comparison with ${answer.kind}`);
  // It will be joined into what is seen here, so it is believed no further than a page is.
  const facts = await trustFacts(replica, await replica.store.state());
  const distrust = distrustVector(facts, answer.seen);
  if (distrust === undefined) return vouchedFor(facts, peer.member, answer.seen);
  if (distrust.kind === 'refuse') await reportMisbehaviour(replica, peer.member, distrust.reason);
  throw new ReplicaError('refused', `${peer.member}: ${distrust.reason}`);
}

async function takeUnindexedRows(replica: Replica, peer: Peer, signal: AbortSignal): Promise<number> {
  let changed = 0;
  let after: ResourceKey | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    signal.throwIfAborted();
    const { answers, rest } = await peer.fetchRows({ keys: [], keyHashes: [], unindexed: { after } }, signal);
    changed += await takeRows(replica, peer, answers, signal);
    const [next] = rest;
    if (next === undefined) return changed;
    if (after !== undefined && next <= after) throw new ReplicaError('refused', `${peer.member} does not get on with its unindexed rows: after ${after} comes ${next}`);
    after = next;
  }
  throw new ReplicaError('unavailable', `${peer.member} has more unindexed rows than can be taken`);
}

async function joinSeen(replica: Replica, peerSeen: VersionVector): Promise<void> {
  for (let attempt = 0; attempt < ADVANCE_ATTEMPTS; attempt += 1) {
    const { seen, clock } = await replica.store.state();
    const behind = [...peerSeen].filter(([log, counter]) => !isLocalLog(log) && counterOf(seen.others, log) < counter && (clock?.state === 'recovering' || log !== clock?.incarnation));
    if (behind.length === 0) return;
    const to = new Map(behind) as VersionVector<Incarnation>;
    const from = new Map(behind.map(([log]) => [log, counterOf(seen.others, log)] as const));
    if ((await moving(replica, () => replica.store.advance({ segments: [], from, to, maxStamp: zeroStamp, floors: mergeVectors(seen.floors, to) }))) === 'ok') return;
  }
  throw new ReplicaError('busy', 'other handlers kept moving what was seen; resynchronize again');
}
