import { isObject } from '../model/content.ts';
import type { Json } from '../model/content.ts';
import type { LogName } from '../model/ids.ts';
import type { Row } from '../model/row.ts';
import type { Token } from '../model/token.ts';
import { counterOf, covers } from '../model/version-vector.ts';
import type { Replica } from './replica.ts';
import { DOCUMENTS } from './settings.ts';

/** Dots that were issued and are nowhere any more, but perhaps in an object of the cluster: `after` < counter ≤ `last`. */
export interface OrphanRange { readonly log: LogName; readonly after: number; readonly last: number }

/** Takes note of what was lost when an incarnation is closed. Said again after a crash, it says the same. */
export async function noteOrphans(replica: Replica, range: OrphanRange): Promise<void> {
  if (range.last <= range.after) return;
  const known = (await orphanRanges(replica)).filter(({ log }) => log !== range.log);
  await replica.store.putDocument(DOCUMENTS.orphans, [...known, range].map((orphans): Json => ({ ...orphans })), undefined);
}

async function orphanRanges(replica: Replica): Promise<readonly OrphanRange[]> {
  const value = (await replica.store.document(DOCUMENTS.orphans))?.value;
  return Array.isArray(value) ? value.filter(isObject).map((range) => range as unknown as OrphanRange) : [];
}

/**
 * Whether an object shows a version that this region has lost: its token names dots that the row has never heard of, or, where
 * there is no row, dots that are nowhere. The object is then the only copy, and is written anew with the context of its token.
 */
export async function isOnlyCopy(replica: Replica, token: Token, row: Row | undefined): Promise<boolean> {
  if (row !== undefined) return !covers(row.context, token.context);
  const ranges = await orphanRanges(replica);
  return ranges.some(({ log, after, last }) => counterOf(token.context, log) > after && counterOf(token.context, log) <= last);
}
