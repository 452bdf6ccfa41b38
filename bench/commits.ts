import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GlobalTable, MemoryStore } from '../shared/adapters/memory/index.ts';
import { openSqlite } from '../shared/adapters/sqlite/index.ts';
import { asTableId } from '../shared/model/ids.ts';
import type { Ledger } from '../shared/ports/ledger.ts';
import type { Store } from '../shared/ports/store.ts';
import { MAX_COMMIT_ROWS } from '../shared/ports/store.ts';
import { ensureServing } from '../shared/replica/recover.ts';
import { startEmulator } from './emulator.ts';
import { FloorStore } from './floor-store.ts';
import { ORIGIN, OTHER, manifestOf } from './pair.ts';
import { benchReplica } from './replica.ts';
import type { Section } from './report.ts';
import { median, monotonicMs } from './samples.ts';
import { Writer } from './writer.ts';

/** A store that is measured, and how to make one: the product's, and another like it for the floor. */
interface Candidate { readonly name: string; open(name: string): Promise<{ readonly store: Store; readonly ledger: Ledger }> }

/** Routes that are edited in turns. */
const ROUTES = 10 * MAX_COMMIT_ROWS;
/** Times that commits and floor take turns; the median of them is told. */
const ROUNDS = 9;
const COMMITS_A_ROUND = { 1: 60, [MAX_COMMIT_ROWS]: 4 } as const;
const QUICK = { rounds: 1, commits: 2 } as const;

/** Commits a second of every store, as a bridge sends them, beside bare transactions of the same rows on the same kind of store. */
export async function measureCommits(quick: boolean): Promise<Section> {
  const folder = await mkdtemp(join(tmpdir(), 'novaedge-bench-'));
  const emulator = await startEmulator();
  const opened: { close(): void }[] = [];
  const sqlite = (durability: 'process-crash' | 'power-cut'): Candidate => ({
    name: `SQLite, ${durability}`,
    open: async (name) => {
      const member = openSqlite({ path: join(folder, `${durability}-${name}.db`), member: ORIGIN, durability });
      opened.push(member);
      return member;
    },
  });
  const memory: Candidate = {
    name: 'memory',
    open: async () => {
      const ledger = new GlobalTable(() => Date.now()).replica(ORIGIN);
      return { ledger, store: new MemoryStore(ledger, asTableId('bench')) };
    },
  };
  try {
    const rows = [];
    for (const candidate of [memory, sqlite('process-crash'), sqlite('power-cut'), { name: 'DynamoDB emulator', open: () => emulator.region(ORIGIN) }]) rows.push(...(await measure(candidate, quick)));
    return {
      part: 'commits',
      notes: ['One member, one commit after the other: what a bridge sends, with tokens and a write session, into the store.\nFloor: bare transactions of rows as long, with segment and clock row, on a store of the same kind; in turns.\nThe emulator is one Python process on this machine: its figures say nothing of DynamoDB\'s speed.'],
      tables: [{
        title: 'Commits a second',
        columns: [{ name: 'store' }, { name: 'changes per commit' }, { name: 'commits/s', digits: 1 }, { name: 'changes/s', digits: 0 }, { name: 'floor commits/s', digits: 1 }, { name: 'floor / ours', digits: 2 }],
        rows,
      }],
      goals: [],
    };
  } finally {
    for (const member of opened) member.close();
    await emulator.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(candidate: Candidate, quick: boolean): Promise<(readonly (string | number)[])[]> {
  const { store, ledger } = await candidate.open('ours');
  const replica = benchReplica({ member: ORIGIN, store, ledger });
  await ensureServing(replica, new AbortController().signal);
  const writer = new Writer(replica);
  await writer.start(manifestOf(ORIGIN, { member: OTHER, endpoint: '127.0.0.1:1' }));
  const floor = await FloorStore.start((await candidate.open('floor')).store, ORIGIN);
  let next = 0;
  const numbers = (count: number): readonly number[] => Array.from({ length: count }, () => (next += 1) % ROUTES);
  for (let done = 0; done < (quick ? 1 : ROUTES); done += MAX_COMMIT_ROWS) {
    await writer.edit(numbers(MAX_COMMIT_ROWS));
    await floor.putTypical(numbers(MAX_COMMIT_ROWS));
  }
  const found = [];
  for (const batch of [1, MAX_COMMIT_ROWS] as const) {
    const commits = quick ? QUICK.commits : COMMITS_A_ROUND[batch];
    const [ours, least]: [number[], number[]] = [[], []];
    for (let round = 0; round < (quick ? QUICK.rounds : ROUNDS); round += 1) {
      ours.push(await perSecond(commits, () => writer.edit(numbers(batch))));
      least.push(await perSecond(commits, () => floor.putTypical(numbers(batch))));
    }
    found.push([candidate.name, batch, median(ours), median(ours) * batch, median(least), median(least) / median(ours)]);
  }
  return found;
}

async function perSecond(times: number, work: () => Promise<void>): Promise<number> {
  const startedMs = monotonicMs();
  for (let time = 0; time < times; time += 1) await work();
  return (times * 1000) / (monotonicMs() - startedMs);
}
