import type { Member } from '../model/ids.ts';
import { counterOf, withCounter } from '../model/version-vector.ts';
import type { Peer, PushRequest, PushResult } from '../ports/peer.ts';
import { applyOffLog, applyPage } from './apply.ts';
import { fetchMissingContents } from './contents.ts';
import { answerPull } from './pages.ts';
import { patient } from './patient-peer.ts';
import { seenOf } from './position.ts';
import type { Replica } from './replica.ts';
import { rowsOf } from './sync.ts';
import { reportMisbehaviour } from './trust.ts';

/** Pages of one push; a peer further behind pulls. */
const MAX_PUSH_PAGES = 5;
const PUSH_BATCH = 500;

/**
 * Sends a peer what this member wrote since `since`, right after a commit. Carries no truth: whatever is lost, the peer pulls.
 *
 * @param since the own head that the peer is believed to be at
 * @returns the own head the peer is at now, for the next push
 */
export async function pushTo(replica: Replica, called: Peer, since: number, signal: AbortSignal): Promise<number> {
  const peer = patient(replica, called);
  let from = since;
  for (let sent = 0; sent < MAX_PUSH_PAGES; sent += 1) {
    const state = await replica.store.state();
    const { clock } = state;
    if (clock?.state !== 'serving' || from >= clock.head) return from;
    const ownSince = new Map(seenOf(state)).set(clock.incarnation, from);
    if (from === 0) ownSince.delete(clock.incarnation);
    const page = await answerPull(replica, ownSince, PUSH_BATCH, 'peer');
    if (page.kind === 'compacted') return from;
    const own = { ...page, segments: page.segments.filter(({ log }) => log === clock.incarnation) };
    const keys = new Set(own.segments.flatMap(({ entries }) => entries.map(({ key }) => key)));
    const result = await peer.push({ kind: 'page', page: { ...own, answers: page.answers.filter(({ key }) => keys.has(key)), upTo: withCounter(ownSince, clock.incarnation, own.segments.at(-1)?.last ?? from) } }, signal);
    if (result.kind === 'deferred') return from;
    const reached = counterOf(result.seen, clock.incarnation);
    if (result.kind === 'gap' && reached >= from) return reached;
    from = reached;
  }
  return from;
}

/** Takes what a peer pushes. A page that starts beyond what is here is answered with `gap`. */
export async function receivePush(replica: Replica, sender: Peer | undefined, member: Member, request: PushRequest, signal: AbortSignal): Promise<PushResult> {
  const rows = rowsOf(request.kind === 'page' ? request.page : request);
  if (sender !== undefined) await fetchMissingContents(replica, patient(replica, sender), rows, signal);
  const outcome = request.kind === 'page' ? await applyPage(replica, request.page) : await applyOffLog(replica, request.answers);
  const seen = seenOf(await replica.store.state());
  switch (outcome.kind) {
    case 'applied': return { kind: 'applied', seen };
    case 'gap': return { kind: 'gap', seen };
    case 'moved': return { kind: 'deferred', reason: 'another handler is at the same log' };
    case 'defer': return { kind: 'deferred', reason: outcome.reason };
    case 'refuse': {
      await reportMisbehaviour(replica, member, outcome.reason);
      return { kind: 'deferred', reason: outcome.reason };
    }
  }
}
