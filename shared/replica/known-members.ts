import type { ClockRow } from '../model/clock-row.ts';
import { writtenBy } from '../model/clock-row.ts';
import type { Json } from '../model/content.ts';
import { isObject } from '../model/content.ts';
import type { Incarnation, Member } from '../model/ids.ts';
import type { SharedSettings } from '../model/shared-settings.ts';
import type { Reports } from '../model/stability.ts';
import { noReports } from '../model/stability.ts';
import type { LogName } from '../model/ids.ts';
import { isLogName } from '../model/ids.ts';
import type { VersionVector } from '../model/version-vector.ts';
import type { StoredDocument } from '../ports/store.ts';
import type { Replica } from './replica.ts';

/** What this region knows of another member, from its heartbeats and from calling it. */
export interface PeerRecord {
  readonly member: Member;
  readonly clock: ClockRow | undefined;
  readonly seen: VersionVector | undefined;
  readonly reports: Reports;
  readonly asks: SharedSettings | undefined;
  readonly agents: number;
  readonly healthy: boolean;
  readonly failures: number;
  readonly successes: number;
  readonly error: string | undefined;
  readonly lastHeardMs: number | undefined;
  readonly lastSyncMs: number | undefined;
  /** Since when it has something that is not here. */
  readonly behindSinceMs: number | undefined;
}

export const newPeerRecord = (member: Member): PeerRecord => ({
  member, clock: undefined, seen: undefined, reports: noReports, asks: undefined, agents: 0, healthy: false, failures: 0, successes: 0,
  error: undefined, lastHeardMs: undefined, lastSyncMs: undefined, behindSinceMs: undefined,
});

const documentOf = (member: Member): string => `peer/${member}`;
const PEER_PREFIX = 'peer/';
/** Attempts to change a peer's record beside other handlers; each change is small and quick. */
const RECORD_ATTEMPTS = 10;

/** All peers' records by member. */
export async function peerRecords(replica: Replica): Promise<ReadonlyMap<Member, PeerRecord>> {
  const documents = await replica.store.documents(PEER_PREFIX);
  return new Map([...documents.values()].map((document) => readRecord(document)).map((record) => [record.member, record]));
}

export async function peerRecord(replica: Replica, member: Member): Promise<PeerRecord> {
  const document = await replica.store.document(documentOf(member));
  return document === undefined ? newPeerRecord(member) : readRecord(document);
}

/** Changes a peer's record, whoever else is changing it; a change that returns what it was given writes nothing. Returns the record before and after. */
export async function updatePeerRecord(replica: Replica, member: Member, change: (record: PeerRecord) => PeerRecord): Promise<{ before: PeerRecord; after: PeerRecord }> {
  for (let attempt = 0; ; attempt += 1) {
    const document = await replica.store.document(documentOf(member));
    const before = document === undefined ? newPeerRecord(member) : readRecord(document);
    const after = change(before);
    if (after === before) return { before, after };
    const outcome = await replica.store.putDocument(documentOf(member), writeRecord(after), document?.revision ?? 'absent');
    if (outcome === 'ok' || attempt >= RECORD_ATTEMPTS) return { before, after };
  }
}

/** What every member is known to have written, by the ledger or by its own word: the newer of the two. */
export async function knownClocks(replica: Replica): Promise<ReadonlyMap<Member, ClockRow>> {
  const clocks = new Map(await replica.ledger.clocks());
  for (const [member, { clock }] of await peerRecords(replica)) {
    const fromLedger = clocks.get(member);
    if (clock !== undefined && (fromLedger === undefined || isNewer(clock, fromLedger))) clocks.set(member, clock);
  }
  return clocks;
}

/** Whether a member's clock row is a later state than another of the same member. */
export const isNewer = (a: ClockRow, b: ClockRow): boolean =>
  a.incarnation === b.incarnation ? a.head > b.head || (a.head === b.head && a.state !== b.state && a.state === 'serving') : a.closed.has(b.incarnation);

/** The owner of every known incarnation, with the last counter it is known to have issued and whether that is final. */
export type KnownLogs = ReadonlyMap<LogName, { readonly owner: Member; readonly head: number; readonly closed: boolean }>;

export function knownLogs(clocks: ReadonlyMap<Member, ClockRow>): KnownLogs {
  const logs = new Map<LogName, { owner: Member; head: number; closed: boolean }>();
  for (const [owner, clock] of clocks) {
    for (const [log, head] of writtenBy(clock)) logs.set(log, { owner, head, closed: clock.closed.has(log as Incarnation) });
    if (!logs.has(clock.incarnation)) logs.set(clock.incarnation, { owner, head: 0, closed: false });
  }
  return logs;
}

export const vectorToJson = (vector: VersionVector | undefined): Json => (vector === undefined ? null : Object.fromEntries(vector));

/** Reads a vector back; what is not one is left out. */
export function vectorFromJson(value: Json | undefined): VersionVector | undefined {
  if (!isObject(value)) return undefined;
  const vector = new Map<LogName, number>();
  for (const [log, counter] of Object.entries(value)) if (isLogName(log) && typeof counter === 'number' && counter > 0) vector.set(log, counter);
  return vector;
}

function writeRecord({ clock, seen, reports, asks, error, lastHeardMs, lastSyncMs, behindSinceMs, ...always }: PeerRecord): Json {
  return {
    ...always,
    ...(asks === undefined ? {} : { asks: asksToJson(asks) }),
    ...(error === undefined ? {} : { error }),
    ...(lastHeardMs === undefined ? {} : { lastHeardMs }),
    ...(lastSyncMs === undefined ? {} : { lastSyncMs }),
    ...(behindSinceMs === undefined ? {} : { behindSinceMs }),
    clock: clock === undefined ? null : clockToJson(clock),
    seen: vectorToJson(seen),
    settled: vectorToJson(reports.settled),
    waiting: vectorToJson(reports.waiting),
  };
}

/** In the order they came, so that equal settings have equal texts. */
const asksToJson = (asks: SharedSettings): Json => ({ ...asks, splitBrain: Object.fromEntries(Object.entries(asks.splitBrain).filter(([, value]) => value !== undefined)) });

/** A store that keeps documents in memory hands out the same one until it changes: it is read once. */
const read = new WeakMap<StoredDocument, PeerRecord>();

function readRecord(document: StoredDocument): PeerRecord {
  const record = read.get(document) ?? parseRecord(document);
  read.set(document, record);
  return record;
}

function parseRecord({ value }: StoredDocument): PeerRecord {
  if (!isObject(value)) throw new TypeError('a peer record is not an object');
  const { clock, seen, settled, waiting, ...rest } = value;
  return {
    ...newPeerRecord(value['member'] as Member),
    ...(rest as unknown as Partial<PeerRecord>),
    clock: isObject(clock) ? clockFromJson(clock) : undefined,
    seen: vectorFromJson(seen),
    reports: { settled: vectorFromJson(settled), waiting: vectorFromJson(waiting) },
  };
}

export const clockToJson = (clock: ClockRow): Json => ({ ...clock, hlc: { ...clock.hlc }, closed: [...clock.closed].map(([log, last]) => [log, last]) });
export function clockFromJson(value: Readonly<Record<string, Json>>): ClockRow {
  return { ...(value as unknown as ClockRow), closed: new Map(value['closed'] as unknown as [Incarnation, number][]) };
}
