import { GlobalTable, MemoryStore } from '../shared/adapters/memory/index.ts';
import { asIncarnation, asTableId } from '../shared/model/ids.ts';
import type { Member } from '../shared/model/ids.ts';
import { DIGEST_BYTES, bucketDigest, bucketOf, emptyLeaves } from '../shared/model/merkle.ts';
import type { Entry } from '../shared/model/merkle.ts';
import { zeroStamp } from '../shared/model/stamp.ts';
import { MAX_INDEX_BUCKETS } from '../shared/ports/store.ts';
import { positionOf } from '../shared/replica/position.ts';
import { ensureServing } from '../shared/replica/recover.ts';
import type { Replica } from '../shared/replica/replica.ts';
import { benchReplica } from './replica.ts';

/** The logs of a federation of three, long in use. */
export const FEDERATION_LOGS = ['iaaaaaaaaaa', 'ibbbbbbbbbb', 'icccccccccc'] as const;
const LOG_HEAD = 200_000;

/** A member whose Merkle index stands; a comparison reads nothing else, so there are no rows. */
export async function indexedMember(member: Member, entries: readonly Entry[]): Promise<Replica> {
  const ledger = new GlobalTable(() => Date.now()).replica(member);
  const store = new MemoryStore(ledger, asTableId(`table-${member}`));
  const replica = benchReplica({ member, store, ledger });
  await ensureServing(replica, new AbortController().signal);
  const to = new Map(FEDERATION_LOGS.map((log) => [asIncarnation(log), LOG_HEAD]));
  const segments = [...to.keys()].map((log) => ({ log, first: 1, last: LOG_HEAD, entries: [], committedAtMs: 0, requestId: undefined, closes: true }));
  await store.advance({ segments, from: new Map([...to.keys()].map((log) => [log, 0])), to, maxStamp: zeroStamp });
  await putIndex(replica, entries);
  return replica;
}

async function putIndex({ store }: Replica, entries: readonly Entry[]): Promise<void> {
  const vector = positionOf(await store.state());
  const buckets = [...Map.groupBy(entries, ({ keyHash }) => bucketOf(keyHash))].map(([number, some]) => [number, some.sort((a, b) => (a.keyHash < b.keyHash ? -1 : 1))] as const);
  const leaves = emptyLeaves();
  for (const [number, some] of buckets) bucketDigest(some).copy(leaves, number * DIGEST_BYTES);
  for (let at = 0; at === 0 || at < buckets.length; at += MAX_INDEX_BUCKETS) {
    await store.putIndex({ ifRevision: at === 0 ? 'absent' : at / MAX_INDEX_BUCKETS, vector, leaves, buckets: new Map(buckets.slice(at, at + MAX_INDEX_BUCKETS)) });
  }
}
