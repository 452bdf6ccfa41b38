import { describe, expect, test } from 'vitest';
import { GlobalTable, MemoryStore, tornBackup } from '../../shared/adapters/memory/index.ts';
import { asMember, asTableId } from '../../shared/model/ids.ts';
import type { LedgerFactory } from '../../shared/ports/ledger-acceptance.ts';
import { describeLedger } from '../../shared/ports/ledger-acceptance.ts';
import type { LedgerChange } from '../../shared/ports/ledger.ts';
import { STORE_MEMBER, describeStore } from '../../shared/ports/store-acceptance.ts';
import { ALPHA, clockAt, commitOf, create, firstStart, keyOf, keysOf, replace } from '../../shared/ports/store-acceptance/fixtures.ts';
import { memoryStore } from './memory-store.ts';

const memoryLedgers: LedgerFactory = async (members) => {
  let nowMs = 0;
  const table = new GlobalTable(() => (nowMs += 1));
  const replicas = new Map(members.map((member) => {
    const changes: LedgerChange[] = [];
    const ledger = table.replica(member, (change) => changes.push(change));
    return [member, { ledger, store: new MemoryStore(ledger), changes }];
  }));
  return { replicas, settle: async () => { table.settle(); }, close: async () => undefined };
};

describeStore('MemoryStore', memoryStore);
describeLedger('SimulatedLedger', memoryLedgers);

describe('a backup of MemoryStore', () => {
  test('is another table with the rows of then, beside the clock row of now', async () => {
    const store = new MemoryStore(new GlobalTable(() => 0).replica(STORE_MEMBER), asTableId('first'));
    await store.startIncarnation(firstStart());
    await store.commit(commitOf([create(keyOf(1))], 0));
    const backup = store.snapshot();
    await store.commit(commitOf([replace(keyOf(1), 1), create(keyOf(2))], 1));

    store.restore(backup, asTableId('second'));

    expect(await store.tableId()).toBe('second');
    expect([...(await store.list(undefined, 10)).rows.keys()]).toStrictEqual([keyOf(1)]);
    expect((await store.newestSegment(ALPHA))?.last).toBe(1);
    expect((await store.state()).clock).toStrictEqual(clockAt(3));
  });

  test('can be torn: each item from one moment or the other', async () => {
    const store = new MemoryStore(new GlobalTable(() => 0).replica(STORE_MEMBER));
    await store.startIncarnation(firstStart());
    await store.commit(commitOf(keysOf(10).map((key) => create(key)), 0));
    const older = store.snapshot();
    await store.commit(commitOf(keysOf(10).map((key) => replace(key, 1)), 10));
    let calls = 0;

    store.restore(tornBackup(older, store.snapshot(), () => (calls += 1) % 2 === 0), asTableId('second'));

    const revisions = [...(await store.list(undefined, 10)).rows.values()].map((row) => row.local.revision);
    expect(revisions).toStrictEqual([1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
  });
});

describe('GlobalTable', () => {
  const [west, east] = [asMember('us-west'), asMember('eu-west')];
  const three = async () => {
    const table = new GlobalTable(() => 0);
    const told: number[] = [];
    const writer = new MemoryStore(table.replica(west));
    const reader = table.replica(east, (change) => { if (change.kind === 'clock') told.push(change.clock.head); });
    await writer.startIncarnation(firstStart());
    for (let head = 0; head < 3; head += 1) await writer.commit(commitOf([create(keyOf(head))], head));
    return { table, reader, told };
  };
  const headAt = async (reader: { clocks(): Promise<ReadonlyMap<string, { head: number }>> }): Promise<number | undefined> => (await reader.clocks()).get(west)?.head;
  const random = (): number => 0.5;

  test('carries nothing by itself, and versions one by one', async () => {
    const { table, reader, told } = await three();
    expect(await headAt(reader)).toBeUndefined();

    while (table.inFlight > 0) table.deliver({ random });

    expect(told).toStrictEqual([0, 1, 2, 3]);
    expect(await headAt(reader)).toBe(3);
  });

  test('merges versions of an item', async () => {
    const { table, told } = await three();

    expect(table.deliver({ random, mergeShare: 1 })).toBe(4);
    expect(told).toStrictEqual([3]);
  });

  test('pauses a direction and goes on', async () => {
    const { table, reader } = await three();
    table.pause({ from: west, to: east });

    expect(table.deliver({ random })).toBe(0);
    table.settle();
    expect(await headAt(reader)).toBeUndefined();
    table.resume({ from: west, to: east });
    table.settle();
    expect(await headAt(reader)).toBe(3);
  });

  test('loses items, stays silent about them, and repeats itself', async () => {
    const { table, reader, told } = await three();

    table.deliver({ random, lossShare: 1 });
    expect(await headAt(reader)).toBeUndefined();
    table.deliver({ random, silentShare: 1 });
    expect(await headAt(reader)).toBe(1);
    table.deliver({ random, repeatShare: 1 });
    expect(told).toStrictEqual([2, 2]);
  });

  test('of concurrent replicas of one item keeps the one written last, whatever comes first', async () => {
    let nowMs = 1;
    const table = new GlobalTable(() => nowMs);
    const ledger = table.replica(west);
    const reader = table.replica(east);
    const store = new MemoryStore(ledger);
    await store.startIncarnation(firstStart());
    const old = ledger.snapshot();
    nowMs = 2;
    await store.commit(commitOf([create(keyOf(1))], 0));
    table.settle();

    for (const item of old) reader.receive(item, true);

    expect(await headAt(reader)).toBe(1);
  });

  test('a replica restored from its own old copy hears of itself from the others, and is believed by them again', async () => {
    const table = new GlobalTable(() => 5);
    const ledger = table.replica(west);
    const reader = table.replica(east);
    const store = new MemoryStore(ledger);
    await store.startIncarnation(firstStart());
    const old = ledger.snapshot();
    for (let head = 0; head < 3; head += 1) await store.commit(commitOf([create(keyOf(head))], head));
    table.settle();

    ledger.restore(old);
    table.settle();
    expect((await store.state()).clock?.head).toBe(0);
    expect((await ledger.myClockElsewhere())?.head).toBe(3);

    await store.startIncarnation(firstStart({ if: { incarnation: ALPHA, head: 0, state: 'serving' }, clock: clockAt(3, { state: 'recovering' }) }));
    table.settle();
    expect((await reader.clocks()).get(west)?.state).toBe('recovering');
  });
});
