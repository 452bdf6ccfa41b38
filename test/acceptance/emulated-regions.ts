import { setTimeout } from 'node:timers/promises';
import type { AwsClient } from '../../shared/adapters/aws/index.ts';
import type { Item, ItemsAnswer } from '../../shared/adapters/dynamodb/api-types.ts';
import { DYNAMODB } from '../../shared/adapters/dynamodb/client.ts';
import type { DynamoLedger, DynamoStore, TableNames } from '../../shared/adapters/dynamodb/index.ts';
import { LEDGER_SCHEMA, createClient, createTables, ledgerChangeOf, openDynamo } from '../../shared/adapters/dynamodb/index.ts';
import type { Member } from '../../shared/model/ids.ts';
import type { LedgersUnderTest } from '../../shared/ports/ledger-acceptance.ts';
import type { LedgerChange } from '../../shared/ports/ledger.ts';
import type { StoreUnderTest } from '../../shared/ports/store-acceptance.ts';
import { STORE_MEMBER } from '../../shared/ports/store-acceptance.ts';
import { FaultProxy } from '../emulator/fault-proxy.ts';
import { startMinistack } from '../emulator/ministack.ts';

type Items = ReadonlyMap<string, Item>;

/** An emulated AWS, a proxy in front of it that can be told to fail, and tables made on demand. */
export interface EmulatedRegions {
  readonly proxy: FaultProxy;
  /** An empty store in tables of its own, with its ledger. */
  region(options?: { readonly member?: Member; readonly requestTimeoutMs?: number; readonly sleep?: (ms: number) => Promise<void> }): Promise<{ readonly store: DynamoStore; readonly ledger: DynamoLedger; readonly tables: TableNames; close(): Promise<void> }>;
  store(): Promise<StoreUnderTest>;
  ledgers(members: readonly Member[]): Promise<LedgersUnderTest>;
  stop(): Promise<void>;
}

/** Pauses as they are meant, ten times shorter: the emulator is near. */
const shortly = (ms: number): Promise<void> => setTimeout(ms / 10);

/** @param random for the faults that are injected */
export async function startEmulatedRegions(random: () => number = Math.random): Promise<EmulatedRegions> {
  // What the client signs with; the emulator asks nobody.
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  const emulator = await startMinistack();
  const proxy = new FaultProxy(emulator.url, random);
  const endpoint = await proxy.start();
  const clients = new Map<number | undefined, AwsClient>();
  const clientOf = (requestTimeoutMs: number | undefined): AwsClient => {
    const client = clients.get(requestTimeoutMs) ?? createClient({ region: 'us-west-2', endpoint, ...(requestTimeoutMs !== undefined && { requestTimeoutMs }) });
    clients.set(requestTimeoutMs, client);
    return client;
  };
  const direct = createClient({ region: 'us-west-2', endpoint: emulator.url });
  let made = 0;

  const region: EmulatedRegions['region'] = async ({ member = STORE_MEMBER, requestTimeoutMs, sleep = shortly } = {}) => {
    made += 1;
    const tables: TableNames = { regional: `region-${made.toString()}`, ledger: `ledger-${made.toString()}` };
    await createTables(direct, tables);
    const opened = openDynamo({ client: clientOf(requestTimeoutMs), tables, member, sleep, random: Math.random });
    const close = async (): Promise<void> => { for (const TableName of Object.values(tables)) await direct.call(DYNAMODB, 'DeleteTable', { TableName }); };
    return { ...opened, tables, close };
  };

  const ledgers: EmulatedRegions['ledgers'] = async (members) => {
    const regions = await Promise.all(members.map(async (member) => ({ member, changes: [] as LedgerChange[], ...await region({ member }) })));
    const known = new Map<Member, Items>();
    return {
      replicas: new Map(regions.map((one) => [one.member, one])),
      settle: async () => { for (const from of regions) known.set(from.member, await carryOwnItems(direct, from, regions.filter((to) => to !== from), known.get(from.member))); },
      close: async () => { for (const one of regions) await one.close(); },
    };
  };

  const stop = async (): Promise<void> => {
    for (const client of clients.values()) client.close();
    direct.close();
    await proxy.stop();
    await emulator.stop();
  };
  return { proxy, region, store: () => region(), ledgers, stop };
}

interface Replica { readonly member: Member; readonly tables: TableNames; readonly changes: LedgerChange[] }

/**
 * What a global table does, with one writer for every item: brings what a member wrote since `before` to the others, and its
 * deletions, and the stream tells them of it. (MiniStack's own replicas are the same table under two names.)
 */
async function carryOwnItems(client: AwsClient, from: Replica, others: readonly Replica[], before: Items = new Map()): Promise<Items> {
  const { Items: all = [] } = await client.call<ItemsAnswer>(DYNAMODB, 'Scan', { TableName: from.tables.ledger, ConsistentRead: true });
  const own = all.filter((item) => item[LEDGER_SCHEMA.partitionKey]?.S === from.member);
  const now: Items = new Map(own.map((item) => [item[LEDGER_SCHEMA.sortKey]?.S ?? '', item]));
  for (const to of others) {
    for (const [sort, item] of now) {
      if (JSON.stringify(before.get(sort)) === JSON.stringify(item)) continue;
      await client.call(DYNAMODB, 'PutItem', { TableName: to.tables.ledger, Item: item });
      const change = ledgerChangeOf(item);
      if (change !== undefined) to.changes.push(change);
    }
    for (const sort of before.keys()) {
      if (!now.has(sort)) await client.call(DYNAMODB, 'DeleteItem', { TableName: to.tables.ledger, Key: { [LEDGER_SCHEMA.partitionKey]: { S: from.member }, [LEDGER_SCHEMA.sortKey]: { S: sort } } });
    }
  }
  return now;
}
