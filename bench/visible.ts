import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_COMMIT_ROWS } from '../shared/ports/store.ts';
import { Floor } from './floor.ts';
import { startMember } from './member.ts';
import type { RunningMember } from './member.ts';
import type { Ask, Started } from './other-process.ts';
import { ORIGIN, OTHER, issuePair } from './pair.ts';
import { atMost } from './report.ts';
import type { Goal, Section } from './report.ts';
import { monotonicMs, percentile } from './samples.ts';

/** A load: changes a second, so many per commit, in turns with the floor: `slices` of `sliceMs` each. */
interface Load { readonly rate: number; readonly batch: number; readonly slices: number; readonly sliceMs: number }

/** A bridge sends what gathered while it waited, at most a transaction's worth; single commits do not reach 1,000 a second. */
const LOADS: readonly Load[] = [
  { rate: 1, batch: 1, slices: 30, sliceMs: 1000 },
  { rate: 100, batch: 1, slices: 10, sliceMs: 1000 },
  { rate: 1000, batch: MAX_COMMIT_ROWS, slices: 10, sliceMs: 1000 },
];
const QUICK_LOADS: readonly Load[] = [{ rate: 1, batch: 1, slices: 2, sliceMs: 100 }, { rate: 100, batch: 1, slices: 1, sliceMs: 200 }, { rate: 1000, batch: MAX_COMMIT_ROWS, slices: 1, sliceMs: 200 }];

/** Routes that are edited in turns, all there before anything is measured. */
const ROUTES = 20 * MAX_COMMIT_ROWS;
const WARM_UP_ROUNDS = 2;
/** A change that has not arrived by then never will: the schedule's next pull came first. */
const ARRIVAL_TIMEOUT_MS = 15_000;
const GOAL_P50 = 3;
const GOAL_P99 = 6;

/** Time from a commit to its rows at the other member, against the least that it could take. */
export async function measureVisible(quick: boolean): Promise<Section> {
  const rig = await startRig(quick ? 1 : WARM_UP_ROUNDS);
  try {
    const measured: Measured[] = [];
    for (const load of quick ? QUICK_LOADS : LOADS) measured.push(await rig.measure(load));
    return sectionOf(measured);
  } finally {
    await rig.stop();
  }
}

interface Measured { readonly load: Load; readonly changesPerSecond: number; readonly visibleMs: readonly number[]; readonly floorMs: readonly number[] }

async function startRig(warmUpRounds: number): Promise<{ measure(load: Load): Promise<Measured>; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'novaedge-bench-'));
  const tls = await issuePair();
  const other = fork(join(import.meta.dirname, 'other-process.ts'), { serialization: 'advanced' });
  const { endpoint, floorEndpoint } = (await ask(other, { ask: 'start', tls: tls.other, folder })) as Started;
  const origin = await startMember(ORIGIN, tls.origin, folder);
  await ask(other, { ask: 'join', endpoint: origin.endpoint });
  await origin.join({ member: OTHER, endpoint });
  const floor = await Floor.open(tls.origin, folder, floorEndpoint);
  const run = new Run(origin, other, floor);
  await run.warmUp(warmUpRounds);
  return {
    measure: (load) => run.measure(load),
    stop: async () => {
      floor.close();
      // At once: of one that has gone the other would say that it cannot be reached.
      await Promise.all([ask(other, { ask: 'stop' }), origin.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ask(other: ChildProcess, message: Ask): Promise<unknown> {
  const asking = new AbortController();
  const { signal } = asking;
  try {
    const answered = Promise.race([once(other, 'message', { signal }), once(other, 'exit', { signal }).then(() => { throw new Error('the other member ended'); })]);
    other.send(message);
    return (await answered)[0];
  } finally {
    asking.abort();
  }
}

class Run {
  readonly #origin: RunningMember;
  readonly #other: ChildProcess;
  readonly #floor: Floor;
  #next = 0;
  readonly #arrived = new Map<number, number>();

  constructor(origin: RunningMember, other: ChildProcess, floor: Floor) {
    this.#origin = origin;
    this.#other = other;
    this.#floor = floor;
  }

  /** Writes all routes, so that everything measured is an edit, and lets both programs get warm. */
  async warmUp(rounds: number): Promise<void> {
    for (let done = 0; done < rounds * ROUTES; done += MAX_COMMIT_ROWS) {
      await this.#edit(MAX_COMMIT_ROWS);
      await this.#floor.carry(MAX_COMMIT_ROWS);
    }
    await this.#latencies(this.#origin.watched.takeCommitted());
  }

  async measure(load: Load): Promise<Measured> {
    const visibleMs: number[] = [];
    const floorMs: number[] = [];
    let changes = 0;
    let busyMs = 0;
    for (let slice = 0; slice < load.slices; slice += 1) {
      const startedMs = monotonicMs();
      await paced(load, () => this.#edit(load.batch));
      busyMs += monotonicMs() - startedMs;
      const committed = this.#origin.watched.takeCommitted();
      changes += committed.size;
      visibleMs.push(...(await this.#latencies(committed)));
      await paced(load, async () => { floorMs.push(await this.#floor.carry(load.batch)); });
    }
    return { load, changesPerSecond: (changes * 1000) / busyMs, visibleMs, floorMs };
  }

  async #edit(count: number): Promise<void> {
    const numbers = Array.from({ length: count }, (_, at) => (this.#next + at) % ROUTES);
    this.#next += count;
    await this.#origin.writer.edit(numbers);
  }

  /** From commit to arrival of each change, once all have arrived. */
  async #latencies(committed: ReadonlyMap<number, number>): Promise<readonly number[]> {
    const deadlineMs = monotonicMs() + ARRIVAL_TIMEOUT_MS;
    for (;;) {
      for (const [counter, atMs] of (await ask(this.#other, { ask: 'arrived' })) as ReadonlyMap<number, number>) this.#arrived.set(counter, atMs);
      const missing = [...committed.keys()].filter((counter) => !this.#arrived.has(counter));
      if (missing.length === 0) break;
      if (monotonicMs() > deadlineMs) throw new Error(`${missing.length.toString()} of ${committed.size.toString()} changes did not arrive`);
      await sleep(20);
    }
    return [...committed].map(([counter, atMs]) => (this.#arrived.get(counter) ?? 0) - atMs);
  }
}

/** Does something at the load's pace for one slice; what comes late is not made up for. */
async function paced({ rate, batch, sliceMs }: Load, work: () => Promise<void>): Promise<void> {
  const everyMs = (1000 * batch) / rate;
  const startedMs = monotonicMs();
  for (let nextMs = startedMs; nextMs < startedMs + sliceMs; nextMs = Math.max(nextMs + everyMs, monotonicMs())) {
    await sleep(Math.max(0, nextMs - monotonicMs()));
    await work();
  }
  await sleep(Math.max(0, startedMs + sliceMs - monotonicMs()));
}

function sectionOf(measured: readonly Measured[]): Section {
  const rows = measured.map(({ load, changesPerSecond, visibleMs, floorMs }) => {
    const [p50, p99, floorP50, floorP99] = [percentile(visibleMs, 0.5), percentile(visibleMs, 0.99), percentile(floorMs, 0.5), percentile(floorMs, 0.99)];
    return { load, cells: [load.rate, load.batch, changesPerSecond, visibleMs.length, p50, p99, floorP50, floorP99, p50 / floorP50, p99 / floorP99], p50: p50 / floorP50, p99: p99 / floorP99 };
  });
  const goals = rows.flatMap(({ load, p50, p99 }): Goal[] => [
    atMost(`visible p50 / floor p50 at ${load.rate.toString()} a second`, GOAL_P50, p50),
    atMost(`visible p99 / floor p99 at ${load.rate.toString()} a second`, GOAL_P99, p99),
  ]);
  return {
    part: 'visible',
    notes: [
      'From the commit standing in the origin\'s store, before anybody is answered, to the row standing in the other member\'s store.\nTwo processes, SQLite files, Connect over HTTPS with mutual TLS, the schedule and pushes of `npm start`.\nFloor: a store transaction here, a Connect call with the same rows, a store transaction there; in turns, at the same pace and batch size.',
    ],
    tables: [{
      title: 'Time to visible, in milliseconds',
      columns: [
        { name: 'changes/s' }, { name: 'per commit' }, { name: 'reached/s', digits: 1 }, { name: 'samples' }, { name: 'p50', digits: 2 }, { name: 'p99', digits: 2 },
        { name: 'floor p50', digits: 2 }, { name: 'floor p99', digits: 2 }, { name: 'p50 ratio', digits: 2 }, { name: 'p99 ratio', digits: 2 },
      ],
      rows: rows.map(({ cells }) => cells),
    }],
    goals,
  };
}
