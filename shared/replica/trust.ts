import { isLocalLog } from '../model/ids.ts';
import type { Incarnation, LogName, Member, ResourceKey } from '../model/ids.ts';
import { isDense, reachedBy } from '../model/log.ts';
import type { LogSegment } from '../model/log.ts';
import type { Answer, HeldRow, Row } from '../model/row.ts';
import { bodyHash } from '../model/row.ts';
import type { VersionVector } from '../model/version-vector.ts';
import { sameDot } from '../model/version-vector.ts';
import type { KeyedAnswer, Page } from '../ports/peer.ts';
import type { RegionState } from '../ports/store.ts';
import type { KnownLogs } from './known-members.ts';
import { knownClocks, knownLogs } from './known-members.ts';
import type { Replica } from './replica.ts';

/** A counter this far beyond what its owner is known to have issued is put off: the ledger lags, but not that much (DESIGN §10). */
export const MAX_LEAD = 10_000;

/** Why something from a peer is not taken: `defer` until more is known, `refuse` because it cannot be true. */
export type Distrust = { readonly kind: 'defer' | 'refuse'; readonly reason: string };

/** What arrivals are held against: whose logs there are, how far, and what is mine. */
export interface TrustFacts { readonly logs: KnownLogs; readonly me: Member; readonly mine: ReadonlyMap<LogName, number>; readonly recovering: boolean }

export async function trustFacts(replica: Replica, state: RegionState): Promise<TrustFacts> {
  const { clock } = state;
  const mine = new Map<LogName, number>(clock?.closed ?? []);
  if (clock !== undefined) mine.set(clock.incarnation, clock.head);
  return { logs: knownLogs(await knownClocks(replica)), me: replica.identity.member, mine, recovering: clock?.state !== 'serving' };
}

/** The first reason not to take a page, or undefined. */
export function distrustPage(facts: TrustFacts, page: Page): Distrust | undefined {
  for (const segment of page.segments) {
    if (isLocalLog(segment.log)) return { kind: 'refuse', reason: `log ${segment.log} is another region's own and does not travel` };
  }
  // What its segments reach counts, and not only what it says of them.
  return distrustVector(facts, reachedBy(page.segments, page.upTo)) ?? distrustRanges(facts, page.segments) ?? distrustAnswers(facts, page.answers);
}

/**
 * Every counter was issued for a resource, and its segment names it: a range with fewer entries would move `seen` past what its owner
 * is yet to write. Only the range that closes an incarnation is empty, and of that the owner itself tells.
 */
function distrustRanges(facts: TrustFacts, segments: readonly LogSegment[]): Distrust | undefined {
  const thin = segments.find((segment) => !isDense(segment) && !isClosing(facts, segment));
  if (thin === undefined) return undefined;
  return { kind: 'refuse', reason: `log ${thin.log} from ${thin.first.toString()} to ${thin.last.toString()} comes with ${thin.entries.length.toString()} entries, which are not those of its counters` };
}

const isClosing = ({ logs }: TrustFacts, { log, last, entries, closes }: LogSegment): boolean => {
  const known = logs.get(log);
  return closes && entries.length === 0 && known?.closed === true && last === known.head;
};

/**
 * How much of what a peer has seen may be joined without the segments that prove it (a resynchronization): of other members' logs no
 * more than these are known to have issued, or `seen` would move past what they are yet to write. The rest comes by their logs.
 */
export const vouchedFor = (facts: TrustFacts, peer: Member, seen: VersionVector): VersionVector => new Map([...seen].flatMap(([log, counter]): [LogName, number][] => {
  const known = facts.logs.get(log);
  const vouched = facts.mine.has(log) || known?.owner === peer ? counter : Math.min(counter, known?.head ?? 0);
  return vouched > 0 ? [[log, vouched]] : [];
}));

export function distrustAnswers(facts: TrustFacts, answers: readonly KeyedAnswer[]): Distrust | undefined {
  for (const { key, answer } of answers) {
    const distrust = distrustAnswer(facts, answer);
    if (distrust !== undefined) return { kind: distrust.kind, reason: `${key}: ${distrust.reason}` };
  }
  return undefined;
}

function distrustAnswer(facts: TrustFacts, answer: Answer): Distrust | undefined {
  if (answer.kind === 'absent') return distrustVector(facts, answer.seen);
  const dots = new Map<LogName, number>();
  for (const { dot } of answer.row.siblings) {
    dots.set(dot.incarnation, Math.max(dots.get(dot.incarnation) ?? 0, dot.counter));
    if ((answer.row.context.get(dot.incarnation) ?? 0) < dot.counter) return { kind: 'refuse', reason: `dot ${dot.incarnation}.${dot.counter.toString()} is not in its row's context` };
  }
  return distrustVector(facts, answer.row.context) ?? distrustVector(facts, dots);
}

/** The first reason not to believe that somebody has seen this. */
export function distrustVector(facts: TrustFacts, vector: VersionVector): Distrust | undefined {
  for (const [log, counter] of vector) {
    const own = facts.mine.get(log);
    if (own !== undefined && counter > own && !facts.recovering) return { kind: 'refuse', reason: `${log}.${counter.toString()} is mine and was never issued` };
    if (own !== undefined) continue;
    const known = facts.logs.get(log);
    if (known === undefined) return { kind: 'defer', reason: `incarnation ${log} is not known yet` };
    if (counter > known.head + (known.closed ? 0 : MAX_LEAD)) return { kind: 'defer', reason: `${log}.${counter.toString()} is far beyond what ${known.owner} is known to have issued (${known.head.toString()})` };
  }
  return undefined;
}

/** The same dot with other content cannot be: dots are never reissued. Damage here or forgery there; either way not taken. */
export function contradiction(key: ResourceKey, here: HeldRow | undefined, arriving: Row): Distrust | undefined {
  for (const sibling of arriving.siblings) {
    const same = here?.siblings.find((other) => sameDot(other.dot, sibling.dot));
    if (same !== undefined && bodyHash(same.body) !== bodyHash(sibling.body)) {
      return { kind: 'refuse', reason: `${key}: dot ${sibling.dot.incarnation}.${sibling.dot.counter.toString()} came with another content than it has here` };
    }
  }
  return undefined;
}

/** A peer that sends what cannot be true is told of, and what it sent is not taken. */
export async function reportMisbehaviour(replica: Replica, member: Member, reason: string): Promise<void> {
  replica.logger.error('peer-misbehaved', { member, reason });
  await replica.events.publish({ kind: 'PeerMisbehaved', member, reason });
}

/** The incarnations of a member, as a set. */
export const incarnationsOfOwner = (logs: KnownLogs, owner: Member): ReadonlySet<Incarnation> =>
  new Set([...logs].filter(([, log]) => log.owner === owner).map(([name]) => name as Incarnation));
