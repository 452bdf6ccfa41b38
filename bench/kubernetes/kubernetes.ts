import { atMost } from '../report.ts';
import type { Goal, Section, Table } from '../report.ts';
import { percentile } from '../samples.ts';
import type { EditLatencies } from './edits.ts';
import { measureEdits } from './edits.ts';
import type { FirstSynchronization, Leg } from './first-synchronization.ts';
import { measureFirstSynchronization } from './first-synchronization.ts';
import { startRig } from './rig.ts';

const COUNTS: readonly number[] = [1000, 10_000];
const QUICK_COUNTS: readonly number[] = [50];
const [SAMPLES, WARM_UP] = [300, 100];
const [QUICK_SAMPLES, QUICK_WARM_UP] = [5, 0];
const GOAL_P50 = 3;
const GOAL_MEMORY_MIB = 256;
const GOAL_CORES = 1;
const BYTES_PER_MIB = 1024 * 1024;
const MS_PER_S = 1000;

/** Two real API servers, two regions, the bridge's program beside each: how long an edit takes, and what a first synchronization costs. */
export async function measureKubernetes(quick: boolean): Promise<Section> {
  const synchronizations: FirstSynchronization[] = [];
  let edits: EditLatencies | undefined;
  for (const count of quick ? QUICK_COUNTS : COUNTS) {
    const rig = await startRig();
    try {
      synchronizations.push(await measureFirstSynchronization(rig, count));
      edits ??= await (quick ? measureEdits(rig, QUICK_SAMPLES, QUICK_WARM_UP) : measureEdits(rig, SAMPLES, WARM_UP));
    } finally {
      await rig.stop();
    }
  }
  return sectionOf(edits ?? { visibleMs: [], floorMs: [] }, synchronizations);
}

function sectionOf({ visibleMs, floorMs }: EditLatencies, synchronizations: readonly FirstSynchronization[]): Section {
  const [p50, p99, floorP50, floorP99] = [percentile(visibleMs, 0.5), percentile(visibleMs, 0.99), percentile(floorMs, 0.5), percentile(floorMs, 0.99)];
  const edits: Table = {
    title: 'From the acknowledgement in one cluster to the watch event in the other, in milliseconds',
    columns: [{ name: 'samples' }, ...['p50', 'p99', 'floor p50', 'floor p99', 'p50 ratio', 'p99 ratio'].map((name) => ({ name, digits: 2 }))],
    rows: [[visibleMs.length, p50, p99, floorP50, floorP99, p50 / floorP50, p99 / floorP99]],
  };
  const legs = synchronizations.flatMap(({ objects, createMs, up, down }) => [{ objects, createMs, what: 'up', ...up }, { objects, createMs, what: 'down', ...down }]);
  const first: Table = {
    title: 'First synchronization, by a bridge that was just started',
    columns: [
      { name: 'objects' }, { name: 'what' }, { name: 'took s', digits: 1 }, { name: 'ms each', digits: 2 }, { name: 'a create, ms each', digits: 2 }, { name: 'ratio', digits: 2 },
      { name: 'peak MiB' }, { name: 'CPU s', digits: 1 }, { name: 'cores', digits: 2 },
    ],
    rows: legs.map((leg) => [
      leg.objects, leg.what, leg.tookMs / MS_PER_S, leg.tookMs / leg.objects, leg.createMs, leg.tookMs / leg.objects / leg.createMs,
      leg.peakMemoryBytes / BYTES_PER_MIB, leg.processorMs / MS_PER_S, coresOf(leg),
    ]),
  };
  const goals: readonly Goal[] = [
    atMost('edit p50 / floor p50', GOAL_P50, p50 / floorP50),
    ...legs.flatMap((leg) => [
      atMost(`peak memory of the bridge, ${leg.objects.toString()} objects ${leg.what}`, GOAL_MEMORY_MIB, leg.peakMemoryBytes / BYTES_PER_MIB, ' MiB'),
      atMost(`cores of the bridge, ${leg.objects.toString()} objects ${leg.what}`, GOAL_CORES, coresOf(leg)),
    ]),
  ];
  return {
    part: 'kubernetes',
    notes: [
      'Two real API servers with the product\'s definitions, two regions (SQLite, Connect over mutual TLS), the bridge\'s program beside each: all in processes of their own.\nFloor of an edit: a process that watches routes in the one cluster and applies them in the other, server-side; in turns with edits of the product.\nFloor of an object: one create by a plain client, 32 at a time.',
    ],
    tables: [edits, first],
    goals,
  };
}

const coresOf = ({ processorMs, tookMs }: Leg): number => processorMs / tookMs;
