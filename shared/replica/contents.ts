import { MAX_INLINE_BYTES, contentOf } from '../model/content.ts';
import type { Content } from '../model/content.ts';
import type { Hash, ResourceKey } from '../model/ids.ts';
import type { Row } from '../model/row.ts';
import { missingContents } from '../model/view.ts';
import { ReplicaError } from '../ports/errors.ts';
import { TooLargeError } from '../ports/store.ts';
import type { Peer } from '../ports/peer.ts';
import type { Replica } from './replica.ts';

/** No manifest is longer, compressed or not: above this a peer may not make us parse it. */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/** Whether a content may stand in a row. */
export const fitsInline = (text: string): boolean => Buffer.byteLength(text) <= MAX_INLINE_BYTES;

/** Stores a content that does not fit into its row, before the row. Returns what the row holds of it. */
export async function storeContent(replica: Replica, key: ResourceKey, content: Content): Promise<string | undefined> {
  if (content.bytes > MAX_MANIFEST_BYTES) throw new TooLargeError(key, content.bytes, MAX_MANIFEST_BYTES);
  if (content.bytes <= MAX_INLINE_BYTES) return content.text;
  await replica.store.putContent(key, content.hash, content.text);
  return undefined;
}

/** Loads the contents that a row's versions hold outside of it. */
export async function loadContents(replica: Replica, key: ResourceKey, row: Row): Promise<ReadonlyMap<Hash, string>> {
  const loaded = new Map<Hash, string>();
  for (const hash of missingContents(row)) {
    const text = await replica.store.content(key, hash);
    if (text !== undefined) loaded.set(hash, text);
  }
  return loaded;
}

/** Fetches from a peer what rows on their way in hold outside of themselves, so that a row never stands without its content. */
export async function fetchMissingContents(replica: Replica, peer: Peer, rows: readonly { readonly key: ResourceKey; readonly row: Row }[], signal: AbortSignal): Promise<void> {
  const wanted: { key: ResourceKey; hash: Hash }[] = [];
  for (const { key, row } of rows) {
    for (const hash of missingContents(row)) if ((await replica.store.content(key, hash)) === undefined) wanted.push({ key, hash });
  }
  // One by one: each may be megabytes long, and a page has few of them.
  for (const { key, hash } of wanted) {
    const { contents } = await peer.fetchContents({ wanted: [{ key, hash }] }, signal);
    const text = contents.get(hash);
    if (text === undefined) continue; // superseded at the peer meanwhile; the row that superseded it is on its way
    if (contentOf(text).hash !== hash) throw new ReplicaError('refused', `${peer.member} sent a content of ${key} that does not match its hash`);
    await replica.store.putContent(key, hash, text);
  }
}
