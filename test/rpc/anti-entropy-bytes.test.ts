import { beforeAll, describe, expect, test } from 'vitest';
import { GOAL_SAME_BYTES, compareBoth } from '../../bench/anti-entropy.ts';
import { issuePair } from '../../bench/pair.ts';

// Bytes and round trips over real Connect, negentropy on the same sets beside it. They do not depend on the machine.
let tls: Awaited<ReturnType<typeof issuePair>>;
beforeAll(async () => { tls = await issuePair(); });

describe('a comparison', () => {
  test.each([10_000, 100_000])('that finds %d rows alike is one call of 64 bytes at most, request and answer together', async (rows) => {
    const { ours } = await compareBoth({ rows, differences: 0, kind: 'missing' }, tls);

    expect(ours.bytes).toBeLessThanOrEqual(GOAL_SAME_BYTES);
    expect(ours.roundTrips).toBe(1);
  });

  test.each([1, 10, 100, 1000].flatMap((differences) => (['missing', 'changed'] as const).map((kind) => [differences, kind] as const)))('finds exactly %d rows %s in three calls, with fewer bytes than negentropy', async (differences, kind) => {
    const { ours, negentropy } = await compareBoth({ rows: 10_000, differences, kind }, tls);

    expect(ours.bytes).toBeLessThan(negentropy.bytes);
    expect(ours.roundTrips).toBe(3);
  });

  test('needs fewer bytes also where the set is large', async () => {
    const { ours, negentropy } = await compareBoth({ rows: 100_000, differences: 1, kind: 'missing' }, tls);

    expect(ours.bytes).toBeLessThan(negentropy.bytes);
  });
});
