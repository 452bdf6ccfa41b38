import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, test } from 'vitest';
import { openSqlite } from '../../shared/adapters/sqlite/index.ts';
import type { Durability } from '../../shared/adapters/sqlite/index.ts';
import { areContiguous } from '../../shared/model/log.ts';
import { STORE_MEMBER } from '../../shared/ports/store-acceptance.ts';
import { ALPHA, listAll } from '../../shared/ports/store-acceptance/fixtures.ts';

const KILLS = 20;
/** From the first answer of a process to its end. */
const MAX_LIFE_MS = 120;
const CHILD = join(import.meta.dirname, 'sqlite-crash-child.ts');

/** Lets a process commit until it is killed; returns the last head it had an answer for. */
async function commitUntilKilled(path: string, durability: Durability, lifeMs: number): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, [CHILD, path, durability], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { stdout } = child;
  if (stdout === null) throw new Error('the child has no output');
  let answered = 0;
  let isDue = false;
  for await (const line of createInterface({ input: stdout })) {
    answered = Number(line);
    if (!isDue) setTimeout(() => child.kill('SIGKILL'), lifeMs);
    isDue = true;
  }
  expect(child.signalCode ?? await new Promise((resolve) => child.once('exit', (_, signal) => { resolve(signal); }))).toBe('SIGKILL');
  return answered;
}

describe.each<Durability>(['power-cut', 'process-crash'])('SqliteStore (%s), its process killed at any point', (durability) => {
  const folder = mkdtempSync(join(tmpdir(), 'novaedge-crash-'));
  const path = join(folder, 'member.db');
  afterAll(() => { rmSync(folder, { recursive: true }); });

  test(`${KILLS.toString()} times: has every answered commit, whole, and the same identity`, async () => {
    const ids = new Set<string>();
    let commits = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const answered = await commitUntilKilled(path, durability, Math.random() * MAX_LIFE_MS);

      const { store, close } = openSqlite({ path, member: STORE_MEMBER });
      const { clock, seen } = await store.state();
      const segments = await store.segments(ALPHA, 0, 1_000_000);
      const { rows } = await listAll(store, 1000);
      ids.add(await store.tableId());
      close();

      const head = clock?.head ?? 0;
      // At most one commit was carried out whose answer was lost.
      expect(head).toBeGreaterThanOrEqual(answered);
      expect(head - answered).toBeLessThanOrEqual(4);
      expect(segments.at(-1)?.last).toBe(head);
      expect(areContiguous(segments, 0)).toBe(true);
      const writes = Map.groupBy(segments.flatMap((segment) => segment.entries), (entry) => entry.key);
      expect(new Map([...rows].map(([key, row]) => [key, row.local.revision]))).toStrictEqual(new Map([...writes].map(([key, entries]) => [key, entries.length])));
      expect(seen.others).toStrictEqual(new Map());
      commits = segments.length;
    }
    expect(ids.size).toBe(1);
    expect(commits).toBeGreaterThan(KILLS);
  });
});
