import type { ClockRow } from '../model/clock-row.ts';
import { isNewer, writtenBy } from '../model/clock-row.ts';
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
import { noteRecord, recordOf } from './process-memory.ts';
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

const readRecord = ({ memory }: Replica, name: string, { value }: StoredDocument): PeerRecord => recordOf(memory, name, value, parseRecord);

/** All peers' records by member. */
export async function peerRecords(replica: Replica): Promise<ReadonlyMap<Member, PeerRecord>> {
  const documents = await replica.store.documents(PEER_PREFIX);
  return new Map([...documents].map(([name, document]) => readRecord(replica, name, document)).map((record) => [record.member, record]));
}

export async function peerRecord(replica: Replica, member: Member): Promise<PeerRecord> {
  const name = documentOf(member);
  const document = await replica.store.document(name);
  return document === undefined ? newPeerRecord(member) : readRecord(replica, name, document);
}

/** Changes a peer's record, whoever else is changing it; a change that returns what it was given writes nothing. Returns the record before and after. */
export async function updatePeerRecord(replica: Replica, member: Member, change: (record: PeerRecord) => PeerRecord): Promise<{ before: PeerRecord; after: PeerRecord }> {
  const name = documentOf(member);
  for (let attempt = 0; ; attempt += 1) {
    const document = await replica.store.document(name);
    const before = document === undefined ? newPeerRecord(member) : readRecord(replica, name, document);
    const after = change(before);
    if (after === before) return { before, after };
    const value = writeRecord(after);
    noteRecord(replica.memory, name, value, after);
    const outcome = await replica.store.putDocument(name, value, document?.revision ?? 'absent');
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

export const vectorToJson = (vector: VersionVector | undefined): Json => (vector === undefined ? null : [...vector].map(([log, counter]) => [log, counter]));

/** Reads a vector back; what is not one is left out. */
export function vectorFromJson(value: Json | undefined): VersionVector | undefined {
  if (!Array.isArray(value)) return undefined;
  const vector = new Map<LogName, number>();
  for (const entry of value as readonly Json[]) {
    const [log, counter] = Array.isArray(entry) ? (entry as readonly Json[]) : [];
    if (typeof log === 'string' && isLogName(log) && typeof counter === 'number' && counter > 0) vector.set(log, counter);
  }
  return vector;
}

function writeRecord({ clock, seen, reports, asks, error, lastHeardMs, lastSyncMs, behindSinceMs, ...always }: PeerRecord): Json {
  return {
    ...always,
    ...(asks === undefined ? {} : { asks: asks as unknown as Json }),
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

function parseRecord(value: Json): PeerRecord {
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
