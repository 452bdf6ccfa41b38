import { asClusterId, asHash, asIncarnation, asLocalLog } from '../../model/ids.ts';
import type { Body, HeldRow, LocalPart, Origin, Path, Provenance, Row, Shown, Sibling } from '../../model/row.ts';
import type { Write } from '../../model/stamp.ts';
import { sameVector } from '../../model/version-vector.ts';
import { RowTables, StoredTables } from './intern.ts';
import { StoredFormatError, pack, parseStored, unpack } from './packed-bytes.ts';
import { StoredList } from './stored-list.ts';

/**
 * A row as it is stored: one line of JSON, `[names, writes, lengths of contents, context, siblings, local]`, then the contents one
 * after the other, each once whoever refers to it; all of it packed. The local part stands beside the row and is no part of it.
 */
export const encodeRow = (row: HeldRow): Buffer => encode(row, row.local);

/** A row as it travels, without a local part, stored the same way. */
export const encodeBareRow = (row: Row): Buffer => encode(row, undefined);

function encode(row: Row, localPart: LocalPart | undefined): Buffer {
  const tables = new RowTables();
  const context = tables.vector(row.context);
  const siblings = row.siblings.map((sibling) => siblingParts(tables, sibling));
  const local = localPart === undefined ? null : localParts(tables, localPart);
  const contents = tables.contents.texts.map((text) => Buffer.from(text.isWellFormed() ? text : JSON.stringify(text)));
  // A negative length: the text is quoted, because UTF-8 cannot say it.
  const lengths = contents.map((bytes, at) => ((tables.contents.texts[at] ?? '').isWellFormed() ? bytes.length : -bytes.length));
  const header = JSON.stringify([tables.names.texts, tables.writes, lengths, context, siblings, local]);
  return pack(Buffer.concat([Buffer.from(`${header}\n`), ...contents]), 'rows');
}

/**
 * @param what names the row in errors
 * @throws StoredFormatError
 */
export function decodeRow(what: string, packed: Uint8Array): HeldRow {
  const { row, local } = decode(what, packed);
  if (local === undefined) throw new StoredFormatError(what, 'its local part is missing');
  return { ...row, local };
}

/** @throws StoredFormatError */
export const decodeBareRow = (what: string, packed: Uint8Array): Row => decode(what, packed).row;

function decode(what: string, packed: Uint8Array): { readonly row: Row; readonly local: LocalPart | undefined } {
  const bytes = unpack(what, packed);
  const end = bytes.indexOf(10);
  if (end < 0) throw new StoredFormatError(what, 'its first line does not end');
  const header = new StoredList(what, parseStored(what, bytes.toString('utf8', 0, end)));
  const [names, writes, lengths] = [header.list('names'), header.list('writes'), header.list('lengths')];
  const tables = new StoredTables(what, names, writes, splitContents(what, bytes.subarray(end + 1), lengths));
  const context = tables.vector(header.list('context'));
  const siblings = header.list('siblings').rest((list) => readSibling(tables, list.list('sibling')));
  const local = header.listOrNull('local');
  return { row: { context, siblings }, local: local && readLocal(tables, local) };
}

function splitContents(what: string, bytes: Buffer, lengths: StoredList): readonly string[] {
  let at = 0;
  const contents = lengths.rest((list) => {
    const length = list.timeMs();
    const text = bytes.toString('utf8', at, at + Math.abs(length));
    at += Math.abs(length);
    if (length >= 0) return text;
    const quoted = parseStored(what, text);
    return typeof quoted === 'string' ? quoted : list.fail('a quoted content', quoted);
  });
  if (at !== bytes.length) throw new StoredFormatError(what, `its contents are ${bytes.length.toString()} bytes long, not ${at.toString()}`);
  return contents;
}

/** Zero stands for none. */
const contentNumber = (tables: RowTables, content: string | undefined): number => (content === undefined ? 0 : tables.contents.numberOf(content) + 1);

const siblingParts = (tables: RowTables, sibling: Sibling): unknown[] => [
  tables.write(sibling),
  tables.vector(sibling.writerContext),
  sibling.covers.flatMap((dot) => [tables.names.numberOf(dot.incarnation), dot.counter]),
  tables.names.numberOf(sibling.origin),
  bodyParts(tables, sibling.body),
];

function readSibling(tables: StoredTables, list: StoredList): Sibling {
  const { dot, stamp } = tables.write(list);
  return {
    dot,
    stamp,
    writerContext: tables.vector(list.list('writer context')),
    covers: list.list('covers').rest((rest) => ({ incarnation: asIncarnation(tables.name(rest)), counter: rest.count() })),
    origin: tables.name(list) as Origin,
    body: readBody(tables, list.listOrNull('body')),
  };
}

function bodyParts(tables: RowTables, body: Body): unknown[] | null {
  if (body.kind === 'deleted') return null;
  return [tables.names.numberOf(body.hash), contentNumber(tables, body.content), body.bytes, ...fieldParts(tables, body.fields)];
}

function readBody(tables: StoredTables, list: StoredList | undefined): Body {
  if (list === undefined) return { kind: 'deleted' };
  const [hash, content, bytes] = [asHash(tables.name(list)), tables.content(list), list.count()];
  return { kind: 'live', hash, content, bytes, fields: readFields(tables, list) };
}

const fieldParts = (tables: RowTables, { base, set, removed }: Provenance): unknown[] => [tables.write(base), pathParts(tables, set), pathParts(tables, removed)];

const readFields = (tables: StoredTables, list: StoredList): Provenance =>
  ({ base: tables.write(list), set: readPaths(tables, list.list('set')), removed: readPaths(tables, list.list('removed')) });

const pathParts = (tables: RowTables, paths: ReadonlyMap<Path, Write>): unknown[] => [...paths].flatMap(([path, write]) => [path, tables.write(write)]);

const readPaths = (tables: StoredTables, list: StoredList): ReadonlyMap<Path, Write> => new Map(list.rest((rest) => [rest.text(), tables.write(rest)] as const));

/** Stands at the end of a local part, or nothing does. */
const FROM_OTHERS = 1;

const localParts = (tables: RowTables, { revision, changedAtMs, offLog, conflictSinceMs, observed, shown, fromOthers }: LocalPart): unknown[] => [
  revision,
  changedAtMs,
  conflictSinceMs ?? null,
  offLog === undefined ? null : [tables.names.numberOf(offLog.log), offLog.counter],
  observed === undefined ? null : [tables.names.numberOf(observed.clusterId), observed.uid, observed.resourceVersion],
  shown === undefined ? null : shownParts(tables, shown),
  ...(fromOthers ? [FROM_OTHERS] : []),
];

function readLocal(tables: StoredTables, list: StoredList): LocalPart {
  const [revision, changedAtMs, conflictSinceMs] = [list.count(), list.timeMs(), list.timeMsOrNull()];
  const [offLog, observed, shown] = [list.listOrNull('off-log'), list.listOrNull('observed'), list.listOrNull('shown')];
  return {
    revision,
    changedAtMs,
    conflictSinceMs,
    offLog: offLog && { log: asLocalLog(tables.name(offLog)), counter: offLog.count() },
    observed: observed && { clusterId: asClusterId(tables.name(observed)), uid: observed.text(), resourceVersion: observed.text() },
    shown: shown && readShown(tables, shown),
    fromOthers: !list.isDone && list.count() === FROM_OTHERS,
  };
}

/** What tokens cover is mostly the context itself, and is then left out. */
const shownParts = (tables: RowTables, { clusterId, context, tokensCover, hash, content, fields, reshown = [] }: Shown): unknown[] => [
  tables.names.numberOf(clusterId), tables.vector(context), sameVector(context, tokensCover) ? null : tables.vector(tokensCover),
  hash === undefined ? null : hash, contentNumber(tables, content), fields === undefined ? null : fieldParts(tables, fields), ...reshown,
];

function readShown(tables: StoredTables, list: StoredList): Shown {
  const clusterId = asClusterId(tables.name(list));
  const context = tables.vector(list.list('shown context'));
  const beside = list.listOrNull('what tokens cover');
  const hash = list.textOrNull();
  const content = tables.content(list);
  const fields = list.listOrNull('shown fields');
  const reshown = list.rest((rest) => asHash(rest.text()));
  return {
    clusterId, context, tokensCover: beside === undefined ? context : tables.vector(beside), hash: hash === undefined ? undefined : asHash(hash),
    content, fields: fields && readFields(tables, fields), ...(reshown.length > 0 && { reshown }),
  };
}
