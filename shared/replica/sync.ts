import type { Member } from '../model/ids.ts';
import { covers } from '../model/version-vector.ts';
import type { VersionVector } from '../model/version-vector.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { Page, Peer } from '../ports/peer.ts';
import { applyPage } from './apply.ts';
import { fetchMissingContents } from './contents.ts';
import { updatePeerRecord } from './known-members.ts';
import { seenOf } from './position.ts';
import { patient } from './patient-peer.ts';
import type { Replica } from './replica.ts';
import { resynchronize } from './resynchronize.ts';
import { loadSettings } from './settings.ts';
import { reportMisbehaviour } from './trust.ts';

/** What came of one catching up with a peer. */
export interface SyncOutcome {
  readonly peer: Member;
  readonly outcome: 'level' | 'more' | 'resynchronized' | 'deferred' | 'failed';
  readonly changes: number;
  readonly reason: string | undefined;
}

/** Entries of a page where no spec says otherwise. */
const DEFAULT_BATCH = 100;
/** The time of the last synchronization is told to the second, so not every pull has to write it. */
const LAST_SYNC_PRECISION_MS = 1000;
/** Times another handler may get in between before this one leaves the log to it. */
const MAX_MOVED = 5;

/** How old the peer's first "nothing new" may be: only for who was not woken by something that the peer has, or the wake is for nothing. */
export interface PullOptions { readonly maxAgeMs?: number }

/**
 * Catches up with one peer: pulls page after page until level. Nothing it does depends on how it was woken. Never throws for what a
 * peer does or fails to do; that is the outcome's, and the peer's record's.
 */
export async function pullFrom(replica: Replica, called: Peer, signal: AbortSignal, options: PullOptions = {}): Promise<SyncOutcome> {
  const peer = patient(replica, called);
  let changes = 0;
  try {
    const { outcome, reason, seen } = await pullPages(replica, peer, signal, options, (count) => { changes += count; });
    if (outcome === 'level' || outcome === 'resynchronized') await noteSynced(replica, peer.member, seen ?? seenOf(await replica.store.state()));
    return { peer: peer.member, outcome, changes, reason };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    await updatePeerRecord(replica, peer.member, (record) => ({ ...record, error: reason }));
    replica.logger.warn('pull-failed', { member: peer.member, reason });
    return { peer: peer.member, outcome: 'failed', changes, reason };
  }
}

/** How a pull ended; with what is seen here, where that was just read. */
interface Pulled extends Pick<SyncOutcome, 'outcome' | 'reason'> { readonly seen?: VersionVector }

async function pullPages(replica: Replica, peer: Peer, signal: AbortSignal, options: PullOptions, count: (changes: number) => void): Promise<Pulled> {
  const { spec } = await loadSettings(replica);
  const limit = spec?.sync.batchSize ?? DEFAULT_BATCH;
  let moved = 0;
  for (let round = 0; round < replica.limits.pullRounds; round += 1) {
    signal.throwIfAborted();
    const since = seenOf(await replica.store.state());
    const page = await peer.pull({ since, limit, ...(round === 0 ? options : {}) }, signal);
    if (page.kind === 'page' && isEmpty(page)) {
      if (page.more) continue;
      return { outcome: 'level', reason: undefined, seen: since };
    }
    if (page.kind === 'compacted') {
      count(await resynchronize(replica, peer, signal));
      return { outcome: 'resynchronized', reason: undefined };
    }
    await fetchMissingContents(replica, peer, rowsOf(page), signal);
    const applied = await applyPage(replica, page);
    switch (applied.kind) {
      case 'applied': count(applied.changed.length); break;
      case 'moved': moved += 1; if (moved > MAX_MOVED) return { outcome: 'more', reason: 'another handler is at the same logs' }; continue;
      case 'gap': throw new ReplicaError('refused', 'the page does not begin where it was asked to, or lacks rows that its log names');
      case 'defer': return { outcome: 'deferred', reason: applied.reason };
      case 'refuse': await reportMisbehaviour(replica, peer.member, applied.reason); throw new ReplicaError('refused', applied.reason);
    }
    if (!page.more) return { outcome: 'level', reason: undefined };
  }
  return { outcome: 'more', reason: undefined };
}

/** Most pages of a quiet federation: nothing to believe, to join or to move. */
const isEmpty = ({ segments, answers }: Page): boolean => segments.length === 0 && answers.length === 0;

export const rowsOf = (page: Pick<Page, 'answers'>): readonly { key: Page['answers'][number]['key']; row: Extract<Page['answers'][number]['answer'], { kind: 'row' }>['row'] }[] =>
  page.answers.flatMap(({ key, answer }) => (answer.kind === 'row' ? [{ key, row: answer.row }] : []));

async function noteSynced(replica: Replica, member: Member, seen: VersionVector): Promise<void> {
  await updatePeerRecord(replica, member, (record) => {
    const nowMs = replica.clock.nowMs();
    const isBehind = record.seen !== undefined && !covers(seen, record.seen);
    const behindSinceMs = isBehind ? record.behindSinceMs : undefined;
    const isKnown = record.error === undefined && record.behindSinceMs === behindSinceMs && Math.abs(nowMs - (record.lastSyncMs ?? 0)) < LAST_SYNC_PRECISION_MS;
    return isKnown ? record : { ...record, error: undefined, lastSyncMs: nowMs, behindSinceMs };
  });
}
