import type { ResourceKey } from '../../model/ids.ts';
import { asIncarnation, asMember } from '../../model/ids.ts';
import { printKey } from '../../model/resource-key.ts';
import type { LedgerDelete } from '../../ports/ledger.ts';
import { StoredFormatError, parseStored } from './packed-bytes.ts';
import { decodeBareRow, encodeBareRow } from './row-codec.ts';
import { StoredList } from './stored-list.ts';

/** A delete as it is stored: one line of JSON `[member, key, incarnation, counter]`, then the packed row. */
export function encodeDelete({ member, key, dot, row }: LedgerDelete): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify([member, key, dot.incarnation, dot.counter])}\n`), encodeBareRow(row)]);
}

/** @throws StoredFormatError */
export function decodeDelete(bytes: Uint8Array): LedgerDelete {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = all.indexOf(10);
  if (end < 0) throw new StoredFormatError('delete', 'its first line does not end');
  const list = new StoredList('delete', parseStored('delete', all.toString('utf8', 0, end)));
  const [member, key, incarnation, counter] = [asMember(list.text()), list.text() as ResourceKey, asIncarnation(list.text()), list.count()];
  return { member, key, dot: { incarnation, counter }, row: decodeBareRow(`delete of ${printKey(key)}`, all.subarray(end + 1)) };
}
