import type { JsonObject } from './content.ts';
import { canonicalContent } from './content.ts';
import type { ClusterId, Incarnation, Member, ResourceKey } from './ids.ts';
import { asClusterId, asIncarnation, asMember } from './ids.ts';
import { join } from './join.ts';
import { editProvenance } from './provenance.ts';
import { resourceKey, splitKey } from './resource-key.ts';
import type { Answer, Body, Provenance, Row } from './row.ts';
import { absentRow, rowOf } from './row.ts';
import type { Reports } from './stability.ts';
import { isCollectable, noReports, noteReport } from './stability.ts';
import type { Stamp } from './stamp.ts';
import { nextStamp, zeroStamp } from './stamp.ts';
import type { VersionVector } from './version-vector.ts';
import { dotKey, emptyVector, mergeVectors, withDot } from './version-vector.ts';
import type { Strategy } from './view.ts';
import { viewOf } from './view.ts';
import { write } from './write.ts';

/**
 * For tests only: a federation small enough to hold in the head, with the rules of the model and nothing else. Members write,
 * pull everything from one another, get single rows late, and collect deletes. Nothing fails and nothing is stored.
 *
 * Beside the state it keeps what an oracle needs and the rules never see: of each write, which writes its author had been shown.
 */
export class ToyFederation {
  readonly replicas: readonly Replica[];
  readonly writes: Written[] = [];
  /** Deletes that some replica has collected. */
  readonly collected = new Set<string>();
  /** Answers on their way; each may be delivered often, late, or never. */
  readonly #packets: Packet[] = [];
  readonly #strategy: Strategy;
  #nowMs = 1_000_000;

  constructor(members: number, strategy: Strategy = 'Merge') {
    this.#strategy = strategy;
    this.replicas = Array.from({ length: members }, (_, at) => new Replica(at));
  }

  run(steps: readonly Step[]): this {
    for (const step of steps) this.#carryOut(step);
    return this;
  }

  /** Everybody pulls from everybody until nothing is new. */
  level(): this {
    for (let round = 0; round < 2; round += 1) {
      for (const to of this.replicas) for (const from of this.replicas) if (to !== from) this.#pull(to, from);
    }
    return this;
  }

  /** All rows that stand anywhere. */
  rows(): readonly Row[] { return this.replicas.flatMap((replica) => [...replica.rows.values()]); }

  #carryOut(step: Step): void {
    const replica = pick(this.replicas, step.at);
    this.#nowMs += 10;
    switch (step.do) {
      case 'write': { this.#write(replica, step); break; }
      case 'pull': { this.#pull(replica, pick(this.replicas, step.from)); break; }
      case 'send': { this.#packets.push({ key: keyOf(step.key), answer: replica.answer(keyOf(step.key)), has: replica.has(keyOf(step.key)) }); break; }
      case 'deliver': { if (this.#packets.length > 0) this.#receive(replica, pick(this.#packets, step.packet)); break; }
      case 'level': { this.level(); break; }
      case 'collect': { this.#collect(replica); break; }
    }
  }

  #write(replica: Replica, step: Extract<Step, { do: 'write' }>): void {
    const key = keyOf(step.key);
    const row = replica.rows.get(key);
    const shown = pick([...replica.shown(key)].reverse(), step.shown);
    const origin = step.as === 'cluster' ? replica.clusterId : 'operator';
    const dot = { incarnation: replica.incarnation, counter: replica.head + 1 };
    const stamp = nextStamp(replica.member, this.#nowMs + step.clockMs, [replica.hlc, ...(row?.siblings ?? []).map((sibling) => sibling.stamp)]);
    const body = bodyOf(splitKey(key).kind, { dot, stamp }, step.content, shown);
    const made = write(row, replica.seen, { context: shown.context, origin, dot, stamp, body: () => body });
    // What is absent here has been seen and is over; a cluster's own earlier writes are not concurrent with its next one.
    const ownEarlier = this.writes.filter((other) => other.key === key && other.origin !== 'operator' && other.origin === origin).map((other) => other.dot);
    const knows = new Set([...shown.has, ...ownEarlier, ...(row === undefined ? replica.has(key) : [])]);
    this.writes.push({ key, dot: dotKey(dot), origin, knows, content: step.content, stamp });
    replica.head = dot.counter;
    replica.hlc = stamp;
    replica.seen = withDot(replica.seen, dot);
    this.#put(replica, key, made.row, new Set([...knows, dotKey(dot)]));
  }

  #pull(to: Replica, from: Replica): void {
    if (to === from) return;
    for (const key of KEYS) this.#receive(to, { key, answer: from.answer(key), has: from.has(key) });
    to.seen = mergeVectors(to.seen, from.seen);
    to.reports.set(from, noteReport(to.reports.get(from) ?? noReports, from.seen, to.seen));
  }

  #receive(to: Replica, { key, answer, has }: Packet): void {
    const here = to.rows.get(key) ?? absentRow(to.seen);
    this.#put(to, key, join(here, rowOf(answer)), has);
  }

  #put(replica: Replica, key: ResourceKey, row: Row, has: ReadonlySet<string>): void {
    if (row.siblings.length === 0) replica.rows.delete(key);
    else replica.rows.set(key, row);
    replica.add(key, has, this.#strategy);
  }

  #collect(replica: Replica): void {
    const settled = this.replicas.filter((other) => other !== replica).map((other) => replica.reports.get(other)?.settled);
    for (const [key, row] of replica.rows) {
      if (!isCollectable(row, { unchangedForMs: 1, tombstoneTtlMs: 1, seenHere: replica.seen, settled })) continue;
      for (const { dot } of row.siblings) this.collected.add(dotKey(dot));
      replica.rows.delete(key);
      replica.add(key, new Set(), this.#strategy);
    }
  }
}

/** What happens next, and to whom. Numbers are taken modulo what there is, so that every program can run. */
export type Step = { readonly at: number } & (
  /** `shown` counts back from what the cluster shows now: 0 is fresh, more is stale. */
  | { readonly do: 'write'; readonly key: number; readonly as: 'cluster' | 'operator'; readonly shown: number; readonly content: JsonObject | 'deleted'; readonly clockMs: number }
  | { readonly do: 'pull'; readonly from: number }
  | { readonly do: 'send'; readonly key: number }
  | { readonly do: 'deliver'; readonly packet: number }
  | { readonly do: 'level' }
  | { readonly do: 'collect' });

/** A write as an oracle sees it. Dots are printed. */
export interface Written {
  readonly key: ResourceKey;
  readonly dot: string;
  readonly origin: ClusterId | 'operator';
  readonly knows: ReadonlySet<string>;
  readonly content: JsonObject | 'deleted';
  readonly stamp: Stamp;
}

interface Packet { readonly key: ResourceKey; readonly answer: Answer; readonly has: ReadonlySet<string> }

/** What a cluster was shown at some time. */
interface Shown { readonly context: VersionVector; readonly live: { readonly content: string; readonly fields: Provenance } | undefined; readonly has: ReadonlySet<string> }
const nothing: Shown = { context: emptyVector, live: undefined, has: new Set() };

/** One member with its cluster. */
export class Replica {
  readonly member: Member;
  readonly incarnation: Incarnation;
  readonly clusterId: ClusterId;
  readonly rows = new Map<ResourceKey, Row>();
  readonly reports = new Map<Replica, Reports>();
  seen: VersionVector = emptyVector;
  head = 0;
  hlc: Stamp = zeroStamp;
  readonly #shown = new Map<ResourceKey, Shown[]>();

  constructor(at: number) {
    const letter = String.fromCodePoint(97 + at);
    this.member = asMember(`member-${letter}`);
    this.incarnation = asIncarnation(`i${letter.repeat(10)}`);
    this.clusterId = asClusterId(`cluster-${letter}`);
  }

  answer(key: ResourceKey): Answer {
    const row = this.rows.get(key);
    return row === undefined ? { kind: 'absent', seen: this.seen } : { kind: 'row', row };
  }

  /** Everything the cluster was ever shown of a resource, the latest last. */
  shown(key: ResourceKey): readonly Shown[] { return this.#shown.get(key) ?? [nothing]; }

  /** The dots that have been here. */
  has(key: ResourceKey): ReadonlySet<string> { return this.shown(key).at(-1)?.has ?? new Set(); }

  /** The cluster shows the row as it is now. */
  add(key: ResourceKey, has: ReadonlySet<string>, strategy: Strategy): void {
    const row = this.rows.get(key);
    const { body } = viewOf(splitKey(key).kind, row ?? absentRow(this.seen), strategy, { clusterId: this.clusterId, shownHash: undefined });
    const live = body.kind === 'live' && body.content !== undefined ? { content: body.content, fields: body.fields } : undefined;
    const next: Shown = { context: row?.context ?? this.seen, live, has: new Set([...this.has(key), ...has]) };
    this.#shown.set(key, [...this.shown(key), next]);
  }
}

function bodyOf(kind: string, made: { dot: Provenance['base']['dot']; stamp: Stamp }, content: JsonObject | 'deleted', shown: Shown): Body {
  if (content === 'deleted') return { kind: 'deleted' };
  const { text, hash, bytes } = canonicalContent(content);
  return { kind: 'live', hash, bytes, content: text, fields: editProvenance(kind, made, shown.live, text, undefined) };
}

/** The resources of every toy federation. */
export const KEYS: readonly ResourceKey[] = [
  resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name: 'api' }),
  resourceKey({ group: 'novaedge.io', kind: 'ProxyGateway', namespace: 'default', name: 'edge' }),
];

const keyOf = (number: number): ResourceKey => pick(KEYS, number);

/** An item by any number. */
export function pick<T>(items: readonly T[], number: number): T {
  const item = items[number % items.length];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}
