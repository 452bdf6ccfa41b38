import type { DynamoStore } from '../shared/adapters/dynamodb/index.ts';
import { pushTo } from '../shared/replica/push.ts';
import { ensureServing } from '../shared/replica/recover.ts';
import { beat } from '../shared/replica/heartbeat.ts';
import type { Emulator } from './emulator.ts';
import { startEmulator } from './emulator.ts';
import { ORIGIN, OTHER, manifestOf } from './pair.ts';
import { peerOver } from './peer-over.ts';
import { benchReplica } from './replica.ts';
import { atMost } from './report.ts';
import type { Section } from './report.ts';
import { Writer } from './writer.ts';

/** DESIGN §8: write units for a change of one kilobyte, in batches of 50. */
export const GOAL_ORIGIN_UNITS = 2.3;
export const GOAL_PEER_UNITS = 1.3;
const BATCH = 50;
const BATCHES = 4;
const never = new AbortController().signal;

/** Write units a change, by what is written and in which batches. */
export interface UnitsFound { readonly what: string; readonly batch: number; readonly origin: number; readonly peer: number }

/** Write units of commits and of taking them in at a peer, as DynamoDB reports them. */
export async function measureWriteUnits(quick: boolean): Promise<Section> {
  const emulator = await startEmulator();
  try {
    const found = await countUnits(emulator, quick ? 1 : BATCHES);
    const batched = found.filter(({ batch }) => batch === BATCH);
    return {
      part: 'units',
      notes: ['Write units as the DynamoDB adapter counts them from what the emulator reports, which counts as AWS does: every begun kilobyte, twice in a\ntransaction. Routes of about a kilobyte, committed as a bridge sends them, pushed and taken in as a peer does. Every other region pays one\nreplicated unit a commit besides, for the clock row in the global table.'],
      tables: [{
        title: 'Write units a change of about 1 KB',
        columns: [{ name: 'what' }, { name: 'changes per commit' }, { name: 'at the origin', digits: 2 }, { name: 'at a peer', digits: 2 }],
        rows: found.map(({ what, batch, origin, peer }) => [what, batch, origin, peer]),
      }],
      goals: batched.flatMap(({ what, origin, peer }) => [
        atMost(`${what} in batches of ${BATCH.toString()}, at the origin`, GOAL_ORIGIN_UNITS, origin),
        atMost(`${what} in batches of ${BATCH.toString()}, at a peer`, GOAL_PEER_UNITS, peer),
      ]),
    };
  } finally {
    await emulator.stop();
  }
}

/** New routes and edits of them, in batches of 50 and one by one. */
export async function countUnits(emulator: Emulator, batches: number): Promise<readonly UnitsFound[]> {
  const stores = { origin: await emulator.region(ORIGIN), other: await emulator.region(OTHER) };
  const origin = benchReplica({ member: ORIGIN, ...stores.origin });
  const other = benchReplica({ member: OTHER, ...stores.other });
  for (const replica of [origin, other]) await ensureServing(replica, never);
  const writers = { origin: new Writer(origin), other: new Writer(other) };
  await writers.origin.start(manifestOf(ORIGIN, { member: OTHER, endpoint: '127.0.0.1:1' }));
  await writers.other.start(manifestOf(OTHER, { member: ORIGIN, endpoint: '127.0.0.1:1' }));
  const peer = peerOver(other, ORIGIN);
  await beat(origin, peer, never);

  const count = async (what: string, batch: number, from: number, times: number): Promise<UnitsFound> => {
    const spent = { origin: 0, peer: 0 };
    for (let time = 0; time < times; time += 1) {
      const numbers = Array.from({ length: batch }, (_, at) => from + time * batch + at);
      const head = (await origin.store.state()).clock?.head ?? 0;
      spent.origin += await writeUnits(stores.origin.store, () => writers.origin.edit(numbers));
      spent.peer += await writeUnits(stores.other.store, () => pushTo(origin, peer, head, never));
    }
    return { what, batch, origin: spent.origin / (batch * times), peer: spent.peer / (batch * times) };
  };
  return [await count('new routes', BATCH, 0, batches), await count('edits', BATCH, 0, batches), await count('new routes', 1, 10_000, batches), await count('edits', 1, 10_000, batches)];
}

async function writeUnits(store: DynamoStore, work: () => Promise<unknown>): Promise<number> {
  const before = store.units.writeUnits;
  await work();
  return store.units.writeUnits - before;
}
