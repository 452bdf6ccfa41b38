import type { ResourceKey } from '../../model/ids.ts';
import type { AdvanceTransaction, CommitTransaction, IndexUpdate, OffLogTransaction, RowPut } from '../../ports/store.ts';
import { MAX_ADVANCE_SEGMENTS, MAX_COMMIT_ROWS, MAX_INDEX_BUCKETS } from '../../ports/store.ts';

/** What every adapter asks of a transaction before it looks at its state. What fails here is a bug of the caller's, so it throws. */

/** @throws RangeError on more rows than fit in one transaction, or a key that is there twice */
export function requireKeys(keys: readonly ResourceKey[]): void {
  if (keys.length > MAX_COMMIT_ROWS) throw new RangeError(`${keys.length.toString()} rows in one transaction, at most ${MAX_COMMIT_ROWS.toString()} fit`);
  if (new Set(keys).size !== keys.length) throw new RangeError('a row is in the transaction twice');
}

const requirePuts = (puts: readonly RowPut[]): void => { requireKeys(puts.map((put) => put.key)); };

/** @throws RangeError */
export function requireCommit({ puts, segment, clock, ifHead }: CommitTransaction): void {
  requirePuts(puts);
  if (segment.log !== clock.incarnation || segment.last !== clock.head || segment.first <= ifHead) {
    throw new RangeError(`segment ${segment.log} ${segment.first.toString()}–${segment.last.toString()} does not lead from ${ifHead.toString()} to the clock row's head ${clock.head.toString()} of ${clock.incarnation}`);
  }
}

/** @throws RangeError */
export function requireOffLog({ puts, segment, ifHead }: OffLogTransaction): void {
  requirePuts(puts);
  if (segment.first <= ifHead) throw new RangeError(`segment ${segment.log} begins at ${segment.first.toString()}, not after ${ifHead.toString()}`);
}

/** @throws RangeError */
export function requireAdvance({ segments }: AdvanceTransaction): void {
  if (segments.length > MAX_ADVANCE_SEGMENTS) throw new RangeError(`${segments.length.toString()} segments in one transaction, at most ${MAX_ADVANCE_SEGMENTS.toString()} fit`);
}

/** @throws RangeError */
export function requireIndexUpdate({ buckets }: IndexUpdate): void {
  if (buckets.size > MAX_INDEX_BUCKETS) throw new RangeError(`${buckets.size.toString()} buckets in one update, at most ${MAX_INDEX_BUCKETS.toString()} fit`);
}
