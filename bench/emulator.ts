import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoLedger, DynamoStore } from '../shared/adapters/dynamodb/index.ts';
import { credentialsFrom } from '../shared/adapters/aws/index.ts';
import { createTables, openDynamo } from '../shared/adapters/dynamodb/index.ts';
import type { Member } from '../shared/model/ids.ts';
import { AccountingClient } from './accounting-client.ts';
import { startMinistack } from '../test/emulator/ministack.ts';

/** A member's store. `reckonedWriteUnits`: what its writes cost so far by our own reckoning, beside what the emulator says in `store.units`. */
export interface EmulatedRegion { readonly store: DynamoStore; readonly ledger: DynamoLedger; readonly reckonedWriteUnits: () => number }

/** A DynamoDB emulator, with an empty store in tables of its own for whoever asks. */
export interface Emulator {
  region(member: Member): Promise<EmulatedRegion>;
  stop(): Promise<void>;
}

/** Starts MiniStack; the first time ever it is installed. @throws Error without Python 3 */
export async function startEmulator(): Promise<Emulator> {
  // What the client signs with; the emulator asks nobody.
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  const emulator = await startMinistack();
  const clients: AccountingClient[] = [];
  let made = 0;
  return {
    region: async (member) => {
      made += 1;
      const tables = { regional: `region-${made.toString()}`, ledger: `ledger-${made.toString()}` };
      const client = new AccountingClient({ region: 'us-west-2', endpoint: emulator.url, credentials: credentialsFrom(process.env) });
      clients.push(client);
      await createTables(client, tables);
      return { ...openDynamo({ client, tables, member, sleep: (ms) => sleep(ms), random: Math.random }), reckonedWriteUnits: () => client.writeUnits };
    },
    stop: async () => {
      for (const client of clients) client.close();
      await emulator.stop();
    },
  };
}
