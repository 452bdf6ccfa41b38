import type { ClockRow } from '../../model/clock-row.ts';
import type { Json } from '../../model/content.ts';
import type { Incarnation, LogName, ResourceKey } from '../../model/ids.ts';
import { asIncarnation, asMember, asTableId } from '../../model/ids.ts';
import type { Entry } from '../../model/merkle.ts';
import type { Stamp } from '../../model/stamp.ts';
import type { VersionVector } from '../../model/version-vector.ts';
import { packJson, parseStored, unpackJson } from './packed-bytes.ts';
import { StoredList } from './stored-list.ts';

/** A vector as JSON text: names and counters in turn. */
export const encodeVector = (vector: VersionVector): string => JSON.stringify([...vector].flat());

/** @throws StoredFormatError */
export const decodeVector = <Log extends LogName>(what: string, text: string): VersionVector<Log> => readVector(new StoredList(what, parseStored(what, text)));

const readVector = <Log extends LogName>(list: StoredList): VersionVector<Log> => new Map(list.rest((rest) => [rest.text() as Log, rest.count()] as const));

/** A clock row as JSON text: `[member, incarnation, closed, head, [ms, counter, member], table, epoch, state]`. */
export const encodeClock = ({ member, incarnation, closed, head, hlc, tableId, bridgeEpoch, state }: ClockRow): string =>
  JSON.stringify([member, incarnation, [...closed].flat(), head, stampParts(hlc), tableId, bridgeEpoch, state]);

/** @throws StoredFormatError */
export function decodeClock(text: string): ClockRow {
  const list = new StoredList('clock row', parseStored('clock row', text));
  const [member, incarnation] = [asMember(list.text()), asIncarnation(list.text())];
  const closed = readVector<Incarnation>(list.list('closed'));
  const [head, hlc, tableId, bridgeEpoch, state] = [list.count(), readStamp(list.list('hlc')), asTableId(list.text()), list.count(), readState(list)];
  return { member, incarnation, closed, head, hlc, tableId, bridgeEpoch, state };
}

function readState(list: StoredList): ClockRow['state'] {
  const state = list.text();
  return state === 'serving' || state === 'recovering' || state === 'left' ? state : list.fail('serving, recovering or left', state);
}

const stampParts = ({ ms, counter, member }: Stamp): unknown[] => [ms, counter, member];
const readStamp = (list: StoredList): Stamp => ({ ms: list.timeMs(), counter: list.count(), member: asMember(list.text()) });

/** A stamp as JSON text. */
export const encodeStamp = (stamp: Stamp): string => JSON.stringify(stampParts(stamp));

/** @throws StoredFormatError */
export const decodeStamp = (text: string): Stamp => readStamp(new StoredList('stamp', parseStored('stamp', text)));

/** A bucket of the Merkle index. */
export const encodeEntries = (entries: readonly Entry[]): Buffer => packJson(entries.flatMap(({ key, keyHash, digest }) => [key, keyHash, digest]), 'rows');

/** @throws StoredFormatError */
export const decodeEntries = (packed: Uint8Array): readonly Entry[] =>
  new StoredList('bucket', unpackJson('bucket', packed)).rest((list) => ({ key: list.text() as ResourceKey, keyHash: list.text(), digest: list.text() }));

/** What `packDocument` packed. @throws StoredFormatError */
export const decodeDocument = (name: string, packed: Uint8Array): Json => unpackJson(`document ${name}`, packed) as Json;
