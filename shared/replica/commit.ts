import type { ClockRow } from '../model/clock-row.ts';
import type { ResourceKey } from '../model/ids.ts';
import type { LogSegment } from '../model/log.ts';
import type { Body, HeldRow, LocalPart, Origin, Row, Shown, Sibling } from '../model/row.ts';
import { isConflict } from '../model/row.ts';
import { nextStamp, zeroStamp } from '../model/stamp.ts';
import type { Stamp } from '../model/stamp.ts';
import type { VersionVector } from '../model/version-vector.ts';
import { stampsOf, write } from '../model/write.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { RegionState, RowPut } from '../ports/store.ts';
import { MAX_COMMIT_ROWS } from '../ports/store.ts';
import { held } from './local-part.ts';
import { seenOf } from './position.ts';
import { requireServing } from './recover.ts';
import { moving } from './quiet.ts';
import type { Replica } from './replica.ts';
import { loadSettings } from './settings.ts';

/** A write that somebody wants, decided on a fresh reading of the row. */
export interface WantedWrite {
  readonly context: VersionVector;
  readonly origin: Origin;
  /** A first contact that differs is below every other version (DESIGN §11). */
  readonly firstContact: boolean;
  readonly body: (write: { dot: Sibling['dot']; stamp: Stamp }) => Body;
  readonly observed: LocalPart['observed'];
  /** As in `LocalPart`; left out: as it was. */
  readonly fromOthers?: boolean | undefined;
  /** What the cluster shows once this is written, by the row it leads to. */
  readonly shown: (after: Row, sibling: Sibling) => Shown | undefined;
}

/** What was decided about one resource: a write, or an answer without one. */
export type Decision<Answer> = { readonly write: WantedWrite; readonly answer: (after: HeldRow, sibling: Sibling) => Answer } | { readonly write?: undefined; readonly answer: Answer };

export interface CommitOptions {
  readonly requestId: string;
  /** The lease epoch of the bridge that commits, as the clock row counts it (`epochOf`); raises the clock row's, and may not be below it. */
  readonly leaseEpoch?: number;
  /** How long the handler still has: the write lease must last that long (DESIGN §6). */
  readonly remainingMs?: number;
}

/** Another bridge has committed under a later lease; nothing was written. */
export class LowerEpochError extends Error { override readonly name = 'LowerEpochError' }

/** A handler's time that a lease must outlast where the caller does not say. */
const DEFAULT_REMAINING_MS = 10_000;

/**
 * Decides and commits a batch (DESIGN §4, "Commit"): one conditional transaction writes the rows, a log segment and the clock row.
 * When a condition fails because somebody else wrote meanwhile, everything is read and decided anew.
 *
 * @param keys at most MAX_COMMIT_ROWS, each once
 * @param decide what to do about one resource, given its row read before `state`
 * @returns the answers, by key
 * @throws ReplicaError `fenced`, `recovering`, `initializing`, `busy`; TooLargeError; LowerEpochError; nothing was written then
 */
export async function commit<Answer>(
  replica: Replica, keys: readonly ResourceKey[], options: CommitOptions,
  decide: (key: ResourceKey, row: HeldRow | undefined, state: RegionState) => Promise<Decision<Answer>>,
): Promise<ReadonlyMap<ResourceKey, Answer>> {
  if (keys.length > MAX_COMMIT_ROWS) throw new RangeError(`${keys.length.toString()} resources in one commit, at most ${MAX_COMMIT_ROWS.toString()}`);
  for (let attempt = 0; attempt < replica.limits.writeAttempts; attempt += 1) {
    const rows = await replica.store.rows(keys);
    const state = await replica.store.state();
    const clock = requireServing(state);
    if (options.leaseEpoch !== undefined && options.leaseEpoch < clock.bridgeEpoch) throw new LowerEpochError(`the lease epoch ${options.leaseEpoch.toString()} is below ${clock.bridgeEpoch.toString()}, under which another bridge has committed`);
    const decisions = new Map<ResourceKey, Decision<Answer>>();
    for (const key of keys) decisions.set(key, await decide(key, rows.get(key), state));
    const built = build(replica, rows, state, clock, decisions, options);
    if (built.puts.length === 0) return built.answers();
    const outcome = await attemptCommit(replica, built, clock, options);
    if (outcome === 'ok') {
      await announce(replica, rows, built);
      return built.answers();
    }
    if (outcome === 'fenced') throw new ReplicaError('fenced', 'writes are fenced at this member: it does not hold quorum. They resume by themselves when the partition heals; `novactl federation status --verbose` shows who is unreachable');
  }
  throw new ReplicaError('busy', `other commits kept getting in between, ${replica.limits.writeAttempts.toString()} times; send it again`);
}

interface Built<Answer> {
  readonly puts: readonly (RowPut & { readonly next: HeldRow })[];
  readonly segment: LogSegment;
  readonly clock: ClockRow;
  answers(): ReadonlyMap<ResourceKey, Answer>;
}

function build<Answer>(
  replica: Replica, rows: ReadonlyMap<ResourceKey, HeldRow>, state: RegionState, clock: ClockRow, decisions: ReadonlyMap<ResourceKey, Decision<Answer>>, options: CommitOptions,
): Built<Answer> {
  const nowMs = replica.clock.nowMs();
  const seen = seenOf(state);
  const hlc = nextStamp(replica.identity.member, nowMs, [clock.hlc, state.seen.maxStamp]);
  const puts: (RowPut & { next: HeldRow })[] = [];
  const answers = new Map<ResourceKey, () => Answer>();
  for (const [key, decision] of decisions) {
    if (decision.write === undefined) { answers.set(key, () => decision.answer); continue; }
    const { write: wanted, answer } = decision;
    const before = rows.get(key);
    const stamp = wanted.firstContact ? zeroStamp : raised(hlc, stampsOf(before));
    const dot = { incarnation: clock.incarnation, counter: clock.head + puts.length + 1 };
    const { row, sibling } = write(before, seen, { ...wanted, dot, stamp: { ...stamp, member: replica.identity.member } });
    const next = held(replica, row, before, { nowMs, shown: wanted.shown(row, sibling), observed: wanted.observed, fromOthers: wanted.fromOthers });
    puts.push({ key, next, if: before?.local.revision ?? 'absent' });
    answers.set(key, () => answer(next, sibling));
  }
  const first = clock.head + 1;
  const head = clock.head + puts.length;
  return {
    puts,
    segment: {
      log: clock.incarnation, first, last: head, entries: puts.map(({ key }, at) => ({ counter: first + at, key })),
      committedAtMs: nowMs, requestId: options.requestId, closes: false,
    },
    clock: { ...clock, head, hlc, bridgeEpoch: options.leaseEpoch ?? clock.bridgeEpoch },
    answers: () => new Map([...answers].map(([key, answer]) => [key, answer()])),
  };
}

/** A stamp above the clock's and above those in the row; only the row's own may lie in a far future. */
const raised = (hlc: Stamp, inRow: readonly Stamp[]): Stamp => nextStamp(hlc.member, hlc.ms, [{ ...hlc, counter: hlc.counter - 1 }, ...inRow]);

async function attemptCommit<Answer>(replica: Replica, built: Built<Answer>, before: ClockRow, options: CommitOptions): Promise<'ok' | 'again' | 'fenced'> {
  const { spec } = await loadSettings(replica);
  const isFencing = spec?.shared.splitBrain.fencingEnabled === true || spec?.shared.splitBrain.quorumRequired === true;
  const writableAtMs = isFencing ? replica.clock.nowMs() + (options.remainingMs ?? DEFAULT_REMAINING_MS) : undefined;
  try {
    const outcome = await moving(replica, () => replica.store.commit({ puts: built.puts, segment: built.segment, clock: built.clock, ifHead: before.head, writableAtMs }));
    if (outcome === 'ok' || outcome === 'fenced') return outcome;
    return (await wasCommitted(replica, built.segment)) ? 'ok' : 'again';
  } catch (error) {
    if (await wasCommitted(replica, built.segment)) return 'ok';
    throw error;
  }
}

/** Settles a commit whose answer was lost: the segment that stands where ours would is ours if it carries our request's id. */
async function wasCommitted(replica: Replica, segment: LogSegment): Promise<boolean> {
  const [found] = await replica.store.segments(segment.log, segment.first - 1, 1);
  return found !== undefined && found.first === segment.first && found.last === segment.last && found.requestId !== undefined && found.requestId === segment.requestId;
}

/** The event that drives the push is out before the caller is answered (DESIGN §12). */
async function announce<Answer>(replica: Replica, rows: ReadonlyMap<ResourceKey, HeldRow>, built: Built<Answer>): Promise<void> {
  await replica.events.publish({ kind: 'Committed', head: built.clock.head, changes: built.puts.length });
  // At once: the commit is answered after them, and on a bus each takes some milliseconds.
  await Promise.all(built.puts.map(async ({ key, next }) => {
    const before = rows.get(key);
    const was = before !== undefined && isConflict(before);
    const is = isConflict(next);
    if (was !== is) await replica.events.publish({ kind: is ? 'ConflictDetected' : 'ConflictResolved', key });
  }));
}
