import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StoreBusyError, StoreUnreachableError } from '../../shared/adapters/dynamodb/index.ts';
import type { DynamoStore } from '../../shared/adapters/dynamodb/index.ts';
import { typicalRow } from '../../shared/adapters/stored/typical-row.ts';
import type { Incarnation } from '../../shared/model/ids.ts';
import { zeroStamp } from '../../shared/model/stamp.ts';
import { ALPHA, BETA, GAMMA, commitOf, create, firstStart, keyOf, keysOf, replace, segmentOf } from '../../shared/ports/store-acceptance/fixtures.ts';
import type { FaultRule } from '../emulator/fault-proxy.ts';
import type { EmulatedRegions } from './emulated-regions.ts';
import { startEmulatedRegions } from './emulated-regions.ts';

let regions: EmulatedRegions;
let store: DynamoStore;
let close: () => Promise<void>;
const pausesMs: number[] = [];
/** Called at the first pause of a test. */
let onPause: (() => Promise<void>) | undefined;
// The first time ever, the emulator is installed.
beforeAll(async () => { regions = await startEmulatedRegions(); }, 200_000);
afterAll(async () => { await regions.stop(); });
beforeEach(async () => {
  pausesMs.length = 0;
  onPause = undefined;
  const sleep = async (ms: number): Promise<void> => {
    pausesMs.push(ms);
    const now = onPause;
    onPause = undefined;
    await now?.();
  };
  ({ store, close } = await regions.region({ sleep }));
  await store.startIncarnation(firstStart());
});
afterEach(async () => {
  regions.proxy.inject();
  await close();
});
const inject = (...rules: readonly FaultRule[]): void => { regions.proxy.inject(...rules); };

describe('a commit', () => {
  const transaction = commitOf([create(keyOf(1))], 0, { segment: segmentOf(ALPHA, 1, 1, [keyOf(1)], { requestId: 'request-1' }) });

  test('whose answer was lost is carried out once and answered', async () => {
    inject({ fault: 'answer-lost', action: 'TransactWriteItems', times: 1 });

    expect(await store.commit(transaction)).toBe('ok');
    expect(regions.proxy.hits).toBe(1);
    expect((await store.state()).clock?.head).toBe(1);
  });

  test('whose answers stay lost is an error that says nobody knows; its request id in the log settles it', async () => {
    inject({ fault: 'answer-lost', action: 'TransactWriteItems' });

    await expect(store.commit(transaction)).rejects.toThrow(StoreUnreachableError);
    expect((await store.newestSegment(ALPHA))?.requestId).toBe('request-1');
  });

  test('that never arrived is the same error, and its request id is not there', async () => {
    inject({ fault: 'request-lost', action: 'TransactWriteItems' });

    await expect(store.commit(transaction)).rejects.toThrow(/may or may not have been carried out/);
    expect(await store.newestSegment(ALPHA)).toBeUndefined();
  });

  test('that hangs ends with the request timeout', async () => {
    const impatient = await regions.region({ requestTimeoutMs: 1000 });
    await impatient.store.startIncarnation(firstStart());
    inject({ fault: 'hang', action: 'TransactWriteItems' });

    await expect(impatient.store.commit(transaction)).rejects.toThrow(StoreUnreachableError);
    await impatient.close();
  });

  test('waits conflicts and throttling out, longer each time', async () => {
    inject({ fault: 'conflict', action: 'TransactWriteItems', times: 3 }, { fault: 'throttled', action: 'TransactWriteItems', times: 3 });

    expect(await store.commit(transaction)).toBe('ok');
    expect(pausesMs).toHaveLength(6);
    for (const [at, ms] of pausesMs.entries()) expect(ms).toBeLessThanOrEqual(Math.min(1000, 20 * 2 ** (at + 1)));
  });

  test.each(['conflict', 'throttled'] as const)('gives up when %s does not end, having written nothing', async (fault) => {
    inject({ fault, action: 'TransactWriteItems' });

    await expect(store.commit(transaction)).rejects.toThrow(StoreBusyError);
    expect(regions.proxy.hits).toBe(8);
    expect((await store.state()).clock?.head).toBe(0);
  });
});

describe('a single write', () => {
  test.each(['answer-lost', 'server-error'] as const)('with %s is an error and not stale, since it may have been carried out', async (fault) => {
    inject({ fault, action: 'PutItem', times: 1 });

    await expect(store.putRow(create(keyOf(1)))).rejects.toThrow(StoreUnreachableError);
    expect((await store.rows([keyOf(1)])).size).toBe(fault === 'answer-lost' ? 1 : 0);
  });

  test('waits conflicts out', async () => {
    inject({ fault: 'conflict', action: 'PutItem', times: 3 });

    expect(await store.putRow(create(keyOf(1)))).toBe('ok');
    expect(await store.putRow(create(keyOf(1)))).toBe('stale');
  });
});

describe('a read', () => {
  test('is made again when no answer came, and not for ever', async () => {
    inject({ fault: 'server-error', action: 'BatchGetItem', times: 2 });
    expect((await store.state()).clock?.head).toBe(0);

    inject({ fault: 'server-error', action: 'BatchGetItem' });
    await expect(store.state()).rejects.toThrow(StoreUnreachableError);
    expect(regions.proxy.hits).toBe(3);
  });

  test('goes on with what a batch left undone, and not for ever', async () => {
    for (const key of keysOf(3)) await store.putRow(create(key));
    inject({ fault: 'unprocessed', action: 'BatchGetItem', times: 4 });
    expect((await store.rows(keysOf(3))).size).toBe(3);

    inject({ fault: 'unprocessed', action: 'BatchGetItem' });
    await expect(store.rows(keysOf(3))).rejects.toThrow(StoreBusyError);
  });
});

describe('a picture of more than one transaction reads', () => {
  test('is still of one moment while somebody writes', async () => {
    const keys = keysOf(4);
    await store.commit(commitOf(keys.map((key) => create(key)), 0));
    for (let revision = 1; revision <= 10; revision += 1) {
      inject({ fault: 'too-much', action: 'TransactGetItems', times: 1 });

      const [{ rows, clock }] = await Promise.all([store.picture(keys), store.commit(commitOf(keys.map((key) => replace(key, revision)), revision * 4))]);

      const revisions = [...new Set([...rows.values()].map((row) => row.local.revision))];
      expect(revisions).toHaveLength(1);
      expect(clock?.head).toBe((revisions[0] ?? 0) * 4);
      expect(regions.proxy.hits).toBe(1);
    }
  });
});

describe('a write made from what was read', () => {
  const conflictOnce = { fault: 'conflict', action: 'TransactWriteItems', times: 1 } as const;
  const advance = (log: Incarnation, ms: number) => ({ segments: [], from: new Map(), to: new Map([[log, 1]]), maxStamp: { ...zeroStamp, ms } });

  test('does not lower a stamp that rose meanwhile', async () => {
    onPause = async () => { expect(await store.advance(advance(GAMMA, 9))).toBe('ok'); };
    inject(conflictOnce);

    expect(await store.advance(advance(BETA, 5))).toBe('ok');
    expect((await store.state()).seen).toStrictEqual({ others: new Map([[BETA, 1], [GAMMA, 1]]), maxStamp: { ...zeroStamp, ms: 9 }, floors: new Map() });
  });

  test('replaces all of a vector, what came meanwhile included', async () => {
    onPause = async () => { expect(await store.advance(advance(GAMMA, 9))).toBe('ok'); };
    inject(conflictOnce);

    expect(await store.startIncarnation(firstStart({ if: { incarnation: ALPHA, head: 0, state: 'serving' }, others: new Map([[BETA, 5]]) }))).toBe('ok');
    expect((await store.state()).seen.others).toStrictEqual(new Map([[BETA, 5]]));
  });
});

describe('what it costs', () => {
  /** Write units of one call, as DynamoDB counts them. */
  const writeUnitsOf = async (call: () => Promise<unknown>): Promise<number> => {
    const before = store.units.writeUnits;
    await call();
    return store.units.writeUnits - before;
  };

  test('a commit of 50 routes of 1 KB: at most 2.3 write units a route', async () => {
    const puts = keysOf(50).map((key, at) => ({ key, next: typicalRow(at), if: 'absent' as const }));
    const transaction = commitOf(puts, 0, { segment: segmentOf(ALPHA, 1, 50, keysOf(50), { requestId: '0f8fad5b-d9cb-469f-a165-70867728950e' }) });

    const units = await writeUnitsOf(() => store.commit(transaction));

    console.log(`a commit of 50 routes of 1 KB: ${units.toString()} write units`);
    expect(units / 50).toBeLessThanOrEqual(2.3);
  });

  test('a lone edit: 6 write units, 8 with a fence', async () => {
    expect(await writeUnitsOf(() => store.commit(commitOf([{ key: keyOf(1), next: typicalRow(1), if: 'absent' }], 0)))).toBe(6);
    expect(await writeUnitsOf(() => store.commit(commitOf([{ key: keyOf(2), next: typicalRow(2), if: 'absent' }], 1, { writableAtMs: 1 })))).toBe(8);
  });

  test('a page of 50 routes from a peer: at most 1.3 write units a route', async () => {
    const units = await writeUnitsOf(async () => {
      for (const [at, key] of keysOf(50).entries()) await store.putRow({ key, next: typicalRow(at), if: 'absent' });
      await store.advance({ segments: [segmentOf(BETA, 1, 50, keysOf(50))], from: new Map(), to: new Map([[BETA, 50]]), maxStamp: { ...zeroStamp, ms: 5 } });
    });

    console.log(`a page of 50 routes of 1 KB applied: ${units.toString()} write units`);
    expect(units / 50).toBeLessThanOrEqual(1.3);
  });

  test('a picture: 2 read units for each item', async () => {
    await store.putWritableUntil(1);
    const before = store.units.readUnits;
    await store.picture(keysOf(10));
    expect(store.units.readUnits - before).toBe(2 * 13);
  });
});

describe('an identity', () => {
  test('is never that of another table', async () => {
    const other = await regions.region();
    expect(await other.store.tableId()).not.toBe(await store.tableId());
    await other.close();
  });

});
