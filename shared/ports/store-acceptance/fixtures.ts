import { afterEach, beforeEach } from 'vitest';
import type { ClockRow } from '../../model/clock-row.ts';
import { contentOf } from '../../model/content.ts';
import type { LogName, Member, ResourceKey } from '../../model/ids.ts';
import { asClusterId, asIncarnation, asLocalLog, asMember, asTableId } from '../../model/ids.ts';
import type { LogSegment } from '../../model/log.ts';
import { resourceKey } from '../../model/resource-key.ts';
import type { HeldRow, LocalPart, Sibling } from '../../model/row.ts';
import { zeroStamp } from '../../model/stamp.ts';
import type { CommitTransaction, IncarnationStart, RowPut, Store } from '../store.ts';

/** A store with nothing in it, and how to be rid of it. */
export interface StoreUnderTest { readonly store: Store; close(): Promise<void> }
/** Makes an empty store of `MEMBER`. */
export type StoreFactory = () => Promise<StoreUnderTest>;

export const MEMBER: Member = asMember('us-west');
export const ALPHA = asIncarnation('ialpha');
/** A name that another one is the beginning of. */
export const ALPHABET = asIncarnation('ialphabet');
export const BETA = asIncarnation('ibeta');
export const GAMMA = asIncarnation('igamma');
export const OWN_LOG = asLocalLog('lown');
export const T0_MS = 1_750_000_000_000;

/** A new store for every test. */
export function freshStore(factory: StoreFactory): () => Store {
  let current: StoreUnderTest | undefined;
  beforeEach(async () => { current = await factory(); });
  afterEach(async () => { await current?.close(); });
  return () => {
    if (current === undefined) throw new Error('no store outside a test');
    return current.store;
  };
}

export const keyOf = (number: number): ResourceKey =>
  resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name: `route-${number.toString().padStart(3, '0')}` });
export const keysOf = (count: number): readonly ResourceKey[] => Array.from({ length: count }, (_, at) => keyOf(at));

export function liveSibling(counter: number, text: string, log = ALPHA): Sibling {
  const dot = { incarnation: log, counter };
  const stamp = { ms: T0_MS + counter, counter: 0, member: MEMBER };
  const { hash, bytes } = contentOf(text);
  return {
    dot, stamp, writerContext: new Map(), covers: [], origin: asClusterId('cluster-1'),
    body: { kind: 'live', hash, content: text, bytes, fields: { base: { dot, stamp }, set: new Map(), removed: new Map() } },
  };
}

export const deletedSibling = (counter: number, log = ALPHA): Sibling => ({ ...liveSibling(counter, '{}', log), body: { kind: 'deleted' } });

export const localPart = (revision: number): LocalPart =>
  ({ revision, changedAtMs: T0_MS, offLog: undefined, conflictSinceMs: undefined, observed: undefined, shown: undefined, fromOthers: false });

/** A row of one version unless siblings are given. */
export function rowAt(revision: number, text = `{"revision":${revision.toString()}}`, siblings: readonly Sibling[] = [liveSibling(revision, text)]): HeldRow {
  return { context: new Map([[ALPHA, revision]]), siblings, local: localPart(revision) };
}

export const create = (key: ResourceKey, text?: string): RowPut => ({ key, next: rowAt(1, text), if: 'absent' });
export const replace = (key: ResourceKey, revision: number): RowPut => ({ key, next: rowAt(revision + 1), if: revision });

export const segmentOf = (log: LogName, first: number, last: number, keys: readonly ResourceKey[] = [], more: Partial<LogSegment> = {}): LogSegment => ({
  log, first, last, entries: keys.map((key, at) => ({ counter: first + at, key })), committedAtMs: T0_MS + last, requestId: undefined, closes: false, ...more,
});

export const clockAt = (head: number, more: Partial<ClockRow> = {}): ClockRow => ({
  member: MEMBER, incarnation: ALPHA, closed: new Map(), head, hlc: { ...zeroStamp, ms: T0_MS + head, member: MEMBER }, tableId: asTableId('table-under-test'),
  bridgeEpoch: 0, state: 'serving', ...more,
});

/** A commit of these rows right after `ifHead`, one entry each. */
export function commitOf(puts: readonly RowPut[], ifHead: number, more: Partial<CommitTransaction> = {}): CommitTransaction {
  const last = ifHead + Math.max(puts.length, 1);
  return { puts, segment: segmentOf(ALPHA, ifHead + 1, last, puts.map((put) => put.key)), clock: clockAt(last), ifHead, writableAtMs: undefined, ...more };
}

export const firstStart = (more: Partial<IncarnationStart> = {}): IncarnationStart =>
  ({ if: 'absent', clock: clockAt(0), local: { log: OWN_LOG, head: 0 }, others: undefined, segments: [], ...more });

const LOGS: readonly LogName[] = [ALPHA, ALPHABET, BETA, GAMMA, OWN_LOG];

/** Everything of a store that can be seen through its port, for telling that nothing changed. */
export async function dump(store: Store, logs: readonly LogName[] = LOGS) {
  const { index, leaves } = await indexOf(store);
  return {
    state: await store.state(),
    tableId: await store.tableId(),
    rows: (await listAll(store)).rows,
    segments: await Promise.all(logs.map((log) => store.segments(log, 0, 1000))),
    documents: await store.documents(''),
    index, leaves,
    buckets: await store.buckets([0, 1, 2, 4095]),
  };
}

/** Leaves as text: adapters may answer with any kind of byte array. */
async function indexOf(store: Store) {
  const index = await store.index();
  return { index: index && { revision: index.revision, vector: index.vector }, leaves: index && Buffer.from(index.leaves).toString('base64') };
}

/** All rows by pages, with the number of pages. */
export async function listAll(store: Store, limit = 50, page: Store['list'] = store.list.bind(store)) {
  const rows = new Map<ResourceKey, HeldRow>();
  let after: ResourceKey | undefined;
  for (let pages = 1; pages < 1000; pages += 1) {
    const { rows: found, next } = await page(after, limit);
    for (const [key, row] of found) {
      if (rows.has(key)) throw new Error(`${key} is on two pages`);
      rows.set(key, row);
    }
    if (next === undefined) return { rows, pages };
    after = next;
  }
  throw new Error('the list does not end');
}
