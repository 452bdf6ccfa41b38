import { afterAll, beforeAll, describe } from 'vitest';
import type { LedgerFactory } from '../../shared/ports/ledger-acceptance.ts';
import { describeLedger } from '../../shared/ports/ledger-acceptance.ts';
import type { StoreFactory } from '../../shared/ports/store-acceptance.ts';
import { describeLikeReference, describeStore } from '../../shared/ports/store-acceptance.ts';
import type { FaultRule } from '../emulator/fault-proxy.ts';
import type { EmulatedRegions } from './emulated-regions.ts';
import { startEmulatedRegions } from './emulated-regions.ts';
import { memoryStore } from './memory-store.ts';
import { seededRandom } from './seeded-random.ts';

let regions: EmulatedRegions | undefined;
const running = (): EmulatedRegions => {
  if (regions === undefined) throw new Error('the emulator is not running');
  return regions;
};
const seed = Math.floor(Math.random() * 2 ** 32);
// The first time ever, the emulator is installed.
beforeAll(async () => { regions = await startEmulatedRegions(seededRandom(seed)); }, 200_000);
afterAll(async () => { await regions?.stop(); });

const dynamoStore: StoreFactory = () => running().store();
const dynamoLedgers: LedgerFactory = (members) => running().ledgers(members);

describe('without faults', () => {
  describeStore('DynamoStore', dynamoStore);
  describeLikeReference('DynamoStore', dynamoStore, memoryStore, { runs: 12, maxLength: 40 });
  describeLedger('DynamoLedger', dynamoLedgers);
});

/**
 * What the adapter must get over without anybody noticing. A single write is only ever refused: where its answer is lost, that is
 * told (`dynamodb-faults.test.ts`).
 */
const SURVIVED: readonly FaultRule[] = [
  { fault: 'answer-lost', action: 'TransactWriteItems', share: 0.15, oncePerRequest: true },
  { fault: 'server-error', action: 'TransactWriteItems', share: 0.1, oncePerRequest: true },
  ...['BatchGetItem', 'GetItem', 'Query', 'TransactGetItems', 'Scan'].map((action): FaultRule => ({ fault: 'request-lost', action, share: 0.1, oncePerRequest: true })),
  { fault: 'unprocessed', action: 'BatchGetItem', share: 0.2, oncePerRequest: true },
  { fault: 'unprocessed', action: 'BatchWriteItem', share: 0.2, oncePerRequest: true },
  { fault: 'throttled', share: 0.1, oncePerRequest: true },
  { fault: 'conflict', action: 'TransactWriteItems', share: 0.2, oncePerRequest: true },
  { fault: 'conflict', action: 'TransactGetItems', share: 0.2, oncePerRequest: true },
  { fault: 'conflict', action: 'PutItem', share: 0.2, oncePerRequest: true },
  { fault: 'conflict', action: 'UpdateItem', share: 0.2, oncePerRequest: true },
];

describe(`with faults (seed ${seed.toString()})`, () => {
  beforeAll(() => { running().proxy.inject(...SURVIVED); });
  afterAll(() => { running().proxy.inject(); });

  describeStore('DynamoStore', dynamoStore);
  describeLikeReference('DynamoStore', dynamoStore, memoryStore, { runs: 8, maxLength: 40 });
  describeLedger('DynamoLedger', dynamoLedgers);
});
