import type { ResourceKey } from '../../model/ids.ts';
import type { HeldRow } from '../../model/row.ts';
import { isConflict, isDeleteOnly } from '../../model/row.ts';
import type { CandidateKind, RowCondition, RowPut } from '../../ports/store.ts';
import { requireFits } from './require-fits.ts';
import { encodeRow } from './row-codec.ts';

/** A put as it is stored. */
export interface EncodedPut {
  readonly key: ResourceKey;
  readonly if: RowCondition;
  readonly next: 'drop' | { readonly revision: number; readonly candidate: CandidateKind | undefined; readonly bytes: Buffer; readonly row: HeldRow };
}

/**
 * Encodes puts before anything is written.
 *
 * @throws TooLargeError when one of them is too large, or all together
 */
export function encodePuts(puts: readonly RowPut[]): readonly EncodedPut[] {
  const encoded = puts.map(({ key, next, if: condition }): EncodedPut => ({
    key, if: condition, next: next === 'drop' ? next : { revision: next.local.revision, candidate: candidateKind(next), bytes: encodeRow(next), row: next },
  }));
  requireFits(encoded.flatMap(({ key, next }) => (next === 'drop' ? [] : [{ key, bytes: next.bytes.length }])));
  return encoded;
}

/** What work a row is waiting for. */
export const candidateKind = (row: HeldRow): CandidateKind | undefined => (isDeleteOnly(row) ? 'delete-only' : isConflict(row) ? 'conflict' : undefined);
