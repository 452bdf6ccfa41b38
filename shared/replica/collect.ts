import type { LogName, Member, ResourceKey } from '../model/ids.ts';
import type { HeldRow, Sibling } from '../model/row.ts';
import { isDeleteOnly } from '../model/row.ts';
import { isCollectable, isStable } from '../model/stability.ts';
import type { VersionVector } from '../model/version-vector.ts';
import { covers } from '../model/version-vector.ts';
import { lastWriter } from '../model/view.ts';
import { commit } from './commit.ts';
import { isUnshown, shownOf, readClusterFacts } from './bridge-record.ts';
import { knownClocks, peerRecords } from './known-members.ts';
import { dropLedgerDeletes } from './ledger-deletes.ts';
import { everWritten, seenOf } from './position.ts';
import type { Replica } from './replica.ts';
import { loadSettings } from './settings.ts';
import { noteLeavers } from './shared-settings.ts';

/** Rows looked at in one page, and segments dropped in one go. */
const PAGE = 200;
/** A day where no spec is there; nothing is collected without one anyway. */
const DEFAULT_TTL_MS = 24 * 60 * 60 * 1000;

export interface Collected { readonly rows: number; readonly rewritten: number; readonly segments: number; readonly ledgerDeletes: number }

/**
 * Collects what everybody knows (DESIGN §4, "Collecting a delete"): rows of deletes only, unchanged for tombstoneTTL and stable;
 * log segments past their time; own deletes in the ledger whose row is gone. A region that recovers collects nothing.
 */
export async function collect(replica: Replica): Promise<Collected> {
  await noteLeavers(replica);
  const state = await replica.store.state();
  const settings = await loadSettings(replica);
  if (state.clock?.state !== 'serving' || settings.spec === undefined) return { rows: 0, rewritten: 0, segments: 0, ledgerDeletes: 0 };
  const facts: CollectFacts = {
    tombstoneTtlMs: Math.max(settings.inForce?.tombstoneTtlMs ?? DEFAULT_TTL_MS, replica.limits.minimumTombstoneTtlMs),
    seenHere: seenOf(state),
    settled: [...await settledReports(replica, settings.others, seenOf(state)), ...await lastWords(replica, settings.left, seenOf(state))],
  };
  const rows = await collectRows(replica, facts);
  const rewritten = settings.inForce?.strategy === 'LastWriterWins' ? await rewriteWonDeletes(replica, facts) : 0;
  const segments = await expireSegments(replica);
  return { rows, rewritten, segments, ledgerDeletes: await dropLedgerDeletes(replica) };
}

interface CollectFacts { readonly tombstoneTtlMs: number; readonly seenHere: VersionVector; readonly settled: readonly (VersionVector | undefined)[] }

/** What each other member had seen when it last said so, where everything it had by then has arrived here. */
async function settledReports(replica: Replica, others: readonly string[], seenHere: VersionVector): Promise<readonly (VersionVector | undefined)[]> {
  const records = await peerRecords(replica);
  const byName = new Map<string, NonNullable<ReturnType<typeof records.get>>>(records);
  return others.map((member) => {
    const reports = byName.get(member)?.reports;
    return reports?.waiting !== undefined && covers(seenHere, reports.waiting) ? reports.waiting : reports?.settled;
  });
}

/**
 * Who has left writes nothing any more, so nobody waits for what it sees: but for its last writes to arrive here, any of which may be
 * beside a delete. Then it stands in no delete's way.
 */
async function lastWords(replica: Replica, left: readonly Member[], seenHere: VersionVector): Promise<readonly (VersionVector | undefined)[]> {
  if (left.length === 0) return [];
  const clocks = await knownClocks(replica);
  return left.flatMap((member) => {
    const clock = clocks.get(member);
    return clock !== undefined && covers(seenHere, everWritten(clock)) ? [] : [undefined];
  });
}

async function collectRows(replica: Replica, facts: CollectFacts): Promise<number> {
  const cluster = await readClusterFacts(replica);
  let collected = 0;
  let after: ResourceKey | undefined;
  do {
    const page = await replica.store.candidates('delete-only', after, PAGE);
    const rows = await replica.store.rows([...page.rows.keys()]);
    for (const [key, row] of rows) {
      if (isOfTheFuture(replica, row)) { await dateAnew(replica, key, row); continue; }
      // The cluster holds the object still, because it was not told of the delete or would not carry it out: without the row it would look
      // like a new one. A bridge follows nothing beyond so many exceptions, so these rows are never many.
      if (isUnshown(cluster.exceptions, key)) continue;
      if (!isCollectable(row, { ...facts, unchangedForMs: unchangedForMs(replica, row) })) continue;
      if ((await replica.store.putRow({ key, next: 'drop', if: row.local.revision })) !== 'ok') continue;
      await replica.store.sweepContents(key, []);
      collected += 1;
    }
    after = page.next;
  } while (after !== undefined);
  return collected;
}

const unchangedForMs = (replica: Replica, row: HeldRow): number => replica.clock.nowMs() - row.local.changedAtMs;

/** Changed while this region's clock was ahead. */
const isOfTheFuture = (replica: Replica, row: HeldRow): boolean => unchangedForMs(replica, row) < 0;

/** Nobody knows for how long it has not changed, so it counts as changed now: else it would wait until the clock is there again. */
async function dateAnew(replica: Replica, key: ResourceKey, row: HeldRow): Promise<void> {
  const { revision } = row.local;
  await replica.store.putRow({ key, next: { ...row, local: { ...row.local, revision: revision + 1, changedAtMs: replica.clock.nowMs() } }, if: revision });
}

/** A delete that has won over live versions for tombstoneTTL and is stable is written anew by its own member, covering the row. */
async function rewriteWonDeletes(replica: Replica, facts: CollectFacts): Promise<number> {
  let rewritten = 0;
  let after: ResourceKey | undefined;
  do {
    const page = await replica.store.candidates('conflict', after, PAGE);
    for (const [key, row] of page.rows) {
      if (isOfTheFuture(replica, row)) await dateAnew(replica, key, row);
      else if (isWonDelete(replica, row, facts)) rewritten += await rewriteDelete(replica, key, row);
    }
    after = page.next;
  } while (after !== undefined);
  return rewritten;
}

function isWonDelete(replica: Replica, row: HeldRow, facts: CollectFacts): boolean {
  const winner: Sibling | undefined = lastWriter(row);
  if (winner?.body.kind !== 'deleted' || isDeleteOnly(row) || winner.stamp.member !== replica.identity.member) return false;
  return unchangedForMs(replica, row) >= facts.tombstoneTtlMs && isStable(row, facts.seenHere, facts.settled);
}

async function rewriteDelete(replica: Replica, key: ResourceKey, decidedOn: HeldRow): Promise<number> {
  const facts = await readClusterFacts(replica);
  const written = await commit<number>(replica, [key], { requestId: `collect-${key}-${decidedOn.local.revision.toString()}` }, async (_key, row) => {
    if (row?.local.revision !== decidedOn.local.revision) return { answer: 0 };
    const shown = await shownOf(replica, key, row, facts);
    return {
      write: { context: row.context, origin: 'operator', firstContact: false, body: () => ({ kind: 'deleted' }), observed: undefined, shown: () => shown },
      answer: () => 1,
    };
  });
  return written.get(key) ?? 0;
}

/** Floors move first, segments go after: a page that does not join up is then answered `compacted`, never less. */
async function expireSegments(replica: Replica): Promise<number> {
  const state = await replica.store.state();
  const oldestMs = replica.clock.nowMs() - replica.limits.logRetentionMs;
  const logs: LogName[] = [...seenOf(state).keys(), ...(state.local === undefined ? [] : [state.local.log])];
  let dropped = 0;
  for (const log of logs) {
    const floor = state.seen.floors.get(log) ?? 0;
    const expired = (await replica.store.segments(log, floor, PAGE)).findLast((segment) => segment.committedAtMs < oldestMs);
    // The newest segment of the own log stays: it is how a restore is recognized.
    const isNewest = expired !== undefined && expired.last >= (await replica.store.newestSegment(log).then((newest) => newest?.last ?? 0));
    if (expired !== undefined) await replica.store.moveFloor(log, isNewest ? expired.first - 1 : expired.last);
    dropped += await replica.store.dropSegmentsBelowFloor(log, PAGE);
  }
  return dropped;
}
