import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Store } from '../store.ts';
import type { StoreFactory } from './fixtures.ts';
import { dump } from './fixtures.ts';
import type { Operation } from './operations.ts';
import { REFERENCE_LOGS, callOf, operations } from './operations.ts';

export interface ReferenceRuns { readonly runs: number; readonly maxLength: number }

/**
 * Any sequence of calls gives the same answers from a store as from the reference, and leaves the same behind. fast-check prints
 * the seed of a failure, with the shortest sequence it found.
 */
export function describeLikeReference(name: string, factory: StoreFactory, reference: StoreFactory, { runs, maxLength }: ReferenceRuns): void {
  describe(`${name} behaves like the reference`, () => {
    test(`in ${runs.toString()} random sequences of up to ${maxLength.toString()} calls`, async () => {
      await fc.assert(fc.asyncProperty(operations(maxLength), async (sequence) => {
        const [tested, model] = await Promise.all([factory(), reference()]);
        try {
          await compare(tested.store, model.store, sequence);
        } finally {
          await Promise.all([tested.close(), model.close()]);
        }
      }), { numRuns: runs });
    }, 120_000);
  });
}

async function compare(tested: Store, model: Store, sequence: readonly Operation[]): Promise<void> {
  for (const operation of sequence) {
    const call = await callOf(operation, model);
    const expected = await call(model);
    expect(await call(tested)).toStrictEqual(expected);
  }
  expect(await observable(tested)).toStrictEqual(await observable(model));
}

/** All but the identity, which no two stores share. */
async function observable(store: Store) {
  const { state, ...all } = await dump(store, REFERENCE_LOGS);
  return { ...all, state: { ...state, tableId: undefined }, tableId: undefined };
}
