import { seenOf } from '../shared/replica/position.ts';
import { pushTo } from '../shared/replica/push.ts';
import { QUIET_LIFE_MS } from '../shared/replica/quiet.ts';
import { ensureServing } from '../shared/replica/recover.ts';
import { beat } from '../shared/replica/heartbeat.ts';
import type { EmulatedRegion, Emulator } from './emulator.ts';
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
export interface UnitsFound { readonly what: string; readonly batch: number; readonly origin: Units; readonly peer: Units }
/** By the emulator's word, and as reckoned from the sizes of items. */
export interface Units { readonly reported: number; readonly reckoned: number }

/** Write units of commits and of taking them in at a peer, as DynamoDB reports them and as its rules have them. */
export async function measureWriteUnits(quick: boolean): Promise<Section> {
  const emulator = await startEmulator();
  try {
    const found = await countUnits(emulator, quick ? 1 : BATCHES);
    const pull = await readsOfUnchangedPull(emulator);
    const batched = found.filter(({ batch }) => batch === BATCH);
    return {
      part: 'units',
      notes: ['Write units as the DynamoDB adapter counts them from what the emulator reports, which counts as AWS does: every begun kilobyte, twice in a\ntransaction. Routes of about a kilobyte, committed as a bridge sends them, pushed and taken in as a peer does. Every other region pays one\nreplicated unit a commit besides, for the clock row in the global table. Reckoned: by AWS\'s rules from the sizes of items before and after each write.'],
      tables: [{
        title: 'Write units a change of about 1 KB',
        columns: [{ name: 'what' }, { name: 'changes per commit' }, { name: 'at the origin', digits: 2 }, { name: 'reckoned there', digits: 2 }, { name: 'at a peer', digits: 2 }, { name: 'reckoned at it', digits: 2 }],
        rows: found.map(({ what, batch, origin, peer }) => [what, batch, origin.reported, origin.reckoned, peer.reported, peer.reckoned]),
      }, {
        title: 'Read units of a pull that finds nothing new, where it is answered',
        columns: [{ name: 'which' }, { name: 'read units', digits: 1 }],
        rows: [['the first', pull.first], ['another, within a second', pull.again]],
      }],
      goals: [atMost('read units of an unchanged pull within a second of the last', 0, pull.again), ...batched.flatMap(({ what, origin, peer }) => [
        atMost(`${what} in batches of ${BATCH.toString()}, at the origin`, GOAL_ORIGIN_UNITS, origin.reported),
        atMost(`${what} in batches of ${BATCH.toString()}, at a peer`, GOAL_PEER_UNITS, peer.reported),
      ])],
    };
  } finally {
    await emulator.stop();
  }
}

/** Read units of two pulls one after the other, as `sync` makes them, by one who has everything. */
export async function readsOfUnchangedPull(emulator: Emulator): Promise<{ readonly first: number; readonly again: number }> {
  const { store, ledger } = await emulator.region(OTHER);
  const replica = benchReplica({ member: OTHER, store, ledger });
  await ensureServing(replica, never);
  const writer = new Writer(replica);
  await writer.start(manifestOf(OTHER, { member: ORIGIN, endpoint: '127.0.0.1:1' }));
  await writer.edit([1]);
  const since = seenOf(await store.state());
  const pull = async (): Promise<number> => {
    const before = store.units.readUnits;
    await peerOver(replica, ORIGIN).pull({ since, limit: BATCH, maxAgeMs: QUIET_LIFE_MS }, never);
    return store.units.readUnits - before;
  };
  return { first: await pull(), again: await pull() };
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
    const spent = { origin: NONE, peer: NONE };
    for (let time = 0; time < times; time += 1) {
      const numbers = Array.from({ length: batch }, (_, at) => from + time * batch + at);
      const head = (await origin.store.state()).clock?.head ?? 0;
      spent.origin = sumOf(spent.origin, await unitsOf(stores.origin, () => writers.origin.edit(numbers)));
      spent.peer = sumOf(spent.peer, await unitsOf(stores.other, () => pushTo(origin, peer, head, never)));
    }
    return { what, batch, origin: shareOf(spent.origin, batch * times), peer: shareOf(spent.peer, batch * times) };
  };
  return [await count('new routes', BATCH, 0, batches), await count('edits', BATCH, 0, batches), await count('new routes', 1, 10_000, batches), await count('edits', 1, 10_000, batches)];
}

const NONE: Units = { reported: 0, reckoned: 0 };
const sumOf = (a: Units, b: Units): Units => ({ reported: a.reported + b.reported, reckoned: a.reckoned + b.reckoned });
const shareOf = ({ reported, reckoned }: Units, among: number): Units => ({ reported: reported / among, reckoned: reckoned / among });

async function unitsOf({ store, reckonedWriteUnits }: EmulatedRegion, work: () => Promise<unknown>): Promise<Units> {
  const before = { reported: store.units.writeUnits, reckoned: reckonedWriteUnits() };
  await work();
  return { reported: store.units.writeUnits - before.reported, reckoned: reckonedWriteUnits() - before.reckoned };
}
