import { describe } from 'vitest';
import { describeCommits } from './store-acceptance/commits.ts';
import { describeConcurrency } from './store-acceptance/concurrency.ts';
import type { StoreFactory } from './store-acceptance/fixtures.ts';
import { describeIncarnations } from './store-acceptance/incarnations.ts';
import { describeItems } from './store-acceptance/items.ts';
import { describeLimits } from './store-acceptance/limits.ts';
import { describeLogs } from './store-acceptance/logs.ts';
import { describeReads } from './store-acceptance/reads.ts';

export { describeLikeReference } from './store-acceptance/reference.ts';
export type { StoreFactory, StoreUnderTest } from './store-acceptance/fixtures.ts';
export { MEMBER as STORE_MEMBER } from './store-acceptance/fixtures.ts';

/**
 * What every `Store` must do: each method of the port with each of its promises, and that what is refused leaves nothing behind.
 * An adapter's test calls this with a factory of empty stores, and `describeLikeReference` beside it.
 */
export function describeStore(name: string, factory: StoreFactory): void {
  describe(`${name} is a store`, () => {
    describeIncarnations(factory);
    describeCommits(factory);
    describeLogs(factory);
    describeReads(factory);
    describeItems(factory);
    describeLimits(factory);
    describeConcurrency(factory);
  });
}
