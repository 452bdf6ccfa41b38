import type { DynamoLedger, DynamoStore } from '../../shared/adapters/dynamodb/index.ts';
import { collect } from '../../shared/replica/collect.ts';
import { reconcileWith } from '../../shared/replica/anti-entropy.ts';
import { beat } from '../../shared/replica/heartbeat.ts';
import { joinAllDeletes, publishDeletes } from '../../shared/replica/ledger-deletes.ts';
import { pushTo } from '../../shared/replica/push.ts';
import { ensureServing } from '../../shared/replica/recover.ts';
import { federationHealth } from '../../shared/replica/status.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import type { Replica } from '../../shared/replica/replica.ts';
import type { Emulator } from '../emulator.ts';
import { ORIGIN, OTHER, manifestOf } from '../pair.ts';
import { peerOver } from '../peer-over.ts';
import { benchReplica } from '../replica.ts';
import { Writer } from '../writer.ts';
import type { Units, Usage } from './usage.ts';

const never = new AbortController().signal;
/** Rows there are when it is measured: what costs by their number shows. */
const ROWS = 200;
const BATCH = 50;
const CHANGES = 10;

interface Side { readonly store: DynamoStore; readonly ledger: DynamoLedger }

/** Read and write units of each piece of work of a region in which little happens. */
export async function measureUsage(emulator: Emulator): Promise<Usage> {
  const sides = { here: await emulator.region(ORIGIN), there: await emulator.region(OTHER) };
  const here = benchReplica({ member: ORIGIN, ...sides.here });
  const there = benchReplica({ member: OTHER, ...sides.there });
  for (const replica of [here, there]) await ensureServing(replica, never);
  const writer = new Writer(here);
  await writer.start(manifestOf(ORIGIN, { member: OTHER, endpoint: '127.0.0.1:1' }));
  await new Writer(there).start(manifestOf(OTHER, { member: ORIGIN, endpoint: '127.0.0.1:1' }));
  const [toThere, toHere] = [peerOver(there, ORIGIN), peerOver(here, OTHER)];
  for (let at = 0; at < ROWS; at += BATCH) await writer.edit(Array.from({ length: BATCH }, (_, number) => at + number));
  // A log is followed once its member was heard of.
  await beat(here, toThere, never);
  await beat(there, toHere, never);
  const { outcome, reason } = await pullFrom(there, toHere, never);
  if (outcome !== 'level') throw new Error(`the other member is not level: ${outcome} ${reason ?? ''}`);
  await reconcileWith(here, toThere, never);

  for (const replica of [here, there]) await keepHouse(replica);

  const commit: Units[] = [];
  const take: Units[] = [];
  for (let change = 0; change < CHANGES; change += 1) {
    forget(here, there);
    commit.push((await spent(sides, () => writer.edit([change]))).here);
    const head = (await here.store.state()).clock?.head ?? 0;
    forget(there);
    take.push((await spent(sides, () => pushTo(here, toThere, head - 1, never))).there);
  }
  await reconcileWith(here, toThere, never);
  const piece = async (work: () => Promise<unknown>): Promise<Readonly<Record<keyof typeof sides, Units>>> => { forget(here, there); return spent(sides, work); };
  const [pulled, beaten, compared] = [await piece(() => pullFrom(here, toThere, never)), await piece(() => beat(here, toThere, never)), await piece(() => reconcileWith(here, toThere, never))];
  return {
    commit: middle(commit), take: middle(take),
    pull: pulled.here, answerPull: pulled.there,
    beat: beaten.here, answerBeat: beaten.there,
    health: (await piece(() => federationHealth(here))).here,
    compare: compared.here, answerCompare: compared.there,
    house: (await piece(() => keepHouse(here))).here,
    look: (await piece(() => here.store.state())).here,
  };
}

/** What `garbage-collect` does. */
async function keepHouse(replica: Replica): Promise<void> {
  await publishDeletes(replica);
  await joinAllDeletes(replica);
  await collect(replica);
}

/** Another invocation, perhaps of another instance: nothing of the settings is at hand. */
function forget(...replicas: readonly Replica[]): void {
  for (const { memory } of replicas) { memory.settings = undefined; delete memory.quiet; }
}

async function spent(sides: Readonly<Record<'here' | 'there', Side>>, work: () => Promise<unknown>): Promise<Readonly<Record<'here' | 'there', Units>>> {
  const before = { here: unitsOf(sides.here), there: unitsOf(sides.there) };
  await work();
  const after = { here: unitsOf(sides.here), there: unitsOf(sides.there) };
  const between = (side: 'here' | 'there'): Units => ({ reads: after[side].reads - before[side].reads, writes: after[side].writes - before[side].writes });
  return { here: between('here'), there: between('there') };
}

const unitsOf = ({ store, ledger }: Side): Units => ({ reads: store.units.readUnits + ledger.units.readUnits, writes: store.units.writeUnits + ledger.units.writeUnits });

/** The one in the middle by what it cost: the first after a pause also makes up for what was left. */
const middle = (all: readonly Units[]): Units => all.toSorted((a, b) => a.reads + a.writes - b.reads - b.writes)[Math.floor(all.length / 2)] ?? { reads: 0, writes: 0 };
