import type { LogName, ResourceKey } from '../../model/ids.ts';
import type { LogSegment } from '../../model/log.ts';
import { packJson, unpackJson } from './packed-bytes.ts';
import { StoredList } from './stored-list.ts';

/**
 * A segment as it is stored under its log's name: `[first, last, time of commit, request id, closes, entries]`. An entry is its
 * distance from the one before, and the key.
 */
export function encodeSegment({ first, last, entries, committedAtMs, requestId, closes }: LogSegment): Buffer {
  let before = first;
  const flat = entries.flatMap(({ counter, key }) => {
    const distance = counter - before;
    before = counter;
    return [distance, key];
  });
  return packJson([first, last, committedAtMs, requestId ?? null, closes ? 1 : 0, flat], 'rows');
}

/** @throws StoredFormatError */
export function decodeSegment(log: LogName, packed: Uint8Array): LogSegment {
  const what = `segment of ${log}`;
  const list = new StoredList(what, unpackJson(what, packed));
  const [first, last, committedAtMs, requestId, closes] = [list.count(), list.count(), list.timeMs(), list.textOrNull(), list.count() === 1];
  let counter = first;
  const entries = list.list('entries').rest((rest) => {
    counter += rest.timeMs();
    return { counter, key: rest.text() as ResourceKey };
  });
  return { log, first, last, entries, committedAtMs, requestId, closes };
}
