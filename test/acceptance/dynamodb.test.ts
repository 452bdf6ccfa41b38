import { afterAll, beforeAll, describe } from 'vitest';
import type { LedgerFactory } from '../../shared/ports/ledger-acceptance.ts';
import { describeLedger } from '../../shared/ports/ledger-acceptance.ts';
import type { StoreFactory } from '../../shared/ports/store-acceptance.ts';
import { describeLikeReference, describeStore } from '../../shared/ports/store-acceptance.ts';
import type { EmulatedRegions } from './emulated-regions.ts';
import { startEmulatedRegions } from './emulated-regions.ts';
import { memoryStore } from './memory-store.ts';

let regions: EmulatedRegions | undefined;
const running = (): EmulatedRegions => {
  if (regions === undefined) throw new Error('the emulator is not running');
  return regions;
};
beforeAll(async () => { regions = await startEmulatedRegions(); });
afterAll(async () => { await regions?.stop(); });

const dynamoStore: StoreFactory = () => running().store();
const dynamoLedgers: LedgerFactory = (members) => running().ledgers(members);

describe('without faults', () => {
  describeStore('DynamoStore', dynamoStore);
  describeLikeReference('DynamoStore', dynamoStore, memoryStore, { runs: 12, maxLength: 40 });
  describeLedger('DynamoLedger', dynamoLedgers);
});
