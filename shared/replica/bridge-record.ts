import type { Json } from '../model/content.ts';
import { isObject } from '../model/content.ts';
import type { Filter } from '../model/federated-part.ts';
import { passesFilter } from '../model/federated-part.ts';
import type { ClusterId, LocalLog, ResourceKey } from '../model/ids.ts';
import { bodyHash } from '../model/row.ts';
import type { Body, HeldRow, Row, Shown } from '../model/row.ts';
import type { VersionVector } from '../model/version-vector.ts';
import { coversDot, counterOf, emptyVector } from '../model/version-vector.ts';
import type { ViewBody, Viewer } from '../model/view.ts';
import { viewHash, viewOf } from '../model/view.ts';
import { fitsInline, loadContents } from './contents.ts';
import { vectorFromJson, vectorToJson } from './known-members.ts';
import type { ApplyException } from '../ports/region.ts';
import { noteRecord, recordOf } from './process-memory.ts';
import type { Replica } from './replica.ts';
import { DOCUMENTS, loadSettings } from './settings.ts';
import { splitKey } from '../model/resource-key.ts';

/** What the region keeps for the bridge of its cluster, which itself stores nothing (DESIGN §11, "Applied record"). */
export interface BridgeRecord {
  /** The ID under which the cluster is known here: its own, with the number of its life where it was restored (`~2`). */
  readonly clusterId: ClusterId;
  readonly leaseEpoch: number;
  /** The greatest epoch under which a cluster before this one committed: a cluster's lease counts from one, the clock row's epoch only rises. */
  readonly epochsBefore: number;
  /** Every target up to here was shown in the cluster, but the exceptions. */
  readonly applied: VersionVector;
  readonly listResourceVersion: string | undefined;
  /** The filter that was in force when everything was last compared: what it keeps out was never shown. */
  readonly filter: Filter | undefined;
  readonly reportedAtMs: number;
}

export interface Exception extends ApplyException { readonly sinceMs: number }
const EXCEPTION_PREFIX = 'exception/';

/** The record with the exceptions of the same moment or later: read in this order, an exception is never missed. */
export interface ClusterFacts { readonly record: BridgeRecord | undefined; readonly revision: number | 'absent'; readonly exceptions: ReadonlyMap<ResourceKey, Exception> }

export async function readClusterFacts(replica: Replica): Promise<ClusterFacts> {
  const document = await replica.store.document(DOCUMENTS.bridge);
  if (document === undefined) return { record: undefined, revision: 'absent', exceptions: new Map() };
  const exceptions = await replica.store.documents(EXCEPTION_PREFIX);
  return {
    record: recordOf(replica.memory, DOCUMENTS.bridge, document.value, recordFromJson),
    revision: document.revision,
    exceptions: new Map([...exceptions].map(([name, { value }]) => [name.slice(EXCEPTION_PREFIX.length) as ResourceKey, value as unknown as Exception])),
  };
}

export async function putRecord(replica: Replica, record: BridgeRecord, condition: number | 'absent'): Promise<'ok' | 'stale'> {
  const value = recordToJson(record);
  noteRecord(replica.memory, DOCUMENTS.bridge, value, record);
  return replica.store.putDocument(DOCUMENTS.bridge, value, condition);
}

export const putException = async (replica: Replica, exception: Exception): Promise<void> => {
  await replica.store.putDocument(EXCEPTION_PREFIX + exception.key, { ...exception }, undefined);
};
export const dropException = (replica: Replica, key: ResourceKey): Promise<void> => replica.store.dropDocument(EXCEPTION_PREFIX + key);

function recordToJson({ applied, listResourceVersion, filter, ...always }: BridgeRecord): Json {
  return {
    ...always,
    ...(listResourceVersion === undefined ? {} : { listResourceVersion }),
    ...(filter === undefined ? {} : { filter: { ...filter } }),
    applied: vectorToJson(applied),
  };
}

function recordFromJson(value: Json): BridgeRecord {
  if (!isObject(value)) throw new TypeError('the bridge record is not an object');
  return { ...(value as unknown as BridgeRecord), epochsBefore: typeof value['epochsBefore'] === 'number' ? value['epochsBefore'] : 0, applied: vectorFromJson(value['applied']) ?? emptyVector };
}

/** A lease epoch as the clock row counts it, over all clusters this member has had. */
export const epochOf = ({ epochsBefore }: BridgeRecord, leaseEpoch: number): number => epochsBefore + leaseEpoch;

const wasLetIn = (record: BridgeRecord, key: ResourceKey): boolean => record.filter !== undefined && passesFilter(record.filter, splitKey(key));

/** Whether the cluster could not be shown what the row says. An exception of an unknown kind is one of something not shown. */
export const isUnshown = (exceptions: ClusterFacts['exceptions'], key: ResourceKey): boolean => exceptions.has(key) && exceptions.get(key)?.kind !== 'not-sent';

/** Whether the cluster was shown this state of the row, as far as the applied vector tells. */
export function isPassed(row: HeldRow, { record, exceptions }: ClusterFacts, key: ResourceKey): boolean {
  if (record === undefined || isUnshown(exceptions, key) || !wasLetIn(record, key)) return false;
  return row.siblings.every((sibling) => coversDot(record.applied, sibling.dot)) && isOffLogPassed(row, record);
}

/** As `isPassed`, where the cluster's own writes count as applied at once: the condition for taking absence for a delete. */
export function isApplied(row: HeldRow, { record, exceptions }: ClusterFacts, key: ResourceKey): boolean {
  if (record === undefined || isUnshown(exceptions, key) || !wasLetIn(record, key)) return false;
  return row.siblings.every((sibling) => sibling.origin === record.clusterId || coversDot(record.applied, sibling.dot)) && isOffLogPassed(row, record);
}

function isOffLogPassed({ local: { offLog } }: HeldRow, record: BridgeRecord): boolean {
  return offLog === undefined || counterOf(record.applied, offLog.log) >= offLog.counter;
}

/** A region's own log and where it is, for telling whether the cluster has everything. */
export const hasEverything = (record: BridgeRecord | undefined, seen: VersionVector, local: { log: LocalLog; head: number } | undefined): boolean =>
  record !== undefined && [...seen].every(([log, counter]) => counterOf(record.applied, log) >= counter) && (local === undefined || counterOf(record.applied, local.log) >= local.head);

/**
 * What the cluster was last shown of a resource: the row's view where the applied vector has passed its last change, else the
 * version shown before, which the row keeps beside it until then. Undefined: nothing was ever shown.
 */
export async function shownOf(replica: Replica, key: ResourceKey, row: HeldRow | undefined, facts: ClusterFacts): Promise<Shown | undefined> {
  const { record } = facts;
  if (row === undefined || record === undefined) return undefined;
  const kept = row.local.shown?.clusterId === record.clusterId ? withContent(row.local.shown, row) : undefined;
  if (!isPassed(row, facts, key)) return kept;
  const viewer: Viewer = { clusterId: record.clusterId, shownHash: kept?.hash ?? (kept === undefined ? undefined : 'deleted') };
  const { body } = await view(replica, key, row, viewer);
  // A merge of several is no version's content, so it has no item yet.
  const isMerge = body.kind === 'live' && !row.siblings.some((sibling) => bodyHash(sibling.body) === body.hash);
  if (isMerge && body.content !== undefined && !fitsInline(body.content)) await replica.store.putContent(key, body.hash, body.content);
  return { clusterId: record.clusterId, context: row.context, tokensCover: row.context, hash: viewHash(body), ...contentIn(body) };
}

/** Kept out of the row while one of its versions holds it; a change that takes that version away has to keep it. */
function withContent(shown: Shown, row: Row): Shown {
  if (shown.fields !== undefined || shown.hash === undefined) return shown;
  const holder = row.siblings.find(({ body }) => body.kind === 'live' && body.hash === shown.hash);
  return holder === undefined ? shown : { ...shown, ...contentIn(holder.body) };
}

/** What is kept of a version that was shown. */
export const contentIn = (body: ViewBody | Body): Pick<Shown, 'content' | 'fields'> =>
  body.kind === 'live' ? { content: body.content, fields: body.fields } : { content: undefined, fields: undefined };

/** The view of a row under the strategy in force. */
export async function view(replica: Replica, key: ResourceKey, row: Row, viewer: Viewer): Promise<ReturnType<typeof viewOf>> {
  const { inForce } = await loadSettings(replica);
  return viewOf(splitKey(key).kind, row, inForce?.strategy ?? 'LastWriterWins', viewer, await loadContents(replica, key, row));
}
