import type { Hash, LogName, ResourceKey } from '../../model/ids.ts';
import type { Entry } from '../../model/merkle.ts';
import type { HeldRow } from '../../model/row.ts';
import { zeroStamp } from '../../model/stamp.ts';
import { emptyVector } from '../../model/version-vector.ts';
import type { LocalHead, Seen, StoredDocument, StoredIndex } from '../../ports/store.ts';
import { SegmentList } from './segment-list.ts';
import { SortedMap } from './sorted-map.ts';

/** All that a member's table holds. Values are immutable, so a copy shares them. */
export interface Tables {
  readonly rows: SortedMap<ResourceKey, HeldRow>;
  readonly segments: Map<LogName, SegmentList>;
  readonly contents: Map<ResourceKey, ReadonlyMap<Hash, string>>;
  readonly documents: SortedMap<string, StoredDocument>;
  readonly buckets: Map<number, readonly Entry[]>;
  index: StoredIndex | undefined;
  seen: Seen;
  local: LocalHead | undefined;
  writableUntilMs: number | undefined;
}

export const emptyTables = (): Tables => ({
  rows: new SortedMap(),
  segments: new Map(),
  contents: new Map(),
  documents: new SortedMap(),
  buckets: new Map(),
  index: undefined,
  seen: { others: new Map(), maxStamp: zeroStamp, floors: emptyVector },
  local: undefined,
  writableUntilMs: undefined,
});

export const copyTables = (tables: Tables): Tables => ({
  ...tables,
  rows: tables.rows.copy(),
  segments: new Map([...tables.segments].map(([log, list]) => [log, list.copy()])),
  contents: new Map(tables.contents),
  documents: tables.documents.copy(),
  buckets: new Map(tables.buckets),
});

/**
 * What a backup can look like that was taken while writes went on: it is not one consistent picture (DESIGN §4, "Lost state").
 * Every item is taken from the older or from the newer moment.
 *
 * @param takesNewer answers for one item; called once for each
 */
export function tornBackup(older: Tables, newer: Tables, takesNewer: () => boolean): Tables {
  return {
    rows: new SortedMap(tornItems(older.rows.entries(), newer.rows.entries(), takesNewer)),
    segments: tornSegments(older, newer, takesNewer),
    contents: new Map(tornItems(older.contents, newer.contents, takesNewer)),
    documents: new SortedMap(tornItems(older.documents.entries(), newer.documents.entries(), takesNewer)),
    buckets: new Map(tornItems(older.buckets, newer.buckets, takesNewer)),
    index: (takesNewer() ? newer : older).index,
    // The local head is an attribute of the same item as the vector.
    ...pickSeen(takesNewer() ? newer : older),
    writableUntilMs: (takesNewer() ? newer : older).writableUntilMs,
  };
}

const pickSeen = ({ seen, local }: Tables): Pick<Tables, 'seen' | 'local'> => ({ seen, local });

function tornItems<Key, Value>(older: Iterable<readonly [Key, Value]>, newer: Iterable<readonly [Key, Value]>, takesNewer: () => boolean): Map<Key, Value> {
  const before = new Map(older);
  const after = new Map(newer);
  const torn = new Map<Key, Value>();
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const value = (takesNewer() ? after : before).get(key);
    if (value !== undefined) torn.set(key, value);
  }
  return torn;
}

function tornSegments(older: Tables, newer: Tables, takesNewer: () => boolean): Map<LogName, SegmentList> {
  const torn = new Map<LogName, SegmentList>();
  for (const log of new Set([...older.segments.keys(), ...newer.segments.keys()])) {
    const byRange = (list: SegmentList | undefined) => (list?.after(0, Infinity) ?? []).map((segment) => [`${segment.first.toString()}-${segment.last.toString()}`, segment] as const);
    const list = new SegmentList();
    for (const segment of tornItems(byRange(older.segments.get(log)), byRange(newer.segments.get(log)), takesNewer).values()) list.put(segment);
    torn.set(log, list);
  }
  return torn;
}
