import fc from 'fast-check';
import { contentOf } from '../../model/content.ts';
import type { Incarnation, LocalLog, LogName } from '../../model/ids.ts';
import { asIncarnation, asLocalLog } from '../../model/ids.ts';
import { BUCKETS, DIGEST_BYTES } from '../../model/merkle.ts';
import type { HeldRow } from '../../model/row.ts';
import { counterOf } from '../../model/version-vector.ts';
import type { RowPut, Store } from '../store.ts';
import { ALPHA, ALPHABET, BETA, GAMMA, MEMBER, OWN_LOG, T0_MS, clockAt, deletedSibling, keyOf, liveSibling, rowAt, segmentOf } from './fixtures.ts';

const KINDS = [
  'commit', 'commit', 'commit', 'putRow', 'putRow', 'dropRow', 'putOffLog', 'advance', 'advance', 'startIncarnation', 'moveFloor', 'dropSegments', 'putContent',
  'sweepContents', 'putDocument', 'dropDocument', 'fence', 'putIndex', 'list', 'candidates', 'segments', 'reads',
] as const;
const OTHER_LOGS: readonly Incarnation[] = [ALPHABET, BETA, GAMMA];
export const REFERENCE_LOGS: readonly LogName[] = [ALPHA, ...OTHER_LOGS, OWN_LOG, ...Array.from({ length: 6 }, (_, at) => [asIncarnation(`inext${'abcdef'.charAt(at)}`), asLocalLog(`lnext${'abcdef'.charAt(at)}`)]).flat()];

/** One call, not yet filled in: what its conditions ask for depends on where the store is when it is made. */
export interface Operation {
  readonly kind: (typeof KINDS)[number];
  /** Which row, log, name. */
  readonly which: number;
  /** How many, how far. */
  readonly size: number;
  /** Which of its conditions is wrong; mostly none. */
  readonly flaw: 'none' | 'row' | 'head' | 'other';
}

export const operations = (maxLength: number): fc.Arbitrary<Operation[]> => fc.array(fc.record({
  kind: fc.constantFrom(...KINDS),
  which: fc.nat(11),
  size: fc.integer({ min: 1, max: 4 }),
  flaw: fc.oneof({ weight: 6, arbitrary: fc.constant('none' as const) }, { weight: 1, arbitrary: fc.constantFrom('row' as const, 'head' as const, 'other' as const) }),
}), { minLength: 1, maxLength, size: 'max' });

/** Makes the same call of any store. */
export type Call = (store: Store) => Promise<unknown>;

/** Fills an operation in with conditions that hold in `reference` just now, but for its flaw. */
export async function callOf(operation: Operation, reference: Store): Promise<Call> {
  const { kind, which, size, flaw } = operation;
  switch (kind) {
    case 'commit': return commit(operation, reference);
    case 'putRow': { const [put] = await putsOf({ ...operation, size: 1 }, reference); return put === undefined ? nothing : (store) => store.putRow(put); }
    case 'dropRow': { const revision = (await revisionOf(which, reference)) ?? 'absent'; return (store) => store.putRow({ key: keyOf(which), next: 'drop', if: flaw === 'row' ? 99 : revision }); }
    case 'putOffLog': return offLog(operation, reference);
    case 'advance': return advance(operation, reference);
    case 'startIncarnation': return startIncarnation(operation, reference);
    case 'moveFloor': return (store) => store.moveFloor(logAt(which), size * which);
    case 'dropSegments': return (store) => store.dropSegmentsBelowFloor(logAt(which), size);
    case 'putContent': return putContent(which, size);
    case 'sweepContents': return (store) => store.sweepContents(keyOf(which % 3), [contentOf(`{"size":${size.toString()}}`).hash]);
    case 'putDocument': { const revision = (await reference.document(nameAt(which)))?.revision ?? 'absent'; return (store) => store.putDocument(nameAt(which), { size }, flaw === 'none' ? revision : flaw === 'row' ? 99 : undefined); }
    case 'dropDocument': return (store) => store.dropDocument(nameAt(which));
    case 'fence': return (store) => store.putWritableUntil(size === 1 ? undefined : T0_MS + which);
    case 'putIndex': return putIndex(operation, reference);
    case 'list': return (store) => store.list(which === 0 ? undefined : keyOf(which), 20);
    case 'candidates': return (store) => store.candidates(size > 2 ? 'conflict' : 'delete-only', which === 0 ? undefined : keyOf(which), 20);
    case 'segments': return async (store) => [await store.segments(logAt(which), size * 2, size), await store.newestSegment(logAt(which))];
    case 'reads': return async (store) => [{ ...await store.picture([keyOf(which), keyOf(which + 1)]), tableId: undefined }, await store.content(keyOf(which % 3), contentOf(`{"size":${size.toString()}}`).hash), await store.documents('name/')];
  }
}

const nothing: Call = async () => undefined;
const nameAt = (which: number): string => (which % 3 === 0 ? 'other' : `name/${which.toString()}`);
const logAt = (which: number): LogName => REFERENCE_LOGS[which % REFERENCE_LOGS.length] ?? ALPHA;
const revisionOf = async (which: number, reference: Store): Promise<number | undefined> => (await reference.rows([keyOf(which)])).get(keyOf(which))?.local.revision;

function someRow(revision: number, size: number): HeldRow {
  if (size === 1) return rowAt(revision, '', [deletedSibling(revision)]);
  if (size === 2) return rowAt(revision, '', [liveSibling(revision, '{"a":1}'), liveSibling(revision, '{"a":2}', BETA)]);
  return rowAt(revision);
}

async function putsOf({ which, size, flaw }: Operation, reference: Store): Promise<readonly RowPut[]> {
  const puts: RowPut[] = [];
  for (let at = 0; at < size; at += 1) {
    const key = keyOf(which + at);
    const revision = await revisionOf(which + at, reference);
    const isFlawed = flaw === 'row' && at === size - 1;
    const condition = isFlawed ? (revision === undefined ? 1 : 'absent') : (revision ?? 'absent');
    puts.push({ key, next: at === 3 && revision !== undefined ? 'drop' : someRow((revision ?? 0) + 1, (which + at) % 4), if: condition });
  }
  return puts;
}

async function commit(operation: Operation, reference: Store): Promise<Call> {
  const { clock } = await reference.state();
  const { flaw, size, which } = operation;
  const head = (clock?.head ?? 0) + (flaw === 'head' ? 1 : 0);
  const next = { ...(clock ?? clockAt(0)), head: head + size, hlc: { ms: T0_MS + head, counter: which, member: MEMBER } };
  const puts = await putsOf(operation, reference);
  const segment = segmentOf(next.incarnation, head + 1, head + size, puts.map((put) => put.key), { requestId: which > 5 ? `r-${which.toString()}` : undefined });
  const writableAtMs = flaw === 'other' ? T0_MS + 20 : which > 8 ? T0_MS : undefined;
  return (store) => store.commit({ puts, segment, clock: next, ifHead: head, writableAtMs });
}

async function offLog(operation: Operation, reference: Store): Promise<Call> {
  const { local } = await reference.state();
  const puts = await putsOf({ ...operation, size: 1 }, reference);
  const ifHead = (local?.head ?? 0) + (operation.flaw === 'head' ? 1 : 0);
  const log: LocalLog = operation.flaw === 'other' ? asLocalLog('lwrong') : (local?.log ?? OWN_LOG);
  return (store) => store.putOffLog({ puts, segment: segmentOf(log, ifHead + 1, ifHead + 1, puts.map((put) => put.key)), ifHead });
}

async function advance({ which, size, flaw }: Operation, reference: Store): Promise<Call> {
  const { others } = (await reference.state()).seen;
  const logs = OTHER_LOGS.slice(which % 3, (which % 3) + 2);
  const from = new Map(logs.map((log, at) => [log, counterOf(others, log) + (flaw !== 'none' && at === 0 ? 1 : 0)]).filter((pair): pair is [Incarnation, number] => pair[1] !== 0));
  const to = new Map(logs.map((log) => [log, counterOf(others, log) + size]));
  const segments = [...to].map(([log, last]) => segmentOf(log, Math.max(1, last - size - (which % 2)), last, [keyOf(which)]));
  const floors = size === 4 ? { floors: new Map([[BETA, which]]) } : {};
  return (store) => store.advance({ segments, from, to, maxStamp: { ms: T0_MS + which, counter: size, member: MEMBER }, ...floors });
}

async function startIncarnation({ which, flaw }: Operation, reference: Store): Promise<Call> {
  const { clock } = await reference.state();
  const letter = 'abcdef'.charAt(which % 6);
  const next = clock === undefined ? clockAt(0) : clockAt(which % 2 === 0 ? 0 : clock.head, {
    incarnation: which % 2 === 0 ? asIncarnation(`inext${letter}`) : clock.incarnation, state: which % 4 === 1 ? 'recovering' : 'serving', closed: new Map([...clock.closed, [clock.incarnation, clock.head]]),
  });
  const condition = clock === undefined ? 'absent' as const : { incarnation: clock.incarnation, head: clock.head + (flaw === 'head' ? 1 : 0), state: flaw === 'row' ? (clock.state === 'serving' ? 'recovering' as const : 'serving' as const) : clock.state };
  const others = which > 8 ? new Map([[BETA, which]]) : undefined;
  const segments = clock === undefined ? [] : [segmentOf(clock.incarnation, clock.head + 1, clock.head + 3, [], { closes: true })];
  return (store) => store.startIncarnation({ if: flaw === 'other' ? 'absent' : condition, clock: next, local: { log: asLocalLog(`lnext${letter}`), head: 0 }, others, segments });
}

function putContent(which: number, size: number): Call {
  const { hash, text } = contentOf(`{"size":${size.toString()}}`);
  return (store) => store.putContent(keyOf(which % 3), hash, text);
}

async function putIndex({ which, size, flaw }: Operation, reference: Store): Promise<Call> {
  const index = await reference.index();
  const leaves = Buffer.from(index?.leaves ?? Buffer.alloc(BUCKETS * DIGEST_BYTES));
  const bucket = which % 3;
  leaves.fill(size, bucket * DIGEST_BYTES, (bucket + 1) * DIGEST_BYTES);
  const entries = size === 1 ? [] : [{ key: keyOf(which), keyHash: which.toString(16).padStart(16, '0'), digest: size.toString(16).padStart(16, '0') }];
  const ifRevision = flaw === 'none' ? (index?.revision ?? 'absent') : index === undefined ? 1 : 'absent';
  return (store) => store.putIndex({ ifRevision, vector: new Map([[ALPHA, size]]), leaves, buckets: new Map([[bucket, entries]]) });
}
