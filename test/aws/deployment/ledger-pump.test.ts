import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Item } from '../../../shared/adapters/dynamodb/api-types.ts';
import { createTables } from '../../../shared/adapters/dynamodb/index.ts';
import { eventually } from '../../e2e/local-federation.ts';
import { EmulatedRegion, SERVICES } from './emulated-region.ts';
import { LedgerPump } from './ledger-pump.ts';
import { allRecords } from './ledger-records.ts';

const LEDGER = 'ledger';
const HEADS = 60;
const PATIENCE_MS = 60_000;
const place = { p: { S: 'us-west' }, s: { S: 'clock' } };

let regions: readonly [EmulatedRegion, EmulatedRegion];
let pump: LedgerPump;
// The first time ever, the emulator is installed.
beforeAll(async () => {
  regions = await Promise.all([EmulatedRegion.start('us-west-2', '000000000000', false), EmulatedRegion.start('eu-west-1', '000000000000', false)]);
  for (const { client } of regions) {
    await createTables(client, { regional: 'regional', ledger: LEDGER });
    await client.call(SERVICES.dynamodb, 'UpdateTable', { TableName: LEDGER, StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } });
  }
  pump = new LedgerPump(regions, LEDGER, Math.random);
  pump.settings = { delayMs: 0, merges: false, reorders: false };
  pump.start();
}, 200_000);
afterAll(async () => {
  await pump.stop();
  await Promise.all(regions.map((region) => region.stop()));
});

const headAt = async ({ client }: EmulatedRegion): Promise<string | undefined> =>
  (await client.call<{ Item?: Item }>(SERVICES.dynamodb, 'GetItem', { TableName: LEDGER, Key: place, ConsistentRead: true })).Item?.['h']?.N;

describe('the pump between replicas of the ledger', () => {
  test('brings no write back to where it was made, however fast they come', async () => {
    const [here, there] = regions;

    for (let head = 1; head <= HEADS; head += 1) {
      await here.client.call(SERVICES.dynamodb, 'PutItem', { TableName: LEDGER, Item: { ...place, h: { N: head.toString() } } });
      await sleep(10);
    }

    await eventually('the last is there', () => headAt(there), (head) => head === HEADS.toString(), PATIENCE_MS);
    // What would come back has had its time once another item made the way there and a look at its echo was taken.
    await there.client.call(SERVICES.dynamodb, 'PutItem', { TableName: LEDGER, Item: { p: { S: 'eu-west' }, s: { S: 'clock' } } });
    await eventually('a later write of the other side is here', () => allRecords(here, LEDGER), (records) => records.some(({ dynamodb }) => dynamodb.Keys['p']?.S === 'eu-west'), PATIENCE_MS);
    const own = (await allRecords(here, LEDGER)).filter(({ dynamodb }) => dynamodb.Keys['p']?.S === 'us-west');
    expect(own.map(({ dynamodb }) => dynamodb.NewImage?.['h']?.N)).toEqual(Array.from({ length: HEADS }, (_, at) => (at + 1).toString()));
    expect(await headAt(here)).toBe(HEADS.toString());
  });
});
